import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { durationText } from '../../duration-text.ts';
import { lookSignal } from '../../look-signal.ts';
import type { Databases } from '../client.ts';
import { connectPermission, psqlLine, resolveTarget, targetInput, targetWritten } from '../database-target.ts';
import { describeStandby, readStandby, standbySql } from '../standby.ts';

/** Whether a standby is less far behind than so many seconds. */
export const lagBelow = (databases: Databases) =>
  defineCheck({
    name: 'postgres/lag-below',
    version: 1,
    summary: 'Is the standby close behind its primary?',
    with: z.strictObject({ ...targetWritten, below: durationText }),
    resolve: (written, plan) => ({ ...resolveTarget(written, plan), belowSeconds: written.below }),
    input: z.strictObject({ ...targetInput, belowSeconds: z.number() }),
    facts: { seconds: 'number' },
    permissions: (given) => connectPermission(given, 'CONNECT'),
    expectedSeconds: 1,
    async ask(given, context) {
      try {
        const found = await databases.session(given, lookSignal(context), readStandby);
        const words = describeStandby(given.host, found);
        if (!found.recovering) return { answer: 'unknown', because: `${words}, which follows nobody` };
        const { lagSeconds: seconds } = found;
        if (seconds === null) return { answer: 'unknown', because: words };
        return {
          answer: seconds < given.belowSeconds ? 'yes' : 'no',
          because: `${words}; less than ${given.belowSeconds} s are wanted`,
          facts: { seconds },
        };
      } catch (error) {
        return { answer: 'unknown', because: messageOf(error) };
      }
    },
    command: (given) => psqlLine(given, standbySql.replaceAll(/\s+/g, ' ').trim()),
  });
