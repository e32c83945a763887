import type { Databases, DatabaseTarget, Session } from './client.ts';

/** Of the database that the session is in, whatever it is really called behind a proxy. */
export const alterDatabase = (change: string): string =>
  `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I ${change}', current_database()); END $$`;

/** The database's own comment carries the mark: its owner may write it, and it is there for whoever looks later. */
export const comment = (text: string): string =>
  `DO $$ BEGIN EXECUTE format('COMMENT ON DATABASE %I IS %L', current_database(), ${text}); END $$`;

export const mark = 'fenced by Mayday at ';

const timeline = 'left(pg_walfile_name(pg_current_wal_lsn()), 8)';

/**
 * A fence stands in the catalog, so a standby that still streams gets it too, and would be read-only once it is promoted.
 * A promotion begins a new timeline: that tells the server that was fenced from one that only inherited the fence.
 */
export const markSql = `'${mark}' || clock_timestamp() || ' on timeline ' || ${timeline}`;

const markedOn = `substring(shobj_description(oid, 'pg_database') FROM '^${mark}.* on timeline ([0-9A-F]{8})$')`;

export interface Fenced {
  recovering: boolean;
  /** What a session that begins now may do. */
  readOnly: boolean;
  /** The fence was set on an earlier timeline, by the server that this one was a standby of; null when there is none. */
  inherited: boolean | null;
}

const fencedSql = `
  SELECT pg_is_in_recovery() AS recovering,
    current_setting('default_transaction_read_only') = 'on' AS "readOnly",
    CASE WHEN pg_is_in_recovery() THEN ${markedOn} IS NOT NULL ELSE ${markedOn} < ${timeline} COLLATE "C" END AS inherited
  FROM pg_database WHERE datname = current_database()`;

export const readFence = async ({ query }: Session): Promise<Fenced> =>
  (await query<Fenced & Record<string, unknown>>(fencedSql))[0]!;

/** Lets new sessions write again; needs a session that may. */
export const lifting = [comment('NULL'), alterDatabase('RESET default_transaction_read_only')];

export const changeFence = (
  databases: Databases,
  target: DatabaseTarget,
  signal: AbortSignal,
  statements: readonly string[],
): Promise<void> =>
  databases.session(target, signal, async ({ query }) => {
    // A fenced database gives sessions that may only read, and changing that is a write.
    await query('SET default_transaction_read_only = off');
    for (const statement of statements) await query(statement);
  });
