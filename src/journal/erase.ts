import pg from 'pg';
import { MaydayError } from '../errors.ts';
import { erasureType } from './audit-check.ts';
import { chainOn, genesis, type JournalRow } from './chain.ts';

export interface Erasure {
  /** Words that stand for the person: id, name, address. A row is erased when its data hold one of them. */
  words: readonly string[];
  /** Why, and who asked for it: both are recorded, the person is not. */
  reason: string;
  by: string;
  at: Date;
}

/**
 * Blanks salt and data of every row that holds one of the words, takes the person out of what is derived from the
 * journal, and records in the stream `system` which rows, by whom and why: all of it in one transaction, as the owner
 * of the tables, for the application has no right to. Returns the rows by stream. Throws `config/invalid` when the
 * address in `ownerUrl` is not the owner's.
 */
export const erasePerson = async (ownerUrl: string, erasure: Erasure): Promise<Record<string, number[]>> => {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'mayday erase' });
  await client.connect();
  try {
    await client.query('BEGIN');
    const rows = await blank(client, erasure);
    if (Object.keys(rows).length > 0) await record(client, rows, erasure);
    await client.query('COMMIT');
    return rows;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    if ((error as { code?: string }).code === '42501')
      throw new MaydayError(
        'config/invalid',
        'Only the owner of the tables may erase, and this was another user. Nothing was erased. Set DATABASE_OWNER_URL to the address of the owner.',
        { cause: error },
      );
    throw error;
  } finally {
    await client.end();
  }
};

const blank = async (client: pg.Client, { words }: Erasure): Promise<Record<string, number[]>> => {
  // As the data hold them: canonical JSON, in which quotes and the like are escaped.
  const patterns = words.map((word) => JSON.stringify(word).slice(1, -1));
  const { rows } = await client.query(
    `UPDATE journal SET salt = '', data = ''
     WHERE data <> '' AND type <> $2 AND EXISTS (SELECT FROM unnest($1::text[]) AS word WHERE strpos(data, word) > 0)
     RETURNING stream, seq`,
    [patterns, erasureType],
  );
  const erased: Record<string, number[]> = {};
  for (const { stream, seq } of rows) erased[stream] = [...(erased[stream] ?? []), Number(seq)];
  for (const seqs of Object.values(erased)) seqs.sort((a, b) => a - b);

  const runs = Object.keys(erased).flatMap((stream) => (stream.startsWith('run:') ? [stream.slice(4)] : []));
  await client.query(`UPDATE runs SET requester = 'erased' WHERE requester = ANY ($1)`, [words]);
  // What is left of an unfinished run can no longer be read, so it is nobody's to go on with but a human's.
  await client.query(
    `UPDATE runs SET status = 'needs a human', look_recover_at = NULL, look_tell_at = NULL, look_look_at = NULL
     WHERE id = ANY ($1) AND finished_at IS NULL`,
    [runs],
  );
  for (const word of words)
    await client.query(
      `UPDATE incidents SET commander = nullif(replace(commander, $1, ''), ''), title = replace(title, $1, '[erased]')
       WHERE strpos(coalesce(commander, ''), $1) > 0 OR strpos(title, $1) > 0`,
      [word],
    );
  await client.query('DELETE FROM audit_people WHERE person = ANY ($1) OR name = ANY ($1)', [words]);
  await client.query(
    `UPDATE audit_index i SET words = to_tsvector('simple', replace(j.type, '.', ' '))
     FROM journal j WHERE j.stream = i.stream AND j.seq = i.seq AND j.data = ''`,
  );
  // The key stays, so that the request cannot be played again.
  await client.query(
    `UPDATE inbox SET body = '{}' WHERE handled_at IS NOT NULL
     AND EXISTS (SELECT FROM unnest($1::text[]) AS word WHERE strpos(body, word) > 0)`,
    [patterns],
  );
  return erased;
};

const record = async (
  client: pg.Client,
  rows: Record<string, number[]>,
  { reason, by, at }: Erasure,
): Promise<void> => {
  const { rows: heads } = await client.query(
    `INSERT INTO stream_heads (stream, seq, hash) VALUES ('system', 0, $1)
     ON CONFLICT (stream) DO UPDATE SET seq = stream_heads.seq RETURNING seq, hash`,
    [genesis],
  );
  const event = {
    type: erasureType,
    version: 1,
    actor: by,
    data: { at: at.toISOString(), event: { by, reason, rows } },
  };
  const [row] = chainOn('system', { seq: Number(heads[0].seq), hash: heads[0].hash }, [event], at.toISOString());
  const stored = row as JournalRow;
  await client.query(
    `INSERT INTO journal (stream, seq, at, actor, type, version, salt, data, data_hash, previous_hash, hash)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      stored.stream,
      stored.seq,
      stored.at,
      stored.actor,
      stored.type,
      stored.version,
      stored.salt,
      stored.data,
      stored.dataHash,
      stored.previousHash,
      stored.hash,
    ],
  );
  await client.query(`UPDATE stream_heads SET seq = $1, hash = $2 WHERE stream = 'system'`, [stored.seq, stored.hash]);
};
