import { z } from 'zod';
import { defineAction, type LookContext } from '../../../define.ts';
import { MaydayError } from '../../../errors.ts';
import type { Patroni } from '../client.ts';
import { describeMember, isFollowing, leaderOf, type Member, mostAdvanced } from '../cluster-facts.ts';
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

/** What is kept in Patroni's own configuration before it is asked, so that whoever looks later knows where it began. */
const markSchema = z.object({ key: z.string(), from: z.string(), timeline: z.int() });
type Mark = z.infer<typeof markSchema>;

/**
 * A planned change of leader, without loss. "Another member leads" cannot be told from the world alone after a crash:
 * the leader of before stands nowhere, and a second request would move it back. `/history` does not help, as an election
 * by itself looks the same there. So the step's key, the leader and its timeline are first written into Patroni's dynamic
 * configuration, which outlives members and leaders. The request names that leader, and Patroni refuses it (412) when
 * another one leads; and each promotion begins a new timeline, so that one who came back is not taken for one who never left.
 */
export const switchover = (patroni: Patroni) => {
  const look = async (target: ClusterTarget, key: string, context: LookContext) => {
    const [cluster, config] = await Promise.all([patroni.cluster(target, context), patroni.config(target, context)]);
    const mark = markSchema.safeParse(config['mayday']?.switchover).data;
    return { cluster, leader: leaderOf(cluster), mark: mark?.key === key ? mark : undefined };
  };
  return defineAction({
    name: 'patroni/switchover',
    version: 1,
    summary: 'Make another member of a healthy Patroni cluster its leader',
    effect: 'change',
    with: z.strictObject({ ...clusterWritten, candidate: z.string().optional() }),
    resolve: (written, plan) => ({
      ...resolveCluster(written, plan),
      ...(written.candidate && { candidate: written.candidate }),
    }),
    input: z.strictObject({ ...clusterInput, candidate: z.string().optional() }),
    targets: ['component', 'api', 'scope', 'candidate'],
    output: z.object({ leader: z.string(), former: z.string(), host: z.string() }),
    resources: (target) => [clusterResource(target)],
    changes: ['patroni:PatchConfig', 'patroni:Switchover'],
    permissions: (target) => clusterPermission(target, 'POST /switchover and PATCH /config'),
    expectedSeconds: 15,
    longestSeconds: 300,
    repeat: 'by-look',
    reversible: { no: 'clients have followed the new leader; another switchover brings the old one back' },

    async observe(given, context) {
      const { cluster, leader, mark } = await look(given, context.key, context);
      const seen = leader ? `the leader is ${leader.name}` : 'there is no leader just now';
      if (given.candidate !== undefined && leader?.name === given.candidate)
        return await whenThrough(patroni, cluster.members, leader, mark?.from ?? '', context);
      if (!mark) {
        if (leader) return { state: 'todo', seen };
        return { state: 'impossible', seen: `${seen}: a switchover needs a healthy one; patroni/failover does not` };
      }
      if (!leader) return { state: 'changing', seen, lookAgainSeconds: 1 };
      if (leader.name !== mark.from) return await whenThrough(patroni, cluster.members, leader, mark.from, context);
      if ((leader.timeline ?? mark.timeline) > mark.timeline)
        return {
          state: 'impossible',
          seen: `${seen}, as before this step, but was promoted anew since: it was moved, and moved back. Nothing else is changed; begin another run if it shall move again`,
        };
      return { state: 'todo', seen };
    },

    async act(given, context) {
      const found = await look(given, context.key, context);
      const { leader } = found;
      if (!leader || !(await patroni.takesWrites(leader, context)))
        throw new MaydayError(
          'system/refused',
          `${given.component} has no leader that takes writes, so there is nothing to switch over from; nothing was changed. Use patroni/failover`,
        );
      const mark: Mark = found.mark ?? { key: context.key, from: leader.name, timeline: leader.timeline ?? 0 };
      if (!found.mark) {
        const body = { mayday: { switchover: mark } };
        await patroni.change(given, { method: 'PATCH', path: '/config', body }, await context.beforeChange(), context);
      }
      const body = { leader: mark.from, ...(given.candidate && { candidate: given.candidate }) };
      await askToMove(patroni, given, { path: '/switchover', body }, mark.from, context);
      return { seen: `Patroni switches over from ${mark.from}` };
    },

    async preview(given, context) {
      const cluster = await patroni.cluster(given, context);
      const to = given.candidate ?? mostAdvanced(cluster)?.name ?? 'a replica';
      return [
        {
          resource: clusterResource(given),
          now: `the leader is ${leaderOf(cluster)?.name ?? 'nobody'}`,
          then: `the leader is ${given.candidate ? to : `another, such as ${to}`}`,
        },
      ];
    },
    command: (given) =>
      patroniLine(given, ['switchover', ...(given.candidate ? ['--candidate', given.candidate] : []), '--force'], {
        method: 'POST',
        path: '/switchover',
        body: { leader: 'LEADER', candidate: given.candidate },
      }),
  });
};

/** The new one leads and takes writes, and the old one follows it. */
const whenThrough = async (
  patroni: Patroni,
  members: Member[],
  leader: Member,
  former: string,
  context: LookContext,
) => {
  const seen = `the leader is ${describeMember(leader)}`;
  if (leader.state !== 'running' || !(await patroni.takesWrites(leader, context)))
    return { state: 'changing', seen: `${seen}, and does not take writes yet`, lookAgainSeconds: 1 } as const;
  const old = members.find(({ name }) => name === former);
  if (old && !isFollowing(old))
    return { state: 'changing', seen: `${seen}; ${describeMember(old)}`, lookAgainSeconds: 1 } as const;
  const output = { leader: leader.name, former, host: leader.host ?? '' };
  return { state: 'done', seen: `${seen}${old ? `, and ${old.name} follows it` : ''}`, output } as const;
};
