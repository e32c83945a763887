import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { compileCacheFolder } from './compile-cache.ts';
import { MaydayError } from './errors.ts';

/** A running sandbox: where it is steered, and the settings that point every client at it. */
export interface SandboxProcess {
  pid: number;
  controlUrl: string;
  /** The workspace in the browser. */
  workspaceUrl: string;
  environment: Record<string, string>;
  /** The journal's database of this world; another world never reads it. */
  database: string;
  adopted: boolean;
  close(): Promise<void>;
}

export interface SandboxRequest {
  folder: string;
  plans: string;
  /** A PostgreSQL address that may create databases. */
  databaseUrl: string;
  speed: number;
  start?: string;
  /** A YAML file that says how long things take there, where it is not as the sandbox has it. */
  durations?: string;
}

const program = fileURLToPath(new URL('../sandbox/main.ts', import.meta.url));

/**
 * Starts the sandbox as a process of its own, or adopts the one that a killed bot left behind, so that its world and
 * the runs in it go on. It ends by itself when nobody has touched its file for a minute.
 */
export const startSandboxProcess = async (request: SandboxRequest): Promise<SandboxProcess> => {
  mkdirSync(request.folder, { recursive: true });
  const file = join(request.folder, 'sandbox.json');
  const found = await running(file);
  if (found) {
    if (found.bot !== process.pid && isAlive(found.bot))
      throw new MaydayError(
        'config/invalid',
        `Mayday already runs here (process ${found.bot}, data in ${request.folder}). Nothing was started or touched. End it first, or set MAYDAY_DATA to another folder.`,
      );
    writeFileSync(file, JSON.stringify({ ...found, bot: process.pid }), { mode: 0o600 });
    return keep(file, { ...found, adopted: true });
  }

  rmSync(file, { force: true });
  const output = join(request.folder, 'sandbox.out');
  rmSync(output, { force: true });
  const out = openSync(output, 'w', 0o600);
  const log = openSync(join(request.folder, 'sandbox.log'), 'a', 0o600);
  const keepAlive = join(request.folder, 'sandbox.alive');
  writeFileSync(keepAlive, '');
  const child = spawn(
    process.execPath,
    [
      program,
      '--plans',
      request.plans,
      '--database-url',
      request.databaseUrl,
      '--speed',
      String(request.speed),
      '--keep-alive-file',
      keepAlive,
      ...(request.start ? ['--start', request.start] : []),
      ...(request.durations ? ['--durations', request.durations] : []),
    ],
    {
      detached: true,
      stdio: ['ignore', out, log],
      env: { ...process.env, NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? compileCacheFolder },
    },
  );
  closeSync(out);
  closeSync(log);
  let ended: number | null | undefined;
  child.once('exit', (code) => {
    ended = code;
  });
  for (let waited = 0; waited < 30_000 && ended === undefined; waited += 25) {
    const line = readFileSync(output, 'utf8').split('\n')[0];
    if (line?.endsWith('}')) {
      const { controlUrl, workspaceUrl, environment } = JSON.parse(line) as {
        controlUrl: string;
        workspaceUrl: string;
        environment: Record<string, string>;
      };
      const database = `world_${Date.now().toString(36)}_${child.pid}`;
      const made = { pid: child.pid!, controlUrl, workspaceUrl, environment, database };
      writeFileSync(file, JSON.stringify({ ...made, bot: process.pid }), { mode: 0o600 });
      child.unref();
      return keep(file, { ...made, adopted: false });
    }
    await sleep(25);
  }
  child.kill('SIGTERM');
  throw new MaydayError(
    'internal',
    `The sandbox did not start; ${join(request.folder, 'sandbox.log')} says why. Nothing was started.`,
  );
};

const isAlive = (pid: number | undefined): boolean => {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** The sandbox that a file speaks of, if it is alive and answers. */
export const runningSandbox = (folder: string): Promise<Omit<SandboxProcess, 'close' | 'adopted'> | undefined> =>
  running(join(folder, 'sandbox.json'));

const running = async (
  file: string,
): Promise<(Omit<SandboxProcess, 'close' | 'adopted'> & { bot?: number }) | undefined> => {
  try {
    const found = JSON.parse(readFileSync(file, 'utf8'));
    process.kill(found.pid, 0);
    const answer = await fetch(`${found.controlUrl}/clock`, { signal: AbortSignal.timeout(2_000) });
    return answer.ok ? found : undefined;
  } catch {
    return undefined;
  }
};

const keep = (file: string, found: Omit<SandboxProcess, 'close'>): SandboxProcess => {
  const keepAlive = file.replace(/json$/, 'alive');
  const timer = setInterval(() => {
    try {
      utimesSync(keepAlive, new Date(), new Date());
    } catch {
      // The folder was removed: the sandbox will end by itself.
    }
  }, 5_000);
  timer.unref();
  return {
    ...found,
    async close() {
      clearInterval(timer);
      try {
        process.kill(found.pid, 'SIGTERM');
        for (let waited = 0; waited < 5_000; waited += 25) {
          process.kill(found.pid, 0);
          await sleep(25);
        }
      } catch {
        // Gone, which is what was wanted.
      }
      rmSync(file, { force: true });
    },
  };
};
