import type pg from 'pg';
import type { JournalRow } from './chain.ts';

const pageSize = 2_000;

/** The whole journal as it is at one moment, a row a line, in stream order. */
export async function* jsonLines(pool: pg.Pool): AsyncGenerator<string> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    let last: Pick<JournalRow, 'stream' | 'seq'> = { stream: '', seq: 0 };
    for (;;) {
      const { rows } = await client.query<JournalRow>(
        `SELECT stream, seq, at, actor, type, version, salt, data, data_hash AS "dataHash",
                previous_hash AS "previousHash", hash
         FROM journal WHERE (stream, seq) > ($1, $2) ORDER BY stream, seq LIMIT ${pageSize}`,
        [last.stream, last.seq],
      );
      for (const row of rows) yield `${JSON.stringify(row)}\n`;
      if (rows.length < pageSize) break;
      last = rows.at(-1)!;
    }
    await client.query('COMMIT');
  } finally {
    // Whoever stops reading early leaves a transaction open, so the connection is not given back.
    client.release(true);
  }
}
