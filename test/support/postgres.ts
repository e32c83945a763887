import { accessSync, chmodSync, constants, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../../src/journal/embedded-postgres.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A superuser's address of a PostgreSQL that lives as long as the run: `inject('databaseUrl')`. */
    databaseUrl: string;
  }
}

/** Hundreds of databases are made and dropped: in memory, where there is enough of it, that costs a third. */
const roomyFolder = (): string => {
  const memory = '/dev/shm';
  try {
    accessSync(memory, constants.W_OK);
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize > 4 * 1024 ** 3 ? memory : tmpdir();
  } catch {
    return tmpdir();
  }
};

/**
 * No test judges by this server what survives a power cut, so nothing waits for a disk; those that do judge it start one
 * of their own. Its password is random, so that stretching it at each of thousands of sign-ins proves nothing either.
 */
const hurry = async (databaseUrl: string): Promise<void> => {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  for (const setting of ['fsync = off', 'full_page_writes = off', 'synchronous_commit = off', 'scram_iterations = 1'])
    await client.query(`ALTER SYSTEM SET ${setting}`);
  await client.query('SELECT pg_reload_conf()');
  await client.query(`SET scram_iterations = 1`);
  await client.query(`ALTER ROLE postgres PASSWORD ${pg.escapeLiteral(new URL(databaseUrl).password)}`);
  await client.end();
};

export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const folder = mkdtempSync(join(roomyFolder(), 'mayday-test-postgres-'));
  // Root's PostgreSQL runs as another user, who must be able to enter.
  chmodSync(folder, 0o755);
  const server = await startEmbeddedPostgres({ folder, keepRunning: false });
  const databaseUrl = await server.database('tests');
  await hurry(databaseUrl);
  project.provide('databaseUrl', databaseUrl);
  return async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  };
};
