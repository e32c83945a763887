import { z } from 'zod';
import { defineAction, type LookContext } from '../../../define.ts';
import { MaydayError } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import type { Databases, DatabaseTarget, Session } from '../client.ts';
import { connectPermission, psqlLine, resolveTarget, targetInput } from '../database-target.ts';

interface Standing {
  recovering: boolean;
  readOnly: boolean;
  /** Sessions of the application that began before the database was made read-only, and so may still write. */
  oldSessions: number;
}

/**
 * Fences a PostgreSQL: sessions that begin from now on may only read, and those that began before are ended. Proven by
 * reading both back from a session of its own. A role that sets itself to write again is not stopped by it; give the
 * application none that does.
 */
export const makeReadOnly = (databases: Databases) => {
  const look = (target: DatabaseTarget, context: LookContext): Promise<Standing> =>
    databases.session(target, lookSignal(context), async ({ query }) => {
      const [row] = await query<Standing>(lookSql);
      return row!;
    });
  const change = (target: DatabaseTarget, signal: AbortSignal, statements: string[]): Promise<void> =>
    databases.session(target, signal, async (session) => {
      // A fenced database gives sessions that may only read, and changing that is a write.
      await session.query('SET default_transaction_read_only = off');
      for (const statement of statements) await run(session, statement);
    });

  return defineAction({
    name: 'postgres/make-read-only',
    version: 1,
    summary: 'Fence a PostgreSQL: end its sessions and let new ones only read',
    effect: 'change',
    with: z.strictObject({ component: z.string(), at: z.string() }),
    resolve: (written, plan) => ({ ...resolveTarget(written, plan), place: written.at }),
    input: z.strictObject({ ...targetInput, place: z.string() }),
    targets: ['host', 'port', 'database', 'user', 'place'],
    output: z.object({ fenced: z.boolean(), unfenced: z.string() }),
    resources: ({ host, database }) => [`postgres:${host}/${database}`],
    changes: ['postgres:AlterDatabase'],
    permissions: (given) => connectPermission(given, 'owner of the database; pg_signal_backend for other roles'),
    expectedSeconds: 2,
    longestSeconds: 120,
    repeat: 'by-look',
    reversible: {
      undo: 'let its sessions write again',
      before: async () => ({}),
      async observe(given, _, context) {
        const { readOnly } = await look(given, context);
        return readOnly
          ? { state: 'todo', seen: `${given.host} lets its sessions only read` }
          : { state: 'done', seen: `${given.host} lets its sessions write`, output: {} };
      },
      async act(given, _, context) {
        await change(given, await context.beforeChange(), [
          alter('RESET mayday.fenced_at'),
          alter('RESET default_transaction_read_only'),
        ]);
        return { seen: `${given.host} lets new sessions write again` };
      },
    },

    async observe(given, context) {
      let standing: Standing;
      try {
        standing = await look(given, context);
      } catch (error) {
        if (error instanceof MaydayError && error.code === 'system/unavailable')
          return { state: 'unreachable', seen: error.message };
        throw error;
      }
      const done = { fenced: true, unfenced: '' };
      if (standing.recovering)
        return { state: 'done', seen: `${given.host} is a standby, which takes no writes`, output: done };
      if (!standing.readOnly) return { state: 'todo', seen: `${given.host} takes writes` };
      if (standing.oldSessions > 0)
        return {
          state: 'todo',
          seen: `${given.host} is read-only, but ${standing.oldSessions} older sessions are open`,
        };
      return { state: 'done', seen: `${given.host} is read-only, and no older session is open`, output: done };
    },

    async act(given, context) {
      await change(given, await context.beforeChange(), [
        alter('SET default_transaction_read_only = on'),
        alter('SET mayday.fenced_at = %L', 'clock_timestamp()::text'),
        endSessions,
      ]);
      return { seen: `${given.host} is read-only, and its sessions were ended` };
    },

    async preview(given, context) {
      const standing = await look(given, context);
      const now = standing.recovering ? 'a standby' : standing.readOnly ? 'read-only' : 'takes writes';
      return [
        { resource: `postgres:${given.host}/${given.database}`, now, then: 'read-only, no session that could write' },
      ];
    },
    command: (given) =>
      psqlLine(given, `ALTER DATABASE ${given.database} SET default_transaction_read_only = on; ${endSessions}`),
  });
};

/** Of the database that the session is in, whatever it is really called behind a proxy. */
const alter = (change: string, value?: string): string =>
  `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I ${change}', current_database()${value ? `, ${value}` : ''}); END $$`;

/** Client sessions of this database whose role is no superuser: those of the service itself cannot be ended, nor write for an application. */
const others = `datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
  AND usename IN (SELECT rolname FROM pg_roles WHERE NOT rolsuper)`;

const endSessions = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${others}`;

const lookSql = `
  SELECT pg_is_in_recovery() AS recovering,
    current_setting('default_transaction_read_only') = 'on' AND coalesce(current_setting('mayday.fenced_at', true), '') <> '' AS "readOnly",
    (SELECT count(*)::int FROM pg_stat_activity WHERE ${others}
      AND backend_start <= nullif(current_setting('mayday.fenced_at', true), '')::timestamptz) AS "oldSessions"`;

const run = async ({ query }: Session, statement: string): Promise<void> => void (await query(statement));
