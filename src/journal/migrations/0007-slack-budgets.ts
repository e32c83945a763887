import { type Kysely, sql } from 'kysely';

/** How many calls of each of Slack's methods there is room for, shared by all processes. */
export const up = async (db: Kysely<any>): Promise<void> => {
  await sql`
    CREATE TABLE slack_budgets (
      method text PRIMARY KEY,
      room double precision NOT NULL,
      at timestamptz NOT NULL
    )`.execute(db);
};
