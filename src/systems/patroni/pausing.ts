import { z } from 'zod';
import { defineAction, type LookContext, type StepContext } from '../../define.ts';
import type { Patroni } from './client.ts';
import {
  type ClusterTarget,
  clusterInput,
  clusterPermission,
  clusterResource,
  clusterWritten,
  patroniLine,
  resolveCluster,
} from './cluster-target.ts';

const say = (paused: boolean): string =>
  paused ? 'paused: it elects no leader by itself' : 'elects leaders by itself';

/** Both ways of setting whether Patroni acts by itself. */
export const pausing = (patroni: Patroni, wanted: boolean) => {
  const isPaused = async (target: ClusterTarget, context: LookContext) =>
    (await patroni.cluster(target, context)).pause === true;
  const set = async (target: ClusterTarget, paused: boolean, context: StepContext) => {
    // Patroni takes a key away that is null, and that is how it is when nobody has ever paused it.
    const body = { pause: paused ? true : null };
    await patroni.change(target, { method: 'PATCH', path: '/config', body }, await context.beforeChange(), context);
    return { seen: `${target.component}: ${say(paused)}` };
  };
  const verb = wanted ? 'pause' : 'resume';
  return defineAction({
    name: `patroni/${verb}`,
    version: 1,
    summary: wanted ? 'Keep Patroni from electing a leader by itself' : 'Let Patroni elect leaders by itself again',
    effect: 'change',
    with: z.strictObject(clusterWritten),
    resolve: resolveCluster,
    input: z.strictObject(clusterInput),
    targets: ['component', 'api', 'scope'],
    output: z.object({ paused: z.boolean() }),
    resources: (target) => [clusterResource(target)],
    changes: ['patroni:PatchConfig'],
    permissions: (target) => clusterPermission(target, 'PATCH /config'),
    expectedSeconds: 2,
    longestSeconds: 60,
    repeat: 'by-look',
    reversible: {
      undo: wanted ? 'let Patroni elect leaders by itself again' : 'pause Patroni again',
      before: async (target, context) => ({ paused: await isPaused(target, context) }),
      async observe(target, before, context) {
        const paused = await isPaused(target, context);
        const was = (before as { paused?: boolean } | null)?.paused === true;
        return paused === was ? { state: 'done', seen: say(paused), output: {} } : { state: 'todo', seen: say(paused) };
      },
      act: (target, before, context) => set(target, (before as { paused?: boolean } | null)?.paused === true, context),
    },
    async observe(target, context) {
      const paused = await isPaused(target, context);
      return paused === wanted
        ? { state: 'done', seen: say(paused), output: { paused } }
        : { state: 'todo', seen: say(paused) };
    },
    act: (target, context) => set(target, wanted, context),
    async preview(target, context) {
      return [{ resource: clusterResource(target), now: say(await isPaused(target, context)), then: say(wanted) }];
    },
    command: (target) =>
      patroniLine(target, [verb], { method: 'PATCH', path: '/config', body: { pause: wanted ? true : null } }),
  });
};
