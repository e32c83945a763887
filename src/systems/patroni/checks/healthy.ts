import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { shellLine } from '../../shell-line.ts';
import type { Patroni } from '../client.ts';
import { describeMember, isFollowing, lagBytes, leaderOf, replicasOf } from '../cluster-facts.ts';
import { clusterInput, clusterPermission, clusterWritten, resolveCluster } from '../cluster-target.ts';

/** Whether a cluster has one leader that takes writes, and everybody else follows it. */
export const healthy = (patroni: Patroni) =>
  defineCheck({
    name: 'patroni/healthy',
    version: 1,
    summary: 'Does the cluster have a leader, and do the others follow it?',
    with: z.strictObject(clusterWritten),
    resolve: resolveCluster,
    input: z.strictObject(clusterInput),
    facts: { leader: 'string', replicas: 'number', lagBytes: 'number' },
    permissions: (target) => clusterPermission(target, 'GET /cluster'),
    expectedSeconds: 1,
    async ask(target, context) {
      try {
        const cluster = await patroni.cluster(target, context);
        const leader = leaderOf(cluster);
        if (!leader) return { answer: 'no', because: `${target.component} has no leader` };
        const replicas = replicasOf(cluster);
        const behind = replicas.map(lagBytes);
        const known = behind.every((each) => each !== undefined);
        const facts = {
          leader: leader.name,
          replicas: replicas.length,
          ...(known && { lagBytes: Math.max(0, ...(behind as number[])) }),
        };
        if (leader.state !== 'running' || !(await patroni.takesWrites(leader, context)))
          return { answer: 'no', because: `${describeMember(leader)} does not say that it takes writes`, facts };
        const astray = replicas.find((each) => !isFollowing(each) || lagBytes(each) === undefined);
        if (astray) return { answer: 'no', because: `${describeMember(astray)} does not follow`, facts };
        const paused = cluster.pause ? '; it is paused' : '';
        const because = `${leader.name} leads, ${replicas.length} follow, at most ${facts.lagBytes ?? 0} bytes behind${paused}`;
        return { answer: 'yes', because, facts };
      } catch (error) {
        return { answer: 'unknown', because: messageOf(error) };
      }
    },
    command: ({ api, scope }) =>
      scope ? shellLine('patronictl', 'list', scope) : shellLine('curl', '--silent', `${api[0]}/cluster`),
  });
