import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../src/journal/embedded-postgres.ts';

/** A PostgreSQL that a test may stop, kill and starve; never the one that the other tests share. */
export interface OwnPostgres {
  url: string;
  /** Every process of the server stands still, and goes on. */
  freeze(): void;
  thaw(): void;
  /** Ends it as a power cut does. */
  kill(): Promise<void>;
  /** Starts it again after `kill`; on another port. */
  restart(): Promise<void>;
  /** No file of the server may grow beyond so many bytes, as on a disk that is full; `unlimited` makes room. */
  limitFiles(bytes: number | 'unlimited'): void;
  close(): Promise<void>;
}

export const startOwnPostgres = async (): Promise<OwnPostgres> => {
  const folder = mkdtempSync(join(tmpdir(), 'mayday-own-postgres-'));
  // Root's PostgreSQL runs as another user, who must be able to enter.
  chmodSync(folder, 0o755);
  let server = await startEmbeddedPostgres({ folder, keepRunning: false });
  const find = async (): Promise<{ url: string; pid: number }> => {
    const url = await server.database('tests');
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query(`SELECT pg_read_file('postmaster.pid') AS text`);
    await client.end();
    return { url, pid: Number(rows[0].text.split('\n')[0]) };
  };
  let { url, pid } = await find();
  /** The server and its children, by asking the system for their parents. */
  const family = (): number[] => [
    pid,
    ...readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((each) => {
        try {
          return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${each}/status`, 'utf8'))?.[1]) === pid;
        } catch {
          return false;
        }
      }),
  ];
  const signalAll = (signal: NodeJS.Signals) => {
    for (const each of family())
      try {
        process.kill(each, signal);
      } catch {
        // A connection's process may end by itself meanwhile.
      }
  };
  return {
    get url() {
      return url;
    },
    freeze: () => signalAll('SIGSTOP'),
    thaw: () => signalAll('SIGCONT'),
    async kill() {
      const all = family();
      signalAll('SIGKILL');
      const lives = (each: number) => {
        try {
          return /^State:\s+[^ZX]/m.test(readFileSync(`/proc/${each}/status`, 'utf8'));
        } catch {
          return false;
        }
      };
      while (all.some(lives)) await new Promise((done) => setTimeout(done, 20));
    },
    async restart() {
      server = await startEmbeddedPostgres({ folder, keepRunning: false });
      ({ url, pid } = await find());
    },
    limitFiles(bytes) {
      for (const each of family())
        try {
          // As the server's own user: whoever runs the tests may not be allowed to limit others.
          const { uid, gid } = statSync(`/proc/${each}`);
          execFileSync('prlimit', ['--pid', String(each), `--fsize=${bytes}:`], { uid, gid, stdio: 'ignore' });
        } catch (error) {
          // A connection's process may end by itself meanwhile; the server itself does not.
          if (each === pid) throw error;
        }
    },
    async close() {
      signalAll('SIGCONT');
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
