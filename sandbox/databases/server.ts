import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** The real PostgreSQL on which every instance of the world is a database of its own. */
export interface DatabaseServer {
  /** Where the gateway passes sessions on to. */
  readonly host: string;
  readonly port: number;
  /** Starts every name that this sandbox makes there, so that two sandboxes never meet. */
  readonly prefix: string;
  pool(database: string): pg.Pool;
  /** The address of one of its databases, for a session of one's own. */
  urlOf(database: string): string;
  run(sql: string): Promise<void>;
  createRole(role: string, password: string): Promise<void>;
  createDatabase(name: string): Promise<void>;
  dropDatabase(name: string): Promise<void>;
  close(): Promise<void>;
}

export const quote = (name: string) => pg.escapeIdentifier(name);

export const createDatabaseServer = (databaseUrl: string): DatabaseServer => {
  const url = new URL(databaseUrl);
  const prefix = `sandbox_${randomBytes(4).toString('hex')}`;
  const pools = new Map<string, pg.Pool>();
  const databases = new Set<string>();
  const roles = new Set<string>();
  const open = (connectionString: string, max: number) => {
    const pool = new pg.Pool({ connectionString, max });
    // A dropped or restarted database ends idle sessions; the next use opens a new one.
    pool.on('error', () => {});
    return pool;
  };
  const urlOf = (database: string) => {
    const own = new URL(databaseUrl);
    own.pathname = `/${encodeURIComponent(database)}`;
    return own.href;
  };
  const admin = open(databaseUrl, 2);
  const run = async (sql: string) => void (await admin.query(sql));

  const dropDatabase = async (name: string) => {
    const pool = pools.get(name);
    pools.delete(name);
    databases.delete(name);
    await pool?.end().catch(() => {});
    await run(`DROP DATABASE IF EXISTS ${quote(name)} WITH (FORCE)`);
  };
  return {
    host: url.hostname,
    port: Number(url.port || 5432),
    prefix,
    run,
    urlOf,
    pool(database) {
      const known = pools.get(database);
      if (known) return known;
      const pool = open(urlOf(database), 3);
      pools.set(database, pool);
      return pool;
    },
    async createRole(role, password) {
      if (roles.has(role)) return;
      roles.add(role);
      await run(`CREATE ROLE ${quote(role)} LOGIN PASSWORD ${pg.escapeLiteral(password)}`);
    },
    async createDatabase(name) {
      databases.add(name);
      await run(`CREATE DATABASE ${quote(name)} TEMPLATE template0`);
    },
    dropDatabase,
    async close() {
      for (const name of [...databases]) await dropDatabase(name);
      for (const role of roles) await run(`DROP ROLE IF EXISTS ${quote(role)}`);
      await admin.end();
    },
  };
};
