import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where Debian keeps what is not in everybody's path. */
const folders = () => [
  ...(process.env['PATH'] ?? '').split(':'),
  '/usr/sbin',
  ...(existsSync('/usr/lib/postgresql')
    ? readdirSync('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`)
    : []),
];

/** The path of a program of this machine, if it has it. */
export const findProgram = (name: string): string | undefined =>
  folders()
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));

/** Whether all of these are here. Where CI is set, one that is missing is an error and not a test left out. */
const needs = (...names: string[]): boolean => {
  const missing = names.filter((name) => findProgram(name) === undefined);
  if (missing.length > 0 && process.env['CI'])
    throw new Error(`CI is set, but ${missing.join(' and ')} are not here; .ci/run installs them.`);
  return missing.length === 0;
};

export const needsPostgres = () => needs('postgres', 'initdb', 'pg_basebackup');
export const needsPatroni = () => needs('patroni', 'etcd', 'postgres');
export const needsSentinel = () => needs('redis-server', 'redis-sentinel');
export const needsNats = () => needs('nats-server');
export const needsClickhouse = () => needs('clickhouse-server');

export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

/** PostgreSQL refuses to be root, so root's tests run it as the user that its package makes. */
export const postgresUser = (): { uid: number; gid: number } | undefined =>
  process.getuid?.() === 0
    ? {
        uid: Number(execFileSync('id', ['-u', 'postgres'])),
        gid: Number(execFileSync('id', ['-g', 'postgres'])),
      }
    : undefined;

/** A folder of a test's own, and the programs that it starts in it. */
export interface Workshop {
  folder: string;
  user: { uid: number; gid: number } | undefined;
  start(name: string, args: string[], more?: { env?: Record<string, string>; log?: string }): Program;
  run(name: string, args: string[], more?: { env?: Record<string, string>; input?: string }): string;
  /** Ends everything that it has started, and removes the folder. */
  close(): Promise<void>;
}

export interface Program {
  pid: number;
  log(): string;
  /** Ends it and what it has begun, at once or politely. */
  end(signal?: NodeJS.Signals): Promise<void>;
  ended(): boolean;
}

export const openWorkshop = (name: string, user?: { uid: number; gid: number }): Workshop => {
  const folder = mkdtempSync(join(tmpdir(), `mayday-${name}-`));
  if (user) chownSync(folder, user.uid, user.gid);
  const programs: Program[] = [];
  const pathOf = (program: string): string => {
    const path = findProgram(program);
    if (!path) throw new Error(`no ${program} is here`);
    return path;
  };
  const environment = (env: Record<string, string> = {}) => ({
    PATH: folders().join(':'),
    HOME: folder,
    LC_ALL: 'C.UTF-8',
    ...env,
  });
  return {
    folder,
    user,
    start(program, args, { env, log = `${program}-${programs.length}.log` } = {}) {
      const path = join(folder, log);
      const output = openSync(path, 'a');
      const child = spawn(pathOf(program), args, {
        cwd: folder,
        env: environment(env),
        stdio: ['ignore', output, output],
        ...user,
      });
      closeSync(output);
      const running = watch(child, () => readFileSync(path, 'utf8'));
      programs.push(running);
      return running;
    },
    run: (program, args, { env, input } = {}) =>
      execFileSync(pathOf(program), args, {
        cwd: folder,
        env: environment(env),
        input: input ?? '',
        encoding: 'utf8',
        stdio: ['pipe', 'pipe', 'pipe'],
        ...user,
      }),
    async close() {
      for (const program of programs.reverse()) await program.end();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};

const watch = (child: ChildProcess, log: () => string): Program => {
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${child.spawnfile} could not be started`);
  let ended = false;
  const gone = new Promise<void>((resolve) =>
    child.once('exit', () => {
      ended = true;
      resolve();
    }),
  );
  return {
    pid,
    log,
    ended: () => ended,
    async end(signal = 'SIGKILL') {
      const all = familyOf(pid);
      for (const each of all) send(each, ended && each === pid ? 0 : signal);
      await gone;
      while (all.some(lives)) await sleep(20);
    },
  };
};

/** A process and all that it has begun, by asking the system for parents. */
export const familyOf = (pid: number): number[] => {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      parents.set(Number(name), Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1]));
    } catch {
      // It ended while we read.
    }
  }
  const found = [pid];
  for (const parent of found) for (const [child, of] of parents) if (of === parent) found.push(child);
  return found;
};

export const lives = (pid: number): boolean => {
  try {
    return /^State:\s+[^ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

const send = (pid: number, signal: NodeJS.Signals | 0): void => {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself meanwhile.
  }
};

/** Asks until it does not throw, and at most so long. */
export const until = async <T>(what: string, ask: () => Promise<T> | T, seconds = 30): Promise<T> => {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > end) throw new Error(`${what}: not in ${seconds} s`, { cause: error });
      await sleep(100);
    }
  }
};
