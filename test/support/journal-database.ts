import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { type Database, openDatabase } from '../../src/journal/database.ts';

/** A database of its own on the run's PostgreSQL, migrated, as the application and as its superuser see it. */
export interface JournalDatabase {
  url: string;
  database: Database;
  superuser: pg.Pool;
  /** Another process's view of the same database. */
  openAnother(): Promise<Database>;
  /** What somebody with all rights could do: triggers are off while it runs. */
  tamper(sql: string, values?: unknown[]): Promise<void>;
  close(): Promise<void>;
}

export const openJournalDatabase = async (): Promise<JournalDatabase> => {
  const name = `journal_${randomBytes(6).toString('hex')}`;
  const admin = new pg.Pool({ connectionString: inject('databaseUrl'), max: 1 });
  await admin.query(`CREATE DATABASE ${name}`);
  const address = new URL(inject('databaseUrl'));
  address.pathname = `/${name}`;
  const url = address.href;
  const database = await openDatabase(url);
  const superuser = new pg.Pool({ connectionString: url, max: 2 });
  superuser.on('error', () => {});
  const opened = [database];
  return {
    url,
    database,
    superuser,
    async openAnother() {
      const another = await openDatabase(url, { migrate: false });
      opened.push(another);
      return another;
    },
    async tamper(sql, values = []) {
      const client = await superuser.connect();
      try {
        await client.query('SET session_replication_role = replica');
        await client.query(sql, values);
      } finally {
        await client.query('RESET session_replication_role');
        client.release();
      }
    },
    async close() {
      await Promise.allSettled(opened.map((each) => each.close()));
      await superuser.end();
      // Ended connections may take a moment to be gone; dropping by force would throw at them from nowhere.
      for (let tries = 0; tries < 100; tries += 1) {
        const gone = await admin.query(`DROP DATABASE ${name}`).then(
          () => true,
          () => false,
        );
        if (gone) break;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await admin.end();
    },
  };
};
