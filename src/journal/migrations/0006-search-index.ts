import { type Kysely, sql } from 'kysely';

/**
 * Words go straight into their index. What waits to be put in is read through by every search; the entries come two
 * thousand at a time anyway, so that waiting gains nothing.
 */
export const up = async (db: Kysely<any>): Promise<void> => {
  await sql`ALTER INDEX audit_index_words SET (fastupdate = off)`.execute(db);
};
