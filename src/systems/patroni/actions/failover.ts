import { z } from 'zod';
import { defineAction, type LookContext } from '../../../define.ts';
import { MaydayError } from '../../../errors.ts';
import type { Patroni } from '../client.ts';
import { type ClusterFacts, describeMember, leaderOf, type Member, mostAdvanced } from '../cluster-facts.ts';
import {
  type ClusterTarget,
  clusterInput,
  clusterPermission,
  clusterResource,
  clusterWritten,
  patroniLine,
  resolveCluster,
} from '../cluster-target.ts';
import { askToMove } from '../moving.ts';

/** One unanswered question may be an accident, and a failover of a healthy cluster could lose what was just written. */
const agreeingLooks = 3;
const betweenLooksMilliseconds = 500;

/**
 * Gives a leader to a cluster that has lost its own. Done as soon as some leader takes writes, whoever made it one:
 * Patroni elects by itself unless it is paused, and then there is nothing left to do.
 */
export const failover = (patroni: Patroni) => {
  const look = async (
    target: ClusterTarget,
    context: LookContext,
  ): Promise<{ cluster: ClusterFacts; leader: Member | undefined; healthy: boolean }> => {
    const cluster = await patroni.cluster(target, context);
    const leader = leaderOf(cluster);
    // What the store says of a leader is up to its time to live old, so the leader is asked itself.
    const healthy = leader !== undefined && (await patroni.takesWrites(leader, context));
    return { cluster, leader, healthy };
  };
  return defineAction({
    name: 'patroni/failover',
    version: 1,
    summary: 'Make a replica the leader of a Patroni cluster that has lost its own',
    effect: 'change',
    with: z.strictObject({ ...clusterWritten, candidate: z.string().optional() }),
    resolve: (written, plan) => ({
      ...resolveCluster(written, plan),
      ...(written.candidate && { candidate: written.candidate }),
    }),
    input: z.strictObject({ ...clusterInput, candidate: z.string().optional() }),
    targets: ['component', 'api', 'scope', 'candidate'],
    output: z.object({ leader: z.string(), host: z.string() }),
    resources: (target) => [clusterResource(target)],
    changes: ['patroni:Failover'],
    permissions: (target) => clusterPermission(target, 'POST /failover'),
    expectedSeconds: 25,
    longestSeconds: 300,
    repeat: 'by-look',
    reversible: { no: 'the former leader comes back as a replica; a switchover makes it the leader again' },

    async observe(given, context) {
      const { leader, healthy } = await look(given, context);
      if (!leader) return { state: 'todo', seen: 'there is no leader' };
      const seen = `the leader is ${describeMember(leader)}`;
      if (!healthy) return { state: 'todo', seen: `${seen}, which does not say that it takes writes` };
      return { state: 'done', seen, output: { leader: leader.name, host: leader.host ?? '' } };
    },

    async act(given, context) {
      let found = await look(given, context);
      for (let looks = 1; looks < agreeingLooks && !found.healthy; looks += 1) {
        await new Promise((resolve) => setTimeout(resolve, betweenLooksMilliseconds));
        found = await look(given, context);
      }
      if (found.healthy) return { seen: `${found.leader!.name} leads and takes writes` };
      const candidate = given.candidate ?? mostAdvanced(found.cluster)?.name;
      if (candidate === undefined)
        throw new MaydayError(
          'system/unavailable',
          `no replica of ${given.component} runs and says how far it is, so none was chosen; nothing was changed`,
        );
      await askToMove(patroni, given, { path: '/failover', body: { candidate } }, found.leader?.name, context);
      return { seen: `Patroni fails over to ${candidate}` };
    },

    async preview(given, context) {
      const { cluster, leader, healthy } = await look(given, context);
      const to = given.candidate ?? mostAdvanced(cluster)?.name ?? 'whichever replica is most advanced';
      return [
        {
          resource: clusterResource(given),
          now: leader ? `the leader is ${leader.name}${healthy ? '' : ', which does not answer'}` : 'no leader',
          then: healthy ? 'left as it is' : `the leader is ${to}`,
        },
      ];
    },
    command: (given) =>
      patroniLine(given, ['failover', ...(given.candidate ? ['--candidate', given.candidate] : []), '--force'], {
        method: 'POST',
        path: '/failover',
        body: { candidate: given.candidate ?? 'MEMBER' },
      }),
  });
};
