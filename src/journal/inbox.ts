import type pg from 'pg';
import { storable } from '../canonical.ts';
import { MaydayError, messageOf } from '../errors.ts';
import { chainOn, type JournalRow, rowColumns } from './chain.ts';
import { noHead } from './journal.ts';

/** Something that came from outside and must be handled once: a slash command, a click, a form. */
export interface Received {
  /** Unique over all that ever came: the signature, or the envelope's id. */
  key: string;
  kind: string;
  /** What to do about it, as JSON text. */
  body: string;
  /** What the audit trail says of it: who, which command, what was typed; redacted. */
  actor: string;
  summary: Record<string, unknown>;
}

export interface Inbox {
  /** Resolves when the receipt is durable. `seen` means that it was handled, or is about to be, already. */
  receive(item: Received): Promise<'new' | 'seen'>;
  handled(key: string): Promise<void>;
  /** What was received at least that many seconds ago and never handled, oldest first. */
  unhandled(olderThanSeconds: number): Promise<{ key: string; kind: string; body: string }[]>;
}

/**
 * Receipts share one stream, so one transaction carries all that are waiting: each waits for the one before it and
 * takes along what came meanwhile. That is what lets a busy channel be acknowledged in time.
 */
export const createInbox = (pool: pg.Pool, wallNow: () => Date): Inbox => {
  let waiting: { item: Received; resolve(result: 'new' | 'seen'): void; reject(error: unknown): void }[] = [];
  let writing = false;

  const write = async () => {
    if (writing) return;
    writing = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, 200);
      waiting = waiting.slice(batch.length);
      try {
        const fresh = await receiveBatch(
          pool,
          batch.map(({ item }) => item),
          wallNow(),
        );
        for (const { item, resolve } of batch) {
          resolve(fresh.has(item.key) ? 'new' : 'seen');
          // Twice in one batch is once new and once seen.
          fresh.delete(item.key);
        }
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    writing = false;
  };

  // As above: a commit for each would cost as much as receiving did.
  let done: { key: string; resolve(): void; reject(error: unknown): void }[] = [];
  let noting = false;
  const note = async () => {
    if (noting) return;
    noting = true;
    while (done.length > 0) {
      const batch = done;
      done = [];
      try {
        await pool.query({
          name: 'inbox-handled',
          text: 'UPDATE inbox SET handled_at = now() WHERE key = ANY($1)',
          values: [batch.map(({ key }) => key)],
        });
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    noting = false;
  };

  return {
    receive: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item: storableItem(item), resolve, reject });
        void write();
      }),
    handled: (key) =>
      new Promise((resolve, reject) => {
        done.push({ key, resolve, reject });
        void note();
      }),
    async unhandled(olderThanSeconds) {
      const { rows } = await pool.query(
        `SELECT key, kind, body FROM inbox WHERE handled_at IS NULL AND received_at < now() - make_interval(secs => $1)
         ORDER BY received_at LIMIT 100`,
        [olderThanSeconds],
      );
      return rows;
    },
  };
};

/** One receipt with a character that no database takes must not take along all that came with it. */
const storableItem = (item: Received): Received => ({
  ...item,
  key: storable(item.key),
  kind: storable(item.kind),
  body: storable(item.body),
});

const receiveBatch = async (pool: pg.Pool, items: Received[], at: Date): Promise<Set<string>> => {
  const client = await pool.connect();
  let broken: Error | undefined;
  let isCommitting = false;
  let fresh = new Set<string>();
  try {
    await client.query('BEGIN');
    const { rows: heads } = await client.query({
      name: 'inbox-head',
      text: `INSERT INTO stream_heads (stream, seq, hash) VALUES ('system', 0, $1)
             ON CONFLICT (stream) DO UPDATE SET seq = stream_heads.seq RETURNING seq, hash`,
      values: [noHead.hash],
    });
    const { rows: inserted } = await client.query({
      name: 'inbox-insert',
      text: `INSERT INTO inbox (key, kind, body) SELECT DISTINCT ON (key) * FROM unnest($1::text[], $2::text[], $3::text[]) AS new (key, kind, body)
             ON CONFLICT DO NOTHING RETURNING key`,
      values: [items.map(({ key }) => key), items.map(({ kind }) => kind), items.map(({ body }) => body)],
    });
    fresh = new Set<string>(inserted.map(({ key }) => key));
    const events = [...fresh].map((key) => {
      const item = items.find((candidate) => candidate.key === key) as Received;
      return { type: 'request.received', version: 1, actor: item.actor, data: { kind: item.kind, ...item.summary } };
    });
    const rows = chainOn('system', heads[0], events, at.toISOString());
    if (rows.length > 0) {
      const column = <K extends keyof JournalRow>(key: K) => rows.map((row) => row[key]);
      await client.query({
        name: 'inbox-journal',
        text: `INSERT INTO journal (stream, seq, at, actor, type, version, salt, data, data_hash, previous_hash, hash)
               SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::integer[],
                                    $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])`,
        values: rowColumns.map(column),
      });
      const end = rows.at(-1) as JournalRow;
      await client.query({
        name: 'inbox-advance',
        text: `UPDATE stream_heads SET seq = $1, hash = $2 WHERE stream = 'system'`,
        values: [end.seq, end.hash],
      });
    }
    isCommitting = true;
    await client.query('COMMIT');
    return fresh;
  } catch (error) {
    if (isCommitting) {
      broken = error as Error;
      return await readBack(pool, fresh);
    }
    await client.query('ROLLBACK').catch((failed: Error) => {
      broken = failed;
    });
    throw error;
  } finally {
    // A connection of which nobody knows whether it is still in a transaction is thrown away.
    client.release(broken);
  }
};

/**
 * After a commit whose answer was lost: the keys are unique, so what is there now was taken. Throws when it was not,
 * and with `maybe-made` when that cannot be known, so that nobody is told that nothing happened.
 */
const readBack = async (pool: pg.Pool, sent: Set<string>): Promise<Set<string>> => {
  const { rows } = await pool.query(`SELECT key FROM inbox WHERE key = ANY($1)`, [[...sent]]).catch((cause) => {
    throw new MaydayError('journal/unavailable', `Whether the receipt was written is not known: ${messageOf(cause)}.`, {
      retryable: true,
      effect: 'maybe-made',
      cause,
    });
  });
  if (rows.length === sent.size) return sent;
  throw new MaydayError('journal/unavailable', 'The receipt was not written: the connection to the journal broke.', {
    retryable: true,
  });
};
