import type pg from 'pg';
import type { JournalRow } from './chain.ts';

/** Rows at a time: enough that a round trip does not count, few enough to hold nothing up. */
const pageSize = 2_000;

/** Reads everything at one moment: what is appended meanwhile must not look like a cut. */
export const inSnapshot = async <T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
  const client = await pool.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return await work(client);
  } finally {
    await client.query('ROLLBACK').then(
      () => client.release(),
      (error: Error) => client.release(error),
    );
  }
};

/**
 * Every row in stream order, page by page. The next page is asked for before the one at hand is given out, so that the
 * database reads while this process works.
 */
export async function* journalPages(client: pg.PoolClient): AsyncGenerator<JournalRow[]> {
  let next = readPage(client, '', 0);
  for (;;) {
    const page = await next;
    const last = page.at(-1);
    if (!last) return;
    const isLast = page.length < pageSize;
    if (!isLast) {
      next = readPage(client, last.stream, last.seq);
      // Awaited at the next turn; whoever stops reading early must not be thrown at.
      next.catch(() => {});
    }
    yield page;
    if (isLast) return;
  }
}

const readPage = async (client: pg.PoolClient, stream: string, seq: number): Promise<JournalRow[]> => {
  const { rows } = await client.query<any>({
    name: 'journal-page',
    rowMode: 'array',
    text: `SELECT stream, seq, at, actor, type, version, salt, data, data_hash, previous_hash, hash
           FROM journal WHERE (stream, seq) > ($1, $2) ORDER BY stream, seq LIMIT ${pageSize}`,
    values: [stream, seq],
  });
  return rows.map(
    ([stream, seq, at, actor, type, version, salt, data, dataHash, previousHash, hash]: any[]): JournalRow => ({
      stream,
      seq,
      at,
      actor,
      type,
      version,
      salt,
      data,
      dataHash,
      previousHash,
      hash,
    }),
  );
};
