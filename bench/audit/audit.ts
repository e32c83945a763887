import { join } from 'node:path';
import pg from 'pg';
import { openDatabase } from '../../src/journal/database.ts';
import { startEmbeddedPostgres } from '../../src/journal/embedded-postgres.ts';
import { indexAudit } from '../../src/journal/search.ts';
import { inFolder, runChild } from '../child.ts';
import { fillJournal } from './fill.ts';

const rows = 1_000_000;

interface Verified {
  rowsPerSecond: number;
  peakMegabytes: number;
}

export interface AuditMeasured {
  rows: number;
  few: Verified;
  many: Verified;
  /** The million's figure divided by that of a tenth of it: 1 when both grow alike. */
  verifyRatio: number;
  memoryRatio: number;
  indexPerSecond: number;
  search: { p50Ms: number; p99Ms: number };
}

/** Verifies and searches a journal of a million entries, and a tenth of it to see how that grows. */
export const measureAudit = (): Promise<AuditMeasured> =>
  inFolder(async (folder) => {
    const server = await startEmbeddedPostgres({ folder: join(folder, 'postgres') });
    const program = (name: string) => join(import.meta.dirname, `${name}.ts`);
    try {
      const [small, large] = [await server.database('few'), await server.database('many')];
      await fillJournal(small, rows / 10);
      await fillJournal(large, rows);
      const verify = async (databaseUrl: string): Promise<Verified> => {
        const tries: Verified[] = [];
        for (let round = 0; round < 3; round += 1)
          tries.push(await runChild<Verified>(program('verify-journal'), [databaseUrl]));
        return tries.sort((a, b) => a.rowsPerSecond - b.rowsPerSecond)[1]!;
      };
      const few = await verify(small);
      const many = await verify(large);
      const indexPerSecond = await index(large);
      const search = await runChild<AuditMeasured['search']>(program('search-journal'), [large, String(rows)]);
      return {
        rows,
        few,
        many,
        verifyRatio: many.rowsPerSecond / few.rowsPerSecond,
        memoryRatio: many.peakMegabytes / few.peakMegabytes,
        indexPerSecond,
        search,
      };
    } finally {
      await server.close();
    }
  });

const index = async (databaseUrl: string): Promise<number> => {
  const database = await openDatabase(databaseUrl);
  const start = performance.now();
  await indexAudit(database.pool);
  const perSecond = (rows * 1000) / (performance.now() - start);
  await database.close();
  // What a server does by itself within a minute of so many rows.
  const owner = new pg.Client({ connectionString: databaseUrl });
  await owner.connect();
  await owner.query('ANALYZE');
  await owner.end();
  return perSecond;
};
