import { type Kysely, sql } from 'kysely';

/**
 * How approvers prove a second time who they are: their sealed TOTP secrets, wrong tries, and links that were mailed. Not derived: without it
 * everybody enrols anew.
 */
export const up = async (db: Kysely<any>): Promise<void> => {
  await sql`
    CREATE TABLE step_up_secrets (
      person text PRIMARY KEY,
      sealed text NOT NULL,
      confirmed_at timestamptz,
      confirmed_world timestamptz,
      last_counter bigint NOT NULL DEFAULT 0,
      dm_channel text,
      dm_ts text
    )`.execute(db);
  await sql`CREATE TABLE step_up_tries (person text NOT NULL, kind text NOT NULL, at timestamptz NOT NULL)`.execute(db);
  await sql`CREATE INDEX step_up_tries_by_person ON step_up_tries (person, at)`.execute(db);
  await sql`
    CREATE TABLE step_up_links (
      id text PRIMARY KEY,
      person text NOT NULL,
      run text NOT NULL,
      hash text NOT NULL,
      typed text,
      expires_at timestamptz NOT NULL,
      used_at timestamptz
    )`.execute(db);
};
