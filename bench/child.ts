import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Child<T> {
  /** What it printed as its first line of JSON. */
  said: T;
  close(): Promise<void>;
}

/** Starts a program of its own process and waits for its first line that is JSON. */
export const startChild = async <T>(
  program: string,
  args: readonly string[] = [],
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Child<T>> => {
  const child = spawn(process.execPath, [program, ...args], { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    return {
      said: await firstJson<T>(child, program),
      async close() {
        child.kill('SIGTERM');
        await ended;
      },
    };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
};

/** Runs a program to its end; its last line of JSON is the result. What it told people is shown only when it fails. */
export const runChild = async <T>(
  program: string,
  args: readonly string[] = [],
  environment: NodeJS.ProcessEnv = process.env,
): Promise<T> => {
  const child = spawn(process.execPath, [program, ...args], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let told = '';
  child.stderr!.on('data', (chunk) => {
    told += chunk;
  });
  let last: string | undefined;
  for await (const line of createInterface({ input: child.stdout! })) if (line.startsWith('{')) last = line;
  const code = await ended;
  if (last === undefined || code !== 0) throw new Error(`${program} ended with code ${code}.\n${told}`);
  return JSON.parse(last) as T;
};

const firstJson = <T>(child: ChildProcess, program: string): Promise<T> =>
  new Promise((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      if (line.startsWith('{')) resolve(JSON.parse(line) as T);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${program} ended with code ${code} before it was ready.`)));
  });

/** A folder that is gone afterwards, whatever happens. */
export const inFolder = async <T>(work: (folder: string) => Promise<T>): Promise<T> => {
  const folder = mkdtempSync(join(tmpdir(), 'mayday-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** The machine's settings without the tokens of a real Slack or cloud: a bench touches nothing outside. */
export const withoutTokens = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(environment).filter(
      ([name]) => !/^(SLACK_|PAGERDUTY_|STATUSPAGE_|AWS_|SMTP_|KUBECONFIG|DATABASE_URL|REDIS_URL|MAYDAY_)/.test(name),
    ),
  );
