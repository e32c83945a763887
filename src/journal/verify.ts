import type pg from 'pg';
import { genesis, hashData, hashRow, type JournalRow } from './chain.ts';

export interface Verification {
  entries: number;
  streams: number;
  /** The first row, in stream and seq order, that does not fit; absent when all do. */
  firstBad?: { stream: string; seq: number; why: string };
}

const pageSize = 5_000;

/**
 * Reads every row in stream order, page by page, and checks it against its own hash and the row before it; then
 * that each stream ends where its head says, which finds rows cut off at the end.
 */
export const verifyJournal = async (pool: pg.Pool): Promise<Verification> => {
  const client = await pool.connect();
  try {
    // One snapshot for all pages and the heads: what is appended meanwhile must not look like a cut.
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return await verifySnapshot(client);
  } finally {
    await client.query('ROLLBACK').then(
      () => client.release(),
      (error: Error) => client.release(error),
    );
  }
};

const verifySnapshot = async (client: pg.PoolClient): Promise<Verification> => {
  let entries = 0;
  let streams = 0;
  let last: JournalRow | undefined;
  const ends = new Map<string, { seq: number; hash: string }>();
  for (;;) {
    const { rows } = await client.query<JournalRow>(
      `SELECT stream, seq, at, actor, type, version, salt, data, data_hash AS "dataHash",
              previous_hash AS "previousHash", hash
       FROM journal WHERE (stream, seq) > ($1, $2) ORDER BY stream, seq LIMIT ${pageSize}`,
      [last?.stream ?? '', last?.seq ?? 0],
    );
    for (const row of rows) {
      const previous = last?.stream === row.stream ? last : undefined;
      if (!previous) streams += 1;
      const why = whyBad(row, previous);
      if (why) return { entries, streams, firstBad: { stream: row.stream, seq: row.seq, why } };
      entries += 1;
      last = row;
      ends.set(row.stream, row);
    }
    if (rows.length < pageSize) break;
  }
  const { rows: heads } = await client.query('SELECT stream, seq, hash FROM stream_heads ORDER BY stream');
  for (const head of heads) {
    if (head.seq === 0) continue;
    const end = ends.get(head.stream);
    if (end?.seq !== head.seq || end?.hash !== head.hash)
      return {
        entries,
        streams,
        firstBad: {
          stream: head.stream,
          seq: (end?.seq ?? 0) + 1,
          why: `the stream's head says ${head.seq} rows, but the last one here is ${end?.seq ?? 0}: rows were cut off at the end`,
        },
      };
    ends.delete(head.stream);
  }
  const [headless] = ends.keys();
  if (headless !== undefined)
    return { entries, streams, firstBad: { stream: headless, seq: 1, why: 'the stream has rows but no head' } };
  return { entries, streams };
};

/** Why a row does not continue its stream, or nothing when it does. Erased data (empty salt) is not compared. */
export const whyBad = (row: JournalRow, previous: JournalRow | undefined): string | undefined => {
  const wanted = (previous?.seq ?? 0) + 1;
  if (row.seq !== wanted) return `row ${wanted} is missing`;
  if (row.previousHash !== (previous?.hash ?? genesis)) return 'it does not point to the row before it';
  const erased = row.salt === '' && row.data === '';
  if (!erased && hashData(row.salt, row.data) !== row.dataHash) return 'its data was changed';
  if (hashRow(row) !== row.hash) return 'its type, time, actor or place was changed';
  return undefined;
};
