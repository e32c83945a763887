import { z } from 'zod';
import { defineAction, type LookContext } from '../../../define.ts';
import { lookSignal } from '../../look-signal.ts';
import type { Databases, DatabaseTarget } from '../client.ts';
import { connectPermission, psqlLine, resolveTarget, targetInput } from '../database-target.ts';
import { changeFence, type Fenced, lifting, readFence } from '../fence-mark.ts';

/**
 * Lets a promoted primary write that was still following when its former primary was fenced: the fence stands in the
 * catalog, so it came along by replication. A server that was fenced itself is left as it is.
 */
export const liftInheritedFence = (databases: Databases) => {
  const look = (target: DatabaseTarget, context: LookContext): Promise<Fenced> =>
    databases.session(target, lookSignal(context), readFence);
  return defineAction({
    name: 'postgres/lift-inherited-fence',
    version: 1,
    summary: 'Let a promoted PostgreSQL write that inherited the fence of its former primary',
    effect: 'change',
    with: z.strictObject({ component: z.string(), at: z.string() }),
    resolve: (written, plan) => resolveTarget(written, plan),
    input: z.strictObject(targetInput),
    targets: ['host', 'port', 'database', 'user'],
    output: z.object({ host: z.string() }),
    resources: ({ host, database }) => [`postgres:${host}/${database}`],
    changes: ['postgres:AlterDatabase'],
    permissions: (given) => connectPermission(given, 'owner of the database'),
    expectedSeconds: 1,
    longestSeconds: 300,
    repeat: 'by-look',
    makesWriter: true,
    reversible: { no: 'the fence belonged to the former primary; what serves now is fenced by a run of its own' },
    async observe(target, context) {
      const { host } = target;
      const { recovering, readOnly, inherited } = await look(target, context);
      if (recovering) return { state: 'changing', seen: `${host} is a standby still`, lookAgainSeconds: 2 };
      if (!readOnly) return { state: 'done', seen: `${host} lets its sessions write`, output: { host } };
      if (inherited) return { state: 'todo', seen: `${host} is read-only by the fence of the one before it` };
      return { state: 'impossible', seen: `${host} was fenced itself, or set read-only by somebody; it was left so` };
    },
    async act(target, context) {
      await changeFence(databases, target, await context.beforeChange(), lifting);
      return { seen: `${target.host} lets its sessions write` };
    },
    async preview(target, context) {
      const { readOnly } = await look(target, context);
      return [
        {
          resource: `postgres:${target.host}/${target.database}`,
          now: readOnly ? 'read-only' : 'not fenced',
          then: 'lets its sessions write',
        },
      ];
    },
    command: (target) => psqlLine(target, `ALTER DATABASE ${target.database} RESET default_transaction_read_only`),
  });
};
