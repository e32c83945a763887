import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import type { Databases } from '../client.ts';
import { connectPermission, psqlLine, resolveTarget, targetInput, targetWritten } from '../database-target.ts';

/** Whether a database lets us in and answers a query. */
export const answers = (databases: Databases) =>
  defineCheck({
    name: 'postgres/answers',
    version: 1,
    summary: 'Does the database answer a query?',
    with: z.strictObject(targetWritten),
    resolve: resolveTarget,
    input: z.strictObject(targetInput),
    facts: { milliseconds: 'number' },
    permissions: (target) => connectPermission(target, 'CONNECT'),
    expectedSeconds: 1,
    async ask(target, context) {
      const startedAt = performance.now();
      try {
        await databases.session(target, lookSignal(context), ({ query }) => query('SELECT 1'));
        const milliseconds = Math.round(performance.now() - startedAt);
        return { answer: 'yes', because: `${target.host} answered in ${milliseconds} ms`, facts: { milliseconds } };
      } catch (error) {
        return { answer: 'no', because: messageOf(error) };
      }
    },
    command: (target) => psqlLine(target, 'SELECT 1'),
  });
