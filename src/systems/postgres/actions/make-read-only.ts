import { z } from 'zod';
import { defineAction, type LookContext } from '../../../define.ts';
import { MaydayError } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import type { Databases, DatabaseTarget } from '../client.ts';
import { connectPermission, psqlLine, resolveTarget, targetInput } from '../database-target.ts';
import { alterDatabase, changeFence, comment, lifting, mark, markSql } from '../fence-mark.ts';

interface Standing {
  recovering: boolean;
  /** What a session that begins now may do. */
  readOnly: boolean;
  /** The sessions of before were all ended, as the mark says that is set after that. */
  marked: boolean;
}

/**
 * Fences a PostgreSQL: sessions that begin from now on may only read, and those that began before are ended. Proven by
 * reading back, in a session of its own, what new ones may do and the mark that is set when the old ones have ended. A role that sets itself to write again is not stopped by it; give the
 * application none that does.
 */
export const makeReadOnly = (databases: Databases) => {
  const look = (target: DatabaseTarget, context: LookContext): Promise<Standing> =>
    databases.session(target, lookSignal(context), async ({ query }) => {
      const [row] = await query<Standing>(lookSql);
      return row!;
    });
  const change = (target: DatabaseTarget, signal: AbortSignal, statements: string[]): Promise<void> =>
    changeFence(databases, target, signal, statements);

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
        await change(given, await context.beforeChange(), lifting);
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
      if (!standing.marked)
        return { state: 'todo', seen: `${given.host} is read-only, but older sessions may be open` };
      return { state: 'done', seen: `${given.host} is read-only, and no older session is open`, output: done };
    },

    async act(given, context) {
      await change(given, await context.beforeChange(), [
        alterDatabase('SET default_transaction_read_only = on'),
        endSessions,
        comment(markSql),
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
      // Each a transaction of its own: a session that is ended must find the new setting when it comes back.
      psqlLine(
        given,
        `ALTER DATABASE ${given.database} SET default_transaction_read_only = on`,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${given.database}' AND pid <> pg_backend_pid()`,
      ),
  });
};

/**
 * Ends every client session of this database but this one, and waits for each to be gone. Those of superusers are the
 * service's own: they cannot be ended, and no application writes through them. One that stays makes the step fail.
 */
const endSessions = `
DO $$ DECLARE left_open integer; BEGIN
  SELECT count(*) INTO left_open FROM (
    SELECT pg_terminate_backend(pid, 3000) AS ended FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
      AND usename IN (SELECT rolname FROM pg_roles WHERE NOT rolsuper)) others WHERE NOT ended;
  IF left_open > 0 THEN RAISE EXCEPTION '% older sessions did not end', left_open; END IF;
END $$`;

const lookSql = `
  SELECT pg_is_in_recovery() AS recovering,
    current_setting('default_transaction_read_only') = 'on' AS "readOnly",
    coalesce(shobj_description(oid, 'pg_database') LIKE '${mark}%', false) AS marked
  FROM pg_database WHERE datname = current_database()`;
