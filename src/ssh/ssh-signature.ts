import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';

/**
 * Signatures made by `ssh-keygen -Y sign`, checked without ssh-keygen so that the checking side needs nothing installed.
 * Format: PROTOCOL.sshsig of OpenSSH. Keys: Ed25519, ECDSA on P-256, RSA with SHA-512 or SHA-256.
 */

const armour = /-----BEGIN SSH SIGNATURE-----([\sA-Za-z0-9+/=]+)-----END SSH SIGNATURE-----/;
const magic = 'SSHSIG';

/**
 * Whether a signature over a text was made for a namespace by a key, given as in `authorized_keys`
 * ("ssh-ed25519 AAAA… comment"). Never throws: what cannot be read is no proof.
 */
export const isSignedBy = (signature: string, text: string, namespace: string, publicKey: string): boolean => {
  try {
    const parsed = parseSignature(signature);
    const wanted = keyBlob(publicKey);
    if (!parsed.key.equals(wanted) || parsed.namespace !== namespace) return false;
    const digest = createHash(parsed.hash).update(text, 'utf8').digest();
    const signed = Buffer.concat([
      Buffer.from(magic),
      field(parsed.namespace),
      field(''),
      field(parsed.hash),
      field(digest),
    ]);
    return isValid(parsed.key, parsed.signature, signed);
  } catch {
    return false;
  }
};

/** Whether a line is a public key that `isSignedBy` understands. */
export const isPublicKey = (line: string): boolean => {
  try {
    publicKeyOf(keyBlob(line));
    return true;
  } catch {
    return false;
  }
};

const keyBlob = (line: string): Buffer => {
  const [type = '', encoded = ''] = line.trim().split(/\s+/);
  const blob = Buffer.from(encoded, 'base64');
  if (createReader(blob).text() !== type) throw new Error('the key is not of the type that it says');
  return blob;
};

const parseSignature = (
  signature: string,
): { key: Buffer; namespace: string; hash: 'sha512' | 'sha256'; signature: Buffer } => {
  const encoded = armour.exec(signature)?.[1];
  if (!encoded) throw new Error('no SSH signature');
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.subarray(0, magic.length).toString() !== magic) throw new Error('no SSH signature');
  const reader = createReader(bytes.subarray(magic.length));
  if (reader.number() !== 1) throw new Error('a version that is not known');
  const key = reader.bytes();
  const namespace = reader.text();
  reader.bytes();
  const hash = reader.text();
  if (hash !== 'sha512' && hash !== 'sha256') throw new Error('a hash that is not known');
  return { key, namespace, hash, signature: reader.bytes() };
};

const isValid = (key: Buffer, signature: Buffer, signed: Buffer): boolean => {
  const reader = createReader(signature);
  const type = reader.text();
  const blob = reader.bytes();
  const publicKey = publicKeyOf(key);
  if (type === 'ssh-ed25519') return verify(null, signed, publicKey, blob);
  if (type === 'rsa-sha2-512') return verify('sha512', signed, publicKey, blob);
  if (type === 'rsa-sha2-256') return verify('sha256', signed, publicKey, blob);
  if (type !== 'ecdsa-sha2-nistp256') return false;
  const numbers = createReader(blob);
  const both = [numbers.bytes(), numbers.bytes()].map((number) => padded(number, 32));
  return verify('sha256', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, Buffer.concat(both));
};

const publicKeyOf = (blob: Buffer): KeyObject => {
  const reader = createReader(blob);
  const type = reader.text();
  const url = (bytes: Buffer) => bytes.toString('base64url');
  if (type === 'ssh-ed25519')
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: url(reader.bytes()) }, format: 'jwk' });
  if (type === 'ssh-rsa') {
    const e = url(reader.bytes());
    return createPublicKey({ key: { kty: 'RSA', e, n: url(unsigned(reader.bytes())) }, format: 'jwk' });
  }
  if (type === 'ecdsa-sha2-nistp256') {
    reader.bytes();
    const point = reader.bytes();
    if (point[0] !== 4 || point.length !== 65) throw new Error('a point that is not understood');
    const [x, y] = [url(point.subarray(1, 33)), url(point.subarray(33))];
    return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  }
  throw new Error(`keys of type ${type} are not understood`);
};

/** Numbers of SSH carry a zero before a first bit that is set. */
const unsigned = (number: Buffer): Buffer => (number[0] === 0 ? number.subarray(1) : number);

const padded = (number: Buffer, size: number): Buffer => {
  const plain = unsigned(number);
  return Buffer.concat([Buffer.alloc(Math.max(0, size - plain.length)), plain]);
};

const field = (value: string | Buffer): Buffer => {
  const bytes = Buffer.from(value as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

const createReader = (bytes: Buffer) => {
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new Error('it ends too soon');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const number = () => take(4).readUInt32BE();
  const read = () => take(number());
  return { number, bytes: read, text: () => read().toString('utf8') };
};
