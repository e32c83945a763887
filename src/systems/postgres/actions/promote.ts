import { z } from 'zod';
import { defineAction, type LookContext, type StepContext } from '../../../define.ts';
import { MaydayError } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import type { Databases, DatabaseTarget } from '../client.ts';
import { connectPermission, psqlLine, resolveTarget, streamingKind, targetInput } from '../database-target.ts';
import { changeFence, type Fenced, lifting, readFence } from '../fence-mark.ts';

const sql = 'SELECT pg_promote(wait => false) AS accepted';

/** Wall milliseconds for which an act waits until a promoted server takes off the fence that it inherited. */
const liftingMilliseconds = 30_000;

/**
 * Makes a streaming standby a primary. Done when it has left recovery and gives sessions that may write. Asking a
 * second time is without effect on a server that is being promoted.
 */
export const promote = (databases: Databases) => {
  const look = (target: DatabaseTarget, context: LookContext): Promise<Fenced> =>
    databases.session(target, lookSignal(context), readFence);

  /** The former primary was fenced while this standby still followed it, so the fence came along. */
  const liftInherited = async (target: DatabaseTarget, context: StepContext): Promise<void> => {
    const until = performance.now() + liftingMilliseconds;
    for (;;) {
      const { recovering, inherited } = await look(target, context);
      if (!recovering && inherited === true)
        return changeFence(databases, target, await context.beforeChange(), lifting);
      if (!recovering) return;
      if (performance.now() > until)
        throw new MaydayError(
          'system/unknown',
          `${target.host} took the promotion but is still in recovery, and it inherited its primary's fence; nothing else was changed. It is looked at again.`,
        );
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };

  return defineAction({
    name: 'postgres/promote',
    version: 1,
    summary: 'Promote a streaming standby to a primary',
    effect: 'change',
    with: z.strictObject({ component: z.string(), at: z.string() }),
    resolve: (written, plan) => {
      plan.component(written.component, streamingKind);
      return resolveTarget(written, plan);
    },
    input: z.strictObject(targetInput),
    targets: ['host', 'port', 'database', 'user'],
    output: z.object({ host: z.string() }),
    resources: ({ host, database }) => [`postgres:${host}/${database}`],
    changes: ['postgres:Promote'],
    permissions: (given) => connectPermission(given, 'EXECUTE on pg_promote; owner of the database'),
    expectedSeconds: 25,
    longestSeconds: 600,
    repeat: 'by-look',
    makesWriter: true,
    reversible: {
      no: 'a promoted server has a timeline of its own; it becomes a standby again only by pg_rewind or anew',
    },

    async observe(target, context) {
      const { host } = target;
      const { recovering, readOnly, inherited } = await look(target, context);
      if (recovering) return { state: 'todo', seen: `${host} is a standby` };
      if (!readOnly) return { state: 'done', seen: `${host} is a primary and takes writes`, output: { host } };
      if (inherited)
        return { state: 'todo', seen: `${host} is a primary, but read-only by the fence of the one before it` };
      return {
        state: 'impossible',
        seen: `${host} is no standby: it is a primary whose sessions may only read, fenced itself or set so by somebody. Its data may be old; nothing was changed`,
      };
    },

    async act(target, context) {
      const { accepted, inherited } = await databases.session(target, await context.beforeChange(), async (session) => {
        const { recovering, inherited } = await readFence(session);
        if (!recovering) return { accepted: true, inherited };
        return await session.query<{ accepted: boolean }>(sql).then(
          (rows) => ({ accepted: rows[0]?.accepted === true, inherited }),
          async (error) => {
            // Refused, because somebody's promotion was through between our look and our request.
            if ((await look(target, context)).recovering) throw error;
            return { accepted: true, inherited };
          },
        );
      });
      if (!accepted)
        throw new MaydayError('system/refused', `${target.host} did not take the promotion; it is still a standby`);
      if (inherited) await liftInherited(target, context);
      return { seen: `${target.host} accepted the promotion` };
    },

    async preview(target, context) {
      const { recovering } = await look(target, context);
      return [
        {
          resource: `postgres:${target.host}/${target.database}`,
          now: recovering ? 'streaming standby' : 'primary',
          then: 'primary, accepts writes',
        },
      ];
    },
    command: (target) => psqlLine(target, sql),
  });
};
