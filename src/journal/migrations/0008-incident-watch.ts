import { type Kysely, sql } from 'kysely';

/**
 * How far each incident's messages have been brought up to date, and when it has to be looked at again. Derived: without it everything is looked at once more. What was over before this table came stays as it was.
 */
export const up = async (db: Kysely<any>): Promise<void> => {
  await sql`
    CREATE TABLE incident_watch (
      incident text PRIMARY KEY,
      seq bigint NOT NULL DEFAULT 0,
      runs text NOT NULL DEFAULT '',
      due_at timestamptz,
      again_at timestamptz
    )`.execute(db);
  await sql`
    INSERT INTO incident_watch (incident, seq)
    SELECT i.id, h.seq FROM incidents i JOIN stream_heads h ON h.stream = 'incident:' || i.id
    WHERE i.status <> 'open'`.execute(db);
  await sql`CREATE INDEX runs_by_incident ON runs (incident)`.execute(db);
};
