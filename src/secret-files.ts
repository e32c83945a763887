import { readFileSync, statSync } from 'node:fs';
import { messageOf } from './errors.ts';

type Environment = Record<string, string | undefined>;

/** Settings whose value may lie in a file, as Kubernetes and systemd hand secrets over: `<NAME>_FILE` is its path. */
export const secretNames = [
  'SLACK_BOT_TOKEN',
  'SLACK_SIGNING_SECRET',
  'SLACK_APP_TOKEN',
  'PAGERDUTY_API_TOKEN',
  'PAGERDUTY_ROUTING_KEY',
  'STATUSPAGE_API_KEY',
  'CLOUDFLARE_API_TOKEN',
  'SMTP_URL',
] as const;

const pathOf = (environment: Environment, name: string): string | undefined => environment[`${name}_FILE`] || undefined;

export const isGiven = (environment: Environment, name: string): boolean =>
  (environment[name] ?? '') !== '' || pathOf(environment, name) !== undefined;

/** The text of a secret's file; a line end after it is an editor's. */
export const readSecretFile = (path: string): string => readFileSync(path, 'utf8').replace(/\r?\n$/, '');

/** The environment with what its files hold just now, and one sentence for each file that is no use. */
export const withSecretFiles = (
  environment: Environment,
): { environment: Environment; problems: Map<string, string> } => {
  const read: Environment = { ...environment };
  const problems = new Map<string, string>();
  for (const name of secretNames) {
    const path = pathOf(environment, name);
    if (path === undefined) continue;
    if (environment[name])
      problems.set(name, `${name} and ${name}_FILE are both set, and only one can hold; unset one of them.`);
    try {
      read[name] = readSecretFile(path);
      if (read[name] === '') problems.set(name, `${name}_FILE cannot be used: ${path} is empty.`);
    } catch (error) {
      problems.set(name, `${name}_FILE cannot be used: ${path} cannot be read (${messageOf(error)}).`);
    }
  }
  return { environment: read, problems };
};

/**
 * What changes when a secret's file does: links are followed, because Kubernetes swaps a link to the folder of them all.
 * A file that is not there has no mark.
 */
export const markOfSecretFiles = (environment: Environment): string =>
  secretNames
    .map((name) => {
      const path = pathOf(environment, name);
      if (path === undefined) return '';
      try {
        const { dev, ino, size, mtimeMs } = statSync(path);
        return `${dev}:${ino}:${size}:${mtimeMs}`;
      } catch {
        return 'missing';
      }
    })
    .join(' ');
