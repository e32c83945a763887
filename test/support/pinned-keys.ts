import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** True where ssh-keygen is; in CI it must be. */
export const hasSshKeygen = (): boolean => {
  const there = ['/usr/bin/ssh-keygen', '/usr/local/bin/ssh-keygen', '/bin/ssh-keygen'].some(existsSync);
  if (!there && process.env['CI']) throw new Error('ssh-keygen is needed here and not installed.');
  return there;
};

/** A key pair of a type, made by ssh-keygen; the public key as a plan pins it. */
export const makeKey = (type: 'ed25519' | 'ecdsa' | 'rsa' = 'ed25519'): { file: string; publicKey: string } => {
  const file = join(mkdtempSync(join(tmpdir(), 'mayday-key-')), 'key');
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', 'a test', '-f', file]);
  return { file, publicKey: readFileSync(`${file}.pub`, 'utf8').trim() };
};

/** A copy of the shipped plans in which these people have keys; gives the folder and each one's key file. */
export const plansWithKeys = (plan: string, people: string[]): { plans: string; keys: Record<string, string> } => {
  const plans = mkdtempSync(join(tmpdir(), 'mayday-plans-'));
  cpSync('plans', plans, { recursive: true });
  const file = join(plans, `${plan}.yml`);
  let text = readFileSync(file, 'utf8');
  const keys: Record<string, string> = {};
  for (const person of people) {
    const key = makeKey();
    keys[person] = key.file;
    text = text.replace(new RegExp(`^(  ${person}: \\{[^}]*) \\}$`, 'm'), `$1, ssh: "${key.publicKey}" }`);
    if (!text.includes(key.publicKey)) throw new Error(`${plan} has no ${person} to pin a key of.`);
  }
  writeFileSync(file, text);
  return { plans, keys };
};
