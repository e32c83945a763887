import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../../src/journal/embedded-postgres.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A superuser's address of a PostgreSQL that lives as long as the run: `inject('databaseUrl')`. */
    databaseUrl: string;
  }
}

export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const folder = mkdtempSync(join(tmpdir(), 'mayday-test-postgres-'));
  // Root's PostgreSQL runs as another user, who must be able to enter.
  chmodSync(folder, 0o755);
  const server = await startEmbeddedPostgres({ folder, keepRunning: false });
  project.provide('databaseUrl', await server.database('tests'));
  return async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  };
};
