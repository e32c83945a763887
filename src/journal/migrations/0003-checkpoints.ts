import { type Kysely, sql } from 'kysely';

/**
 * Signed statements over all heads. `checkpoints` is append-only like the journal; `checkpoint_heads` says which heads
 * the last one knew, and `checkpoint_places` how far each second place has them.
 */
export const up = async (db: Kysely<any>): Promise<void> => {
  await sql`
    CREATE TABLE checkpoints (
      number bigint PRIMARY KEY CHECK (number > 0),
      content text NOT NULL,
      hash text NOT NULL,
      signature text NOT NULL,
      entries bigint NOT NULL,
      made_at timestamptz NOT NULL DEFAULT clock_timestamp()
    )`.execute(db);
  await sql`CREATE TABLE checkpoint_heads (stream text PRIMARY KEY, seq bigint NOT NULL, hash text NOT NULL)`.execute(
    db,
  );
  await sql`CREATE TABLE checkpoint_places (place text PRIMARY KEY, number bigint NOT NULL)`.execute(db);
  await sql`
    CREATE TRIGGER checkpoint_rows_stay BEFORE UPDATE OR DELETE ON checkpoints
    FOR EACH ROW EXECUTE FUNCTION journal_is_append_only()`.execute(db);
  await sql`
    CREATE TRIGGER checkpoints_stay BEFORE TRUNCATE ON checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only()`.execute(db);
};
