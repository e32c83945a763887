import { type Kysely, sql } from 'kysely';

/**
 * A person's data can be blanked: salt and data become empty, and nothing else of a row may change. The chain covers the
 * hash of the data and still verifies. Only the owner of the tables has the right; the application has not.
 */
export const up = async (db: Kysely<any>): Promise<void> => {
  await sql`
    CREATE FUNCTION journal_row_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'UPDATE' AND NEW.salt = '' AND NEW.data = ''
        AND (OLD.stream, OLD.seq, OLD.at, OLD.actor, OLD.type, OLD.version, OLD.data_hash, OLD.previous_hash, OLD.hash)
          = (NEW.stream, NEW.seq, NEW.at, NEW.actor, NEW.type, NEW.version, NEW.data_hash, NEW.previous_hash, NEW.hash)
      THEN RETURN NEW; END IF;
      RAISE EXCEPTION 'the journal is append-only: % is refused', TG_OP USING ERRCODE = 'MD010';
    END $$`.execute(db);
  await sql`DROP TRIGGER journal_rows_stay ON journal`.execute(db);
  await sql`
    CREATE TRIGGER journal_rows_stay BEFORE UPDATE OR DELETE ON journal
    FOR EACH ROW EXECUTE FUNCTION journal_row_stays()`.execute(db);
};
