import { z } from 'zod';
import { defineAction } from '../../../define.ts';
import { lookSignal } from '../../look-signal.ts';
import type { Databases, DatabaseTarget } from '../client.ts';
import { connectPermission, psqlLine, resolveTarget, targetInput } from '../database-target.ts';
import { describeStandby, readStandby } from '../standby.ts';

const pause = 'SELECT pg_wal_replay_pause()';
export const resumeSql = 'SELECT pg_wal_replay_resume()';

/**
 * Stops a standby from replaying, so that what was deleted by mistake a moment ago can still be read there. What it
 * receives meanwhile is kept and not lost; promoting it would replay that first.
 */
export const pauseReplay = (databases: Databases) => {
  const run = (target: DatabaseTarget, signal: AbortSignal, statement: string) =>
    databases.session(target, signal, ({ query }) => query(statement));
  return defineAction({
    name: 'postgres/pause-replay',
    version: 1,
    summary: 'Stop a standby from replaying what its primary did',
    effect: 'change',
    with: z.strictObject({ component: z.string(), at: z.string() }),
    resolve: (written, plan) => resolveTarget(written, plan),
    input: z.strictObject(targetInput),
    targets: ['host', 'port', 'database', 'user'],
    output: z.object({ host: z.string() }),
    resources: ({ host, database }) => [`postgres:${host}/${database}`],
    changes: ['postgres:PauseReplay'],
    permissions: (given) => connectPermission(given, 'EXECUTE on pg_wal_replay_pause and pg_wal_replay_resume'),
    expectedSeconds: 2,
    longestSeconds: 60,
    repeat: 'by-look',
    reversible: {
      undo: 'let it replay again',
      async before(target, context) {
        const { replay } = await databases.session(target, lookSignal(context), readStandby);
        return { paused: replay !== 'not paused' };
      },
      async observe(target, before, context) {
        const found = await databases.session(target, lookSignal(context), readStandby);
        const seen = describeStandby(target.host, found);
        if (!found.recovering) return { state: 'impossible', seen: `${seen}: it was promoted since` };
        const wasPaused = (before as { paused?: boolean } | null)?.paused === true;
        if (wasPaused || found.replay === 'not paused') return { state: 'done', seen, output: {} };
        return { state: 'todo', seen };
      },
      async act(target, _, context) {
        await run(target, await context.beforeChange(), resumeSql);
        return { seen: `${target.host} replays again` };
      },
      changes: ['postgres:ResumeReplay'],
    },

    async observe(target, context) {
      const found = await databases.session(target, lookSignal(context), readStandby);
      const seen = describeStandby(target.host, found);
      if (!found.recovering) return { state: 'impossible', seen: `${seen}, which replays nothing` };
      if (found.replay === 'paused') return { state: 'done', seen, output: { host: target.host } };
      return { state: found.replay === 'pause requested' ? 'changing' : 'todo', seen };
    },
    async act(target, context) {
      await run(target, await context.beforeChange(), pause);
      return { seen: `${target.host} was told to stop replaying` };
    },
    async preview(target, context) {
      const found = await databases.session(target, lookSignal(context), readStandby);
      return [
        {
          resource: `postgres:${target.host}/${target.database}`,
          now: describeStandby(target.host, found),
          then: 'replay paused; what arrives is kept',
        },
      ];
    },
    command: (target) => psqlLine(target, pause),
  });
};
