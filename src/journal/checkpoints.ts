import type pg from 'pg';
import { canonical } from '../canonical.ts';
import type { Log } from '../define.ts';
import { messageOf } from '../errors.ts';
import { genesis } from './chain.ts';
import {
  type Checkpoint,
  type CheckpointContent,
  checkpointHash,
  createHeadsDigest,
  type StreamHead,
  signCheckpoint,
} from './checkpoint.ts';
import type { SigningKey } from './signing-key.ts';

/** A place besides the database that keeps checkpoints. Writing one twice must be as good as writing it once. */
export interface CheckpointPlace {
  name: string;
  write(checkpoint: Checkpoint): Promise<void>;
  /** All that it keeps; absent where that cannot be read back. */
  read?(): Promise<Checkpoint[]>;
}

export interface CheckpointHealth {
  last: number;
  madeAt: string | null;
  /** Places that do not have the last one yet, and why not. */
  behind: { place: string; missing: number; because: string }[];
}

export interface Checkpoints {
  /** Makes one when it is due and brings every place up to date. Returns whether one was made. */
  turn(): Promise<boolean>;
  health(): Promise<CheckpointHealth>;
}

/** When something was appended, a checkpoint is made at the latest after so many seconds. */
export const checkpointSeconds = 60;

export const createCheckpoints = (options: {
  pool: pg.Pool;
  key: SigningKey;
  places: readonly CheckpointPlace[];
  /** A checkpoint is made after so many entries even before its time. */
  everyEntries: number;
  wallNow: () => Date;
  log: Log;
}): Checkpoints => {
  const { pool, places, log } = options;
  const troubles = new Map<string, string>();
  const writing = new Set<string>();

  /** One place after the other would let a slow one hold up the rest; each remembers how far it is. */
  const bringUpToDate = async (place: CheckpointPlace): Promise<void> => {
    if (writing.has(place.name)) return;
    writing.add(place.name);
    try {
      for (;;) {
        const { rows } = await pool.query(
          `SELECT number, content, signature FROM checkpoints
           WHERE number > coalesce((SELECT number FROM checkpoint_places WHERE place = $1), 0) ORDER BY number LIMIT 100`,
          [place.name],
        );
        for (const { number, content, signature } of rows) {
          await place.write({ content: JSON.parse(content), signature });
          await pool.query(
            `INSERT INTO checkpoint_places AS known (place, number) VALUES ($1, $2)
             ON CONFLICT (place) DO UPDATE SET number = greatest(known.number, excluded.number)`,
            [place.name, number],
          );
        }
        troubles.delete(place.name);
        if (rows.length === 0) return;
      }
    } catch (error) {
      const because = messageOf(error);
      if (troubles.get(place.name) !== because)
        log.warn({ place: place.name }, `a checkpoint could not be written there and is tried again: ${because}`);
      troubles.set(place.name, because);
    } finally {
      writing.delete(place.name);
    }
  };

  return {
    async turn() {
      const made = await makeOne(options);
      await Promise.race([
        Promise.all(places.map(bringUpToDate)),
        // A place that hangs goes on in the background; the next checkpoint does not wait for it.
        new Promise((resolve) => setTimeout(resolve, 5_000).unref()),
      ]);
      return made;
    },
    async health() {
      const { rows } = await pool.query(
        `SELECT c.number, c.made_at, (SELECT jsonb_object_agg(place, number) FROM checkpoint_places) AS written
         FROM checkpoints c ORDER BY number DESC LIMIT 1`,
      );
      const last: number = rows[0]?.number ?? 0;
      const written: Record<string, number> = rows[0]?.written ?? {};
      return {
        last,
        madeAt: rows[0]?.made_at.toISOString() ?? null,
        behind: places.flatMap(({ name }) => {
          const missing = last - (written[name] ?? 0);
          return missing > 0 ? [{ place: name, missing, because: troubles.get(name) ?? 'not written yet' }] : [];
        }),
      };
    },
  };
};

const makeOne = async ({
  pool,
  key,
  everyEntries,
  wallNow,
}: Parameters<typeof createCheckpoints>[0]): Promise<boolean> => {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    // All heads as of one moment.
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    const { rows: turns } = await client.query(
      `SELECT pg_try_advisory_xact_lock(hashtext('mayday checkpoints')) AS ours`,
    );
    const { rows } = await client.query(
      `SELECT last.content, coalesce(last.made_at < clock_timestamp() - make_interval(secs => $1), true) AS old,
              coalesce(last.entries, 0) AS before, (SELECT coalesce(sum(seq), 0)::bigint FROM stream_heads) AS entries
       FROM (SELECT) AS one LEFT JOIN (SELECT * FROM checkpoints ORDER BY number DESC LIMIT 1) AS last ON true`,
      [checkpointSeconds],
    );
    const { content, old, before, entries } = rows[0];
    // A head that was set back must be signed too: the checkpoint before it then tells what is missing.
    const isDue = entries !== before && (old || Math.abs(entries - before) >= everyEntries);
    if (!turns[0].ours || !isDue) return false;
    const previous = content === null ? undefined : (JSON.parse(content) as CheckpointContent);
    const { rows: heads } = await client.query<StreamHead & { moved: boolean }>(
      `SELECT h.stream, h.seq, h.hash, known.seq IS DISTINCT FROM h.seq OR known.hash IS DISTINCT FROM h.hash AS moved
       FROM stream_heads h LEFT JOIN checkpoint_heads known USING (stream) WHERE h.seq > 0 ORDER BY h.stream`,
    );
    const digest = createHeadsDigest();
    for (const head of heads) digest.move(head);
    const checkpoint = signCheckpoint(
      {
        number: (previous?.number ?? 0) + 1,
        time: wallNow().toISOString(),
        previous: previous ? checkpointHash(previous) : genesis,
        heads: heads.flatMap(({ moved, stream, seq, hash }) => (moved ? [{ stream, seq, hash }] : [])),
        streams: heads.length,
        entries,
        digest: digest.text(),
      },
      key,
    );
    await client.query(
      'INSERT INTO checkpoints (number, content, hash, signature, entries) VALUES ($1, $2, $3, $4, $5)',
      [
        checkpoint.content.number,
        canonical(checkpoint.content),
        checkpointHash(checkpoint.content),
        checkpoint.signature,
        entries,
      ],
    );
    await client.query(
      `INSERT INTO checkpoint_heads (stream, seq, hash) SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[])
       ON CONFLICT (stream) DO UPDATE SET seq = excluded.seq, hash = excluded.hash`,
      [
        checkpoint.content.heads.map(({ stream }) => stream),
        checkpoint.content.heads.map(({ seq }) => seq),
        checkpoint.content.heads.map(({ hash }) => hash),
      ],
    );
    await client.query('COMMIT');
    return true;
  } catch (error) {
    // Another process was first with this number: that one counts.
    if ((error as { code?: string }).code === '23505' || (error as { code?: string }).code === '40001') return false;
    throw error;
  } finally {
    await client.query('ROLLBACK').catch((failed: Error) => {
      broken = failed;
    });
    client.release(broken);
  }
};
