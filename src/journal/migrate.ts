import { type Kysely, sql } from 'kysely';
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration';
import { MaydayError, messageOf } from '../errors.ts';
import * as journal from './migrations/0001-journal.ts';
import * as appendMany from './migrations/0002-append-many.ts';
import * as checkpoints from './migrations/0003-checkpoints.ts';
import * as erasure from './migrations/0004-erasure.ts';
import * as auditView from './migrations/0005-audit-view.ts';
import * as searchIndex from './migrations/0006-search-index.ts';
import * as slackBudgets from './migrations/0007-slack-budgets.ts';
import * as incidentWatch from './migrations/0008-incident-watch.ts';
import * as stepUp from './migrations/0009-step-up.ts';

/** Every migration, in the order of its name. A file that is not listed here does not run; a test holds both equal. */
export const migrations: Record<string, Migration> = {
  '0001-journal': journal,
  '0002-append-many': appendMany,
  '0003-checkpoints': checkpoints,
  '0004-erasure': erasure,
  '0005-audit-view': auditView,
  '0006-search-index': searchIndex,
  '0007-slack-budgets': slackBudgets,
  '0008-incident-watch': incidentWatch,
  '0009-step-up': stepUp,
};

const provider: MigrationProvider = { getMigrations: async () => migrations };

/** The role that the application works as: it may append to the journal and read it, never change it. */
export const applicationRole = 'mayday_app';

/**
 * Brings the schema up to date as the database's owner, then gives the application's role its rights. Safe to run from
 * several processes at once: Kysely's migrator holds an advisory lock.
 */
export const migrate = async (db: Kysely<any>): Promise<void> => {
  if (await belongsToAnother(db)) return mustBeUpToDate(db);
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error)
    throw new MaydayError(
      'journal/unavailable',
      `The journal's tables could not be brought up to date: ${messageOf(error)}. Nothing was changed in the world.`,
      { cause: error },
    );
  await db.transaction().execute(async (transaction) => {
    const run = (text: string) => sql.raw(text).execute(transaction);
    // PostgreSQL fails on two grants of one thing at once, so starts take turns.
    await run(`SELECT pg_advisory_xact_lock(hashtext('mayday grants'))`);
    await run(makeRole);
    await run(`GRANT USAGE ON SCHEMA public TO ${applicationRole}`);
    for (const table of ['journal', 'checkpoints']) await run(`GRANT INSERT, SELECT ON ${table} TO ${applicationRole}`);
    for (const seen of ['audit', 'kysely_migration']) await run(`GRANT SELECT ON ${seen} TO ${applicationRole}`);
    for (const table of derivedTables)
      await run(`GRANT INSERT, SELECT, UPDATE, DELETE ON ${table} TO ${applicationRole}`);
  });
};

/** Whether there is a journal that the user of this connection does not own. */
const belongsToAnother = async (db: Kysely<any>): Promise<boolean> => {
  const { rows } = await sql<{ owns: boolean }>`
    SELECT pg_has_role(current_user, relowner, 'USAGE') AS owns FROM pg_class WHERE oid = to_regclass('journal')
  `.execute(db);
  return rows[0]?.owns === false;
};

/** Who may not change the tables works with them as they are, if they are as this Mayday needs them. */
const mustBeUpToDate = async (db: Kysely<any>): Promise<void> => {
  const { rows } = await sql<{ name: string }>`SELECT name FROM kysely_migration`.execute(db);
  const missing = Object.keys(migrations).filter((name) => !rows.some((row) => row.name === name));
  if (missing.length > 0)
    throw new MaydayError(
      'journal/unavailable',
      `The journal's tables lack ${missing.join(', ')}, and the user of DATABASE_URL may not change them. Nothing was changed. Set DATABASE_OWNER_URL to the address of their owner and start again.`,
    );
};

/** What changes in place: what may be rebuilt or is over soon, and what proves who approvers are. */
const derivedTables = [
  'stream_heads',
  'runs',
  'incidents',
  'claims',
  'leases',
  'inbox',
  'views',
  'slack_budgets',
  'incident_watch',
  'step_up_secrets',
  'step_up_tries',
  'step_up_links',
  'sightings',
  'world_clock',
  'checkpoint_heads',
  'checkpoint_places',
  'audit_index',
  'audit_indexed',
  'audit_people',
];

/**
 * The role belongs to the whole server, where the turns of one database mean nothing: so it is made, and the owner made
 * a member who may take it on, only where that is not so yet. (Since PostgreSQL 16 being a member is not enough.)
 */
const makeRole = `
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${applicationRole}') THEN
    BEGIN
      CREATE ROLE ${applicationRole} NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END IF;
  IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AND NOT EXISTS (
    SELECT FROM pg_auth_members m
    WHERE m.roleid = '${applicationRole}'::regrole AND m.member = quote_ident(current_user)::regrole
      AND coalesce(to_jsonb(m)->>'set_option', 'true') = 'true')
  THEN GRANT ${applicationRole} TO CURRENT_USER; END IF;
END $$`;
