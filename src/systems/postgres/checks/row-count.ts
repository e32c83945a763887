import pg from 'pg';
import { z } from 'zod';
import { defineCheck, type Json } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import { momentText } from '../../moment-text.ts';
import type { Databases } from '../client.ts';
import { connectPermission, psqlLine, resolveTarget, targetInput, targetWritten } from '../database-target.ts';

/** Whether a table holds at least so many rows, and none newer than it should. */
export const rowCount = (databases: Databases) => {
  const sqlOf = ({ table, column }: { table: string; column: string }) => {
    const time = pg.escapeIdentifier(column);
    return `SELECT count(*)::int AS rows, min(${time}) AS oldest, max(${time}) AS newest FROM ${pg.escapeIdentifier(table)}`;
  };
  return defineCheck({
    name: 'postgres/row-count',
    version: 1,
    summary: 'Are the rows there?',
    with: z.strictObject({
      ...targetWritten,
      table: z.string(),
      column: z.string(),
      'at-least': z.int().min(0),
      /** A moment after which no row may be: the proof that a restore stopped where it should. */
      'newest-at-most': momentText.optional(),
    }),
    resolve: (written, plan) => ({
      ...resolveTarget(written, plan),
      table: written.table,
      column: written.column,
      atLeast: written['at-least'],
      newestAtMost: written['newest-at-most'],
    }),
    input: z.strictObject({
      ...targetInput,
      table: z.string(),
      column: z.string(),
      atLeast: z.int().min(0),
      newestAtMost: momentText.optional(),
    }),
    facts: { rows: 'number', newest: 'string', oldest: 'string' },
    permissions: (given) => connectPermission(given, `SELECT on ${given.table}`),
    expectedSeconds: 2,
    async ask(given, context) {
      try {
        const [found] = await databases.session(given, lookSignal(context), ({ query }) =>
          query<{ rows: number; oldest: Date | null; newest: Date | null }>(sqlOf(given)),
        );
        const { rows = 0, oldest, newest } = found ?? {};
        const facts: Record<string, Json> = {
          rows,
          ...(newest && { newest: newest.toISOString() }),
          ...(oldest && { oldest: oldest.toISOString() }),
        };
        const words = `${given.table} has ${rows} rows${newest ? `, the newest of ${newest.toISOString()}` : ''}`;
        if (rows < given.atLeast)
          return { answer: 'no', because: `${words}; at least ${given.atLeast} are wanted`, facts };
        if (given.newestAtMost && newest && newest > new Date(given.newestAtMost)) {
          return { answer: 'no', because: `${words}, which is after ${given.newestAtMost}`, facts };
        }
        return { answer: 'yes', because: words, facts };
      } catch (error) {
        return { answer: 'unknown', because: messageOf(error) };
      }
    },
    command: (given) => psqlLine(given, sqlOf(given)),
  });
};
