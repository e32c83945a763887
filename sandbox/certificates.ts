import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import { generate } from 'selfsigned';

/** An authority that lives as long as the sandbox and signs a certificate for any host that is asked for. */
export interface Certificates {
  /** PEM of the authority, and the file that holds it. */
  readonly authority: string;
  readonly authorityPath: string;
  /** A directory of this sandbox's own, removed at the end. */
  readonly directory: string;
  pairFor(host: string): Promise<{ key: string; cert: string }>;
  contextFor(host: string): Promise<SecureContext>;
  close(): void;
}

export const createCertificates = async (): Promise<Certificates> => {
  const directory = mkdtempSync(join(tmpdir(), 'mayday-sandbox-'));
  const root = await generate([{ name: 'commonName', value: 'Mayday sandbox authority' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const authorityPath = join(directory, 'authority.pem');
  writeFileSync(authorityPath, root.cert);

  const pairs = new Map<string, Promise<{ key: string; cert: string }>>();
  const sign = async (host: string) => {
    const leaf = await generate([{ name: 'commonName', value: host.slice(0, 64) }], {
      keyType: 'ec',
      algorithm: 'sha256',
      ca: { key: root.private, cert: root.cert },
      extensions: [
        { name: 'basicConstraints', cA: false },
        { name: 'extKeyUsage', serverAuth: true },
        { name: 'subjectAltName', altNames: [isIP(host) ? { type: 7, ip: host } : { type: 2, value: host }] },
      ],
    });
    return { key: leaf.private, cert: leaf.cert };
  };
  const pairFor = (host: string) => {
    const known = pairs.get(host) ?? sign(host);
    pairs.set(host, known);
    return known;
  };
  // Reading a key costs more than the handshake it is for, and some hosts are called many times a second.
  const contexts = new Map<string, Promise<SecureContext>>();
  const contextFor = (host: string) => {
    const known = contexts.get(host) ?? pairFor(host).then((pair) => createSecureContext(pair));
    contexts.set(host, known);
    return known;
  };
  return {
    authority: root.cert,
    authorityPath,
    directory,
    pairFor,
    contextFor,
    close: () => rmSync(directory, { recursive: true, force: true }),
  };
};
