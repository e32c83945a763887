import pg from 'pg';
import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import { momentText } from '../../moment-text.ts';
import type { Databases } from '../client.ts';
import { connectPermission, psqlLine, resolveTarget, targetInput, targetWritten } from '../database-target.ts';

/** How far the data of a database reaches: the newest value of a time column. */
export const newestRow = (databases: Databases) => {
  const sqlOf = ({ table, column, notAfter }: { table: string; column: string; notAfter?: string }) =>
    `SELECT max(${pg.escapeIdentifier(column)}) AS newest FROM ${pg.escapeIdentifier(table)}` +
    (notAfter ? ` WHERE ${pg.escapeIdentifier(column)} <= ${pg.escapeLiteral(notAfter)}` : '');
  return defineCheck({
    name: 'postgres/newest-row',
    version: 1,
    summary: 'How new is the newest row?',
    /** `not-after` leaves out rows that came later, such as those of an application that has moved on already. */
    with: z.strictObject({
      ...targetWritten,
      table: z.string(),
      column: z.string(),
      'not-after': momentText.optional(),
    }),
    resolve: (written, plan) => ({
      ...resolveTarget(written, plan),
      table: written.table,
      column: written.column,
      notAfter: written['not-after'],
    }),
    input: z.strictObject({ ...targetInput, table: z.string(), column: z.string(), notAfter: momentText.optional() }),
    facts: { newest: 'string' },
    permissions: (given) => connectPermission(given, `SELECT on ${given.table}`),
    expectedSeconds: 1,
    async ask(given, context) {
      try {
        const rows = await databases.session(given, lookSignal(context), ({ query }) =>
          query<{ newest: Date | null }>(sqlOf(given)),
        );
        const newest = rows[0]?.newest?.toISOString();
        if (!newest) return { answer: 'no', because: `${given.table} at ${given.host} is empty` };
        return { answer: 'yes', because: `the newest row of ${given.table} is of ${newest}`, facts: { newest } };
      } catch (error) {
        return { answer: 'unknown', because: messageOf(error) };
      }
    },
    command: (given) => psqlLine(given, sqlOf(given)),
  });
};
