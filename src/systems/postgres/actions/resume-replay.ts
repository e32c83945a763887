import { z } from 'zod';
import { defineAction } from '../../../define.ts';
import { lookSignal } from '../../look-signal.ts';
import type { Databases } from '../client.ts';
import { connectPermission, psqlLine, resolveTarget, targetInput } from '../database-target.ts';
import { describeStandby, readStandby } from '../standby.ts';
import { resumeSql } from './pause-replay.ts';

/** Lets a standby replay again, with everything that was held back. */
export const resumeReplay = (databases: Databases) =>
  defineAction({
    name: 'postgres/resume-replay',
    version: 1,
    summary: 'Let a standby replay again',
    effect: 'change',
    with: z.strictObject({ component: z.string(), at: z.string() }),
    resolve: (written, plan) => resolveTarget(written, plan),
    input: z.strictObject(targetInput),
    targets: ['host', 'port', 'database', 'user'],
    output: z.object({ host: z.string() }),
    resources: ({ host, database }) => [`postgres:${host}/${database}`],
    changes: ['postgres:ResumeReplay'],
    permissions: (given) => connectPermission(given, 'EXECUTE on pg_wal_replay_resume'),
    expectedSeconds: 2,
    longestSeconds: 60,
    repeat: 'by-look',
    reversible: { no: 'what it has replayed since cannot be taken out of it again' },

    async observe(target, context) {
      const found = await databases.session(target, lookSignal(context), readStandby);
      const seen = describeStandby(target.host, found);
      const holds = found.recovering && found.replay !== 'not paused';
      return holds ? { state: 'todo', seen } : { state: 'done', seen, output: { host: target.host } };
    },
    async act(target, context) {
      await databases.session(target, await context.beforeChange(), ({ query }) => query(resumeSql));
      return { seen: `${target.host} was told to replay again` };
    },
    async preview(target, context) {
      const found = await databases.session(target, lookSignal(context), readStandby);
      return [
        {
          resource: `postgres:${target.host}/${target.database}`,
          now: describeStandby(target.host, found),
          then: 'replays everything that was held back',
        },
      ];
    },
    command: (target) => psqlLine(target, resumeSql),
  });
