import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import {
  clickhouseInput,
  clickhouseLine,
  clickhousePermission,
  clickhouseWritten,
  resolveClickhouse,
} from '../clickhouse-target.ts';
import type { Clickhouse } from '../client.ts';

const sql = 'SELECT version() AS version';

/** Whether a server lets us in and answers a query. */
export const answers = (clickhouse: Clickhouse) =>
  defineCheck({
    name: 'clickhouse/answers',
    version: 1,
    summary: 'Does ClickHouse answer a query?',
    with: z.strictObject(clickhouseWritten),
    resolve: resolveClickhouse,
    input: z.strictObject(clickhouseInput),
    facts: { version: 'string', milliseconds: 'number' },
    permissions: (target) => clickhousePermission(target, 'SELECT'),
    expectedSeconds: 1,
    async ask(target, context) {
      const startedAt = performance.now();
      try {
        const [row] = await clickhouse.rows(target, sql, lookSignal(context));
        const milliseconds = Math.round(performance.now() - startedAt);
        const version = String(row?.['version']);
        const because = `ClickHouse ${version} at ${new URL(target.url).host} answered in ${milliseconds} ms`;
        return { answer: 'yes', because, facts: { version, milliseconds } };
      } catch (error) {
        return { answer: 'no', because: messageOf(error) };
      }
    },
    command: (target) => clickhouseLine(target, sql),
  });
