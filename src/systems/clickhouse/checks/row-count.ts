import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import {
  clickhouseInput,
  clickhouseLine,
  clickhousePermission,
  clickhouseWritten,
  quoteName,
  resolveClickhouse,
} from '../clickhouse-target.ts';
import type { Clickhouse } from '../client.ts';

const sqlOf = ({ table }: { table: string }) => `SELECT count() AS rows FROM ${quoteName(table)}`;

/** Whether a table holds at least so many rows. */
export const rowCount = (clickhouse: Clickhouse) =>
  defineCheck({
    name: 'clickhouse/row-count',
    version: 1,
    summary: 'Are the rows there?',
    with: z.strictObject({ ...clickhouseWritten, table: z.string(), 'at-least': z.int().min(0) }),
    resolve: (written, plan) => ({
      ...resolveClickhouse(written, plan),
      table: written.table,
      atLeast: written['at-least'],
    }),
    input: z.strictObject({ ...clickhouseInput, table: z.string(), atLeast: z.int() }),
    facts: { rows: 'number' },
    permissions: (given) => clickhousePermission(given, `SELECT on ${given.table}`),
    expectedSeconds: 2,
    async ask(given, context) {
      try {
        const [row] = await clickhouse.rows(given, sqlOf(given), lookSignal(context));
        const rows = Number(row?.['rows']);
        const because = `${given.table} has ${rows} rows; at least ${given.atLeast} are wanted`;
        return { answer: rows >= given.atLeast ? 'yes' : 'no', because, facts: { rows } };
      } catch (error) {
        return { answer: 'unknown', because: messageOf(error) };
      }
    },
    command: (given) => clickhouseLine(given, sqlOf(given)),
  });
