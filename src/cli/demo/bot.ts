import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../cli.ts', import.meta.url));

/** The bot as a newcomer starts it: `mayday start` without tokens, in a folder of its own. */
export interface Bot {
  controlUrl: string;
  slackUrl: string;
  webUrl: string;
  /** A `mayday` command beside it; resolves with its standard output, whatever its exit code. */
  mayday(...args: string[]): Promise<string>;
  /** Ends it as a power cut would, and starts another one on the same world and journal. */
  crash(): Promise<void>;
  /** The last lines that bot and sandbox logged: where to look when the story got stuck. */
  lastWords(): string;
  close(): Promise<void>;
}

export const startBot = async (options: {
  speed: number;
  at: string;
  environment?: Record<string, string>;
}): Promise<Bot> => {
  const folder = mkdtempSync(join(tmpdir(), 'mayday-demo-'));
  // Root's PostgreSQL runs as another user, who must be able to enter.
  chmodSync(folder, 0o755);
  const environment = {
    ...withoutTokens(process.env),
    MAYDAY_DATA: folder,
    PORT: '0',
    WEB_PORT: '0',
    MAYDAY_LOG: 'warn',
    ...options.environment,
  };
  const logFile = join(folder, 'bot.log');
  const open = () =>
    spawn(process.execPath, [cli, 'start', '--speed', String(options.speed), '--world-start', options.at], {
      env: environment,
      stdio: ['ignore', 'pipe', openSync(logFile, 'a')],
    });
  let child = open();
  const ready = await readiness(child).catch((error) => {
    child.kill('SIGTERM');
    const words = readFileSync(logFile, 'utf8');
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`${error.message}\n${words}`);
  });
  return {
    ...ready,
    mayday: (...args) =>
      new Promise((resolve) => {
        execFile(process.execPath, [cli, ...args], { env: environment, maxBuffer: 64_000_000 }, (_, stdout) =>
          resolve(stdout),
        );
      }),
    async crash() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
      child = open();
      await readiness(child);
    },
    lastWords: () =>
      ['bot.log', 'sandbox.log']
        .flatMap((name) => {
          const path = join(folder, name);
          return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').slice(-10) : [];
        })
        .filter(Boolean)
        .join('\n'),
    async close() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** The demo is a rehearsal even on a machine where the real tokens are set. */
const withoutTokens = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(environment).filter(
      ([name]) =>
        !/^(SLACK_|PAGERDUTY_|STATUSPAGE_|AWS_|SMTP_|KUBECONFIG|DATABASE_URL|MAYDAY_(?!PLANS|TEMPLATES))/.test(name),
    ),
  );

const readiness = (child: ChildProcess): Promise<{ controlUrl: string; slackUrl: string; webUrl: string }> =>
  new Promise((resolve, reject) => {
    let output = '';
    child.stdout!.on('data', (chunk) => {
      output += chunk;
      for (const line of output.split('\n'))
        if (line.startsWith('{"ready"') && line.endsWith('}')) resolve(JSON.parse(line));
    });
    child.once('exit', (code) => reject(new Error(`The bot ended with code ${code} before it was ready.`)));
    child.once('error', reject);
  });
