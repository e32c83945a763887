import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { applicationRole, migrate } from './migrate.ts';

// Every count and sequence of ours stays below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

export interface Database {
  pool: pg.Pool;
  db: Kysely<any>;
  /** The connection whose backend stands for this process: leases are free at once when it is gone. */
  presence(): Promise<{ pid: number; start: string }>;
  close(): Promise<void>;
}

/**
 * Opens the journal's database: as its owner to bring the schema up to date, then as the application's role for
 * everything else. Whoever signs in with `url` need not be the owner; then `ownerUrl` is, or the schema is up to date. Statements end after 10 s: a database that hangs must be noticed, not waited for.
 */
export const openDatabase = async (
  url: string,
  options: { poolSize?: number; migrate?: boolean; ownerUrl?: string } = {},
): Promise<Database> => {
  if (options.migrate !== false) {
    const owner = new Kysely<any>({
      dialect: new PostgresDialect({
        pool: quiet(new pg.Pool({ connectionString: options.ownerUrl ?? url, max: 1 })),
      }),
    });
    try {
      await migrate(owner);
    } finally {
      await owner.destroy();
    }
  }
  const connection = {
    connectionString: url,
    options: `-c role=${applicationRole} -c statement_timeout=10000 -c idle_in_transaction_session_timeout=10000`,
    application_name: 'mayday',
    connectionTimeoutMillis: 5000,
    keepAlive: true,
  };
  const pool = new pg.Pool({ ...connection, max: options.poolSize ?? 12 });
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process. So would one
  // that breaks in the hands of somebody who took it out: its query fails as well, and that is where it is dealt with.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  const db = new Kysely<any>({ dialect: new PostgresDialect({ pool }) });

  // Kept as a promise: many who ask at once must get one and the same backend.
  let present: Promise<{ client: pg.Client; pid: number; start: string }> | undefined;
  const appear = async () => {
    const client = new pg.Client(connection);
    let here = true;
    const gone = () => {
      if (here) present = undefined;
      here = false;
    };
    client.on('error', gone);
    client.on('end', gone);
    try {
      await client.connect();
      const { rows } = await client.query('SELECT pid, start::text AS start FROM this_backend()');
      return { client, pid: rows[0].pid as number, start: rows[0].start as string };
    } catch (error) {
      gone();
      await client.end().catch(() => {});
      throw error;
    }
  };
  const presence = async () => {
    present ??= appear();
    const { pid, start } = await present;
    return { pid, start };
  };
  return {
    pool,
    db,
    presence,
    close: async () => {
      await present?.then(({ client }) => client.end()).catch(() => {});
      await db.destroy();
      // Kysely ends the pool only if it was ever used through Kysely; an open one would hold the process for 10 s.
      if (!pool.ended) await pool.end();
    },
  };
};

/** A connection that is cut while nobody uses it is the pool's affair; without a listener it would end the process. */
const quiet = (pool: pg.Pool): pg.Pool => pool.on('error', () => {});
