import type pg from 'pg';
import { type AuditReport, type BadRow, createAuditCheck } from './audit-check.ts';
import type { CheckedCheckpoints } from './checkpoint.ts';
import { inSnapshot, journalPages } from './pages.ts';

export interface Verification {
  entries: number;
  streams: number;
  /** The first row, in stream and seq order, that does not fit; absent when all do. */
  firstBad?: BadRow;
}

/** Checks every row of the journal against itself, the row before it, its head and the records of erasures. */
export const verifyJournal = async (pool: pg.Pool): Promise<Verification> => {
  const { entries, streams, bad } = await auditJournal(pool);
  return { entries, streams, ...(bad[0] && { firstBad: bad[0] }) };
};

/** The same with everything that was found, and against checkpoints as well. */
export const auditJournal = (pool: pg.Pool, checkpoints?: CheckedCheckpoints): Promise<AuditReport> =>
  inSnapshot(pool, async (client) => {
    const check = createAuditCheck(checkpoints);
    for await (const page of journalPages(client)) for (const row of page) check.row(row);
    const { rows: heads } = await client.query('SELECT stream, seq, hash FROM stream_heads ORDER BY stream');
    for (const head of heads) check.head(head);
    return check.end();
  });
