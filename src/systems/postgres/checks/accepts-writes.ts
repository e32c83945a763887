import pg from 'pg';
import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import type { Databases } from '../client.ts';
import { connectPermission, psqlLine, resolveTarget, targetInput, targetWritten } from '../database-target.ts';

/** SQLSTATE of a write in a transaction that may only read, as every write on a standby is. */
const readOnly = '25006';

/**
 * Whether a database accepts a write, proven by one: a row of the heartbeat table, in a transaction that is rolled
 * back. Without a heartbeat there is no table that may be written to, and so no proof.
 */
export const acceptsWrites = (databases: Databases) => {
  const insertOf = ({ table, column }: { table: string; column: string }) =>
    `INSERT INTO ${pg.escapeIdentifier(table)} (${pg.escapeIdentifier(column)}) VALUES (now())`;
  return defineCheck({
    name: 'postgres/accepts-writes',
    version: 1,
    summary: 'Does the database accept a write?',
    with: z.strictObject(targetWritten),
    resolve(written, plan) {
      const { name, settings } = plan.component(written.component);
      const heartbeat = settings['heartbeat'] as { table: string; column: string } | undefined;
      if (!heartbeat) throw new Error(`component ${name} needs heartbeat: { table, column } to prove a write with`);
      return { ...resolveTarget(written, plan), table: heartbeat.table, column: heartbeat.column };
    },
    input: z.strictObject({ ...targetInput, table: z.string(), column: z.string() }),
    facts: {},
    permissions: (given) => connectPermission(given, `INSERT on ${given.table}`),
    expectedSeconds: 1,
    async ask(given, context) {
      try {
        return await databases.session(given, lookSignal(context), async ({ query }) => {
          const [state] = await query<{ recovering: boolean }>('SELECT pg_is_in_recovery() AS recovering');
          if (state?.recovering) return { answer: 'no', because: `${given.host} is in recovery: it is a standby` };
          await query('BEGIN');
          try {
            await query(insertOf(given));
          } finally {
            await query('ROLLBACK');
          }
          return { answer: 'yes', because: `${given.host} accepted a write, which was rolled back` };
        });
      } catch (error) {
        const { cause } = error as { cause?: { code?: string } };
        const answer = cause?.code === readOnly ? 'no' : 'unknown';
        return { answer, because: messageOf(error) };
      }
    },
    command: (given) => psqlLine(given, `BEGIN; ${insertOf(given)}; ROLLBACK`),
  });
};
