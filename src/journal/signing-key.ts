import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MaydayError } from '../errors.ts';

export interface SigningKey {
  /** The first 16 hexadecimal digits of the SHA-256 of the public key. */
  id: string;
  publicPem: string;
  /** Where the public key lies, when it was made here; undefined when the setting holds the key. */
  publicFile: string | undefined;
  /** Whether the pair was made just now. */
  isNew: boolean;
  /** The Ed25519 signature in base64. */
  sign(text: string): string;
}

export interface VerifyingKey {
  id: string;
  verify(text: string, signature: string): boolean;
}

export const publicKeyFile = 'checkpoint-key.pub.pem';

/**
 * The key that signs checkpoints: the setting's (a PEM, or the path of one), else a pair made once in the data folder,
 * readable by nobody else. Throws `config/invalid`, which never holds a part of the key.
 */
export const openSigningKey = (setting: string | undefined, dataFolder: string): SigningKey => {
  if (setting !== undefined) return signingKey(privateKeyOf(pemOf(setting)), undefined, false);
  const [privateFile, publicFile] = [join(dataFolder, 'checkpoint-key.pem'), join(dataFolder, publicKeyFile)];
  const isNew = !existsSync(privateFile);
  if (isNew) {
    mkdirSync(dataFolder, { recursive: true });
    const { privateKey } = generateKeyPairSync('ed25519');
    try {
      // Made by whoever comes first; the others read it.
      writeFileSync(privateFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  const key = signingKey(privateKeyOf(readFileSync(privateFile, 'utf8')), publicFile, isNew);
  if (!existsSync(publicFile)) writeFileSync(publicFile, key.publicPem, { mode: 0o644 });
  return key;
};

/** Every public key of a PEM file, so that a key that was changed once is no riddle later. Throws `config/invalid`. */
export const readVerifyingKeys = (pem: string): VerifyingKey[] => {
  const blocks = pem.match(/-----BEGIN PUBLIC KEY-----[\s\S]*?-----END PUBLIC KEY-----/g) ?? [];
  const keys = blocks.map((block) => {
    try {
      return createPublicKey(block);
    } catch {
      throw noKey('The public key cannot be read');
    }
  });
  if (keys.length === 0 || keys.some(({ asymmetricKeyType }) => asymmetricKeyType !== 'ed25519'))
    throw noKey('There is no Ed25519 public key in that file');
  return keys.map((key) => ({
    id: idOf(key),
    verify: (text, signature) => verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64')),
  }));
};

const pemOf = (setting: string): string => {
  // In a variable a PEM often comes on one line.
  if (setting.includes('-----BEGIN')) return setting.replaceAll('\\n', '\n');
  try {
    return readFileSync(setting, 'utf8');
  } catch {
    throw noKey('MAYDAY_SIGNING_KEY names no file that can be read');
  }
};

const privateKeyOf = (pem: string): KeyObject => {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw noKey('The signing key cannot be read');
  }
  if (key.asymmetricKeyType !== 'ed25519') throw noKey('The signing key is no Ed25519 key');
  return key;
};

const noKey = (what: string): MaydayError =>
  new MaydayError(
    'config/invalid',
    `${what}. Nothing was signed or changed. A pair is made by: openssl genpkey -algorithm ed25519 -out key.pem; openssl pkey -in key.pem -pubout`,
  );

const signingKey = (privateKey: KeyObject, publicFile: string | undefined, isNew: boolean): SigningKey => {
  const publicKey = createPublicKey(privateKey);
  return {
    id: idOf(publicKey),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }) as string,
    publicFile,
    isNew,
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64'),
  };
};

const idOf = (publicKey: KeyObject): string =>
  createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);
