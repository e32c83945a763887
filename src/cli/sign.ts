import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MaydayError } from '../errors.ts';
import { orderText, type SignedOrder, signatureNamespace } from '../ssh/signed-order.ts';

/**
 * Has ssh-keygen sign an order with a key file, or with the agent's key when a public key is named. It asks for a
 * passphrase or a touch by itself. Throws `config/invalid` when it cannot.
 */
export const signOrder = async (order: SignedOrder, keyFile: string): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), 'mayday-order-'));
  const file = join(folder, 'order');
  try {
    writeFileSync(file, orderText(order), { mode: 0o600 });
    await new Promise<void>((resolve, reject) => {
      const child = execFile(
        'ssh-keygen',
        ['-Y', 'sign', '-q', '-n', signatureNamespace, '-f', keyFile, file],
        (error, _, stderr) => {
          const said = stderr.trim().split('\n').at(-1);
          if (!error) return resolve();
          reject(
            new MaydayError(
              'config/invalid',
              `ssh-keygen could not sign with ${keyFile}${said ? `: ${said}` : ''}. Nothing was done. Name your SSH key with --key.`,
              { cause: error },
            ),
          );
        },
      );
      child.stdin?.end();
    });
    return readFileSync(`${file}.sig`, 'utf8');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
