import pg from 'pg';
import { applicationRole } from './migrate.ts';

/** What the user of a database's address could do to the audit trail, whatever Mayday itself does. */
export interface LoginRights {
  user: string;
  database: string;
  isSuperuser: boolean;
  ownsJournal: boolean;
  /** `UPDATE on journal` and the like. */
  mayChange: string[];
  /** Whether it may work as the application's role at all. */
  mayWork: boolean;
}

const kept = ['journal', 'checkpoints'];
const changes = ['UPDATE', 'DELETE', 'TRUNCATE'];

/** Asked as that user itself, before it takes the application's role on. */
export const rightsOfLogin = async (url: string): Promise<LoginRights> => {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'mayday doctor',
    connectionTimeoutMillis: 5000,
  });
  await client.connect();
  try {
    const { rows } = await client.query(
      `SELECT current_user AS "user", current_database() AS database,
              (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS "isSuperuser",
              pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = 'journal'::regclass), 'USAGE') AS "ownsJournal",
              pg_has_role(current_user, $1, 'MEMBER') AS "mayWork"`,
      [applicationRole],
    );
    const { rows: held } = await client.query(
      `SELECT c || ' on ' || t AS change FROM unnest($1::text[]) t, unnest($2::text[]) c
       WHERE has_table_privilege(current_user, t, c)`,
      [kept, changes],
    );
    return { ...rows[0], mayChange: held.map(({ change }) => change) };
  } finally {
    await client.end();
  }
};
