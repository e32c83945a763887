import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MaydayError } from '../errors.ts';

/** Keeps secrets unreadable where they lie, and signs what must not be made elsewhere. */
export interface SealingKey {
  /** AES-256-GCM; what it is about is bound to it, so that one person's cannot be put in another's place. */
  seal(secret: Buffer, about: string): string;
  /** Throws `config/invalid` when it was sealed with another key, or was tampered with. */
  open(sealed: string, about: string): Buffer;
  sign(text: string): string;
}

/**
 * The setting's key (32 bytes in base64), or one that is made once in the data folder, readable by nobody else. Throws
 * `config/invalid`, which never holds a part of the key.
 */
export const openSealingKey = (setting: string | undefined, dataFolder: string): SealingKey => {
  const file = join(dataFolder, 'step-up-key');
  if (setting === undefined && !existsSync(file)) {
    mkdirSync(dataFolder, { recursive: true });
    // Two that start at once agree on the first one's.
    try {
      writeFileSync(file, randomBytes(32).toString('base64'), { mode: 0o600, flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  const key = Buffer.from(setting ?? readFileSync(file, 'utf8').trim(), 'base64');
  if (key.length !== 32)
    throw new MaydayError(
      'config/invalid',
      `${setting === undefined ? file : 'MAYDAY_STEP_UP_KEY'} is no key: expected 32 bytes in base64, as \`openssl rand -base64 32\` makes them.`,
    );
  return {
    seal(secret, about) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(about));
      const body = Buffer.concat([cipher.update(secret), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
    },
    open(sealed, about) {
      const bytes = Buffer.from(sealed, 'base64');
      try {
        const opening = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAAD(Buffer.from(about));
        opening.setAuthTag(bytes.subarray(12, 28));
        return Buffer.concat([opening.update(bytes.subarray(28)), opening.final()]);
      } catch {
        throw new MaydayError(
          'config/invalid',
          'What was kept for your codes cannot be read with the key that Mayday has now. Nothing was approved. An operator resets it with `mayday step-up reset`, and you enrol again.',
        );
      }
    },
    sign: (text) => createHmac('sha256', key).update(text).digest('base64url'),
  };
};
