import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import type { Databases } from '../client.ts';
import { connectPermission, psqlLine, resolveTarget, targetInput, targetWritten } from '../database-target.ts';

const sql =
  'SELECT relname AS name, n_dead_tup::int AS dead FROM pg_stat_user_tables ORDER BY n_dead_tup DESC, relname LIMIT 1';

/** Whether no table holds more dead rows than wanted, by the statistics of the database. */
export const deadTuples = (databases: Databases) =>
  defineCheck({
    name: 'postgres/dead-tuples',
    version: 1,
    summary: 'Are there bloated tables?',
    with: z.strictObject({ ...targetWritten, 'at-most': z.int().min(0) }),
    resolve: (written, plan) => ({ ...resolveTarget(written, plan), atMost: written['at-most'] }),
    input: z.strictObject({ ...targetInput, atMost: z.int().min(0) }),
    facts: { dead: 'number', table: 'string' },
    permissions: (given) => connectPermission(given, 'CONNECT'),
    expectedSeconds: 1,
    async ask(given, context) {
      try {
        const [worst] = await databases.session(given, lookSignal(context), ({ query }) =>
          query<{ name: string; dead: number }>(sql),
        );
        if (!worst) return { answer: 'unknown', because: `${given.host} has no statistics of tables` };
        return {
          answer: worst.dead <= given.atMost ? 'yes' : 'no',
          because: `${worst.name} has the most dead rows, ${worst.dead}; ${given.atMost} are allowed`,
          facts: { dead: worst.dead, table: worst.name },
        };
      } catch (error) {
        return { answer: 'unknown', because: messageOf(error) };
      }
    },
    command: (given) => psqlLine(given, sql),
  });
