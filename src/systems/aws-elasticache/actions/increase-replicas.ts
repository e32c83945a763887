import { z } from 'zod';
import { defineAction } from '../../../define.ts';
import { componentPlace } from '../../component-place.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import type { ElasticacheClients } from '../client.ts';
import { elasticacheFailure } from '../errors.ts';
import { describeGroup, groupFacts } from '../group-facts.ts';
import { elasticacheSdk } from '../sdk.ts';

const arnOf = ({ region, account, group }: { region: string; account?: string; group: string }) =>
  `arn:aws:elasticache:${region}:${account ?? '*'}:replicationgroup:${group}`;

/** Grows a replication group to so many replicas beside its primary. Never shrinks one. */
export const increaseReplicas = (clients: ElasticacheClients) =>
  defineAction({
    name: 'elasticache/increase-replicas',
    version: 1,
    summary: 'Grow an ElastiCache replication group',
    effect: 'change',
    with: z.strictObject({ component: z.string(), at: z.string(), replicas: z.int().min(1).max(5) }),
    resolve(written, plan) {
      const component = plan.component(written.component, 'elasticache-redis');
      const { id: group, region } = componentPlace(plan, component, written.at);
      return { group, region, replicas: written.replicas, account: plan.account };
    },
    input: z.strictObject({
      group: z.string(),
      region: z.string(),
      replicas: z.int().min(1).max(5),
      account: z.string().optional(),
    }),
    targets: ['group', 'region', 'account'],
    output: z.object({ endpoint: z.string(), nodes: z.number() }),
    resources: ({ region, group }) => [`elasticache:${region}:${group}`],
    changes: ['elasticache:IncreaseReplicaCount'],
    permissions: ({ region, account, group }) => {
      const resource = arnOf({ region, account, group });
      return [
        { system: 'iam', action: 'elasticache:DescribeReplicationGroups', resource },
        { system: 'iam', action: 'elasticache:IncreaseReplicaCount', resource },
      ];
    },
    expectedSeconds: 240,
    longestSeconds: 1800,
    repeat: 'by-look',
    reversible: {
      undo: 'shrink it to as many replicas as there were',
      changes: ['elasticache:DecreaseReplicaCount'],
      permissions: ({ region, account, group }) => [
        { system: 'iam', action: 'elasticache:DecreaseReplicaCount', resource: arnOf({ region, account, group }) },
      ],
      async before({ group, region }, context) {
        const found = await clients.find(region, group, lookSignal(context));
        return found ? { replicas: groupFacts(found).replicas } : null;
      },
      async observe({ group, region, replicas }, before, context) {
        const wanted = (before as { replicas?: number } | null)?.replicas;
        if (wanted === undefined) return { state: 'impossible', seen: `what ${group} had before is not known` };
        const found = await clients.find(region, group, lookSignal(context));
        if (!found) return { state: 'done', seen: `${group} does not exist any more`, output: {} };
        const facts = groupFacts(found);
        const seen = `${group} is ${describeGroup(found)}`;
        if (facts.status === 'modifying' || facts.status === 'snapshotting')
          return { state: 'changing', seen, lookAgainSeconds: 10 };
        if (facts.replicas === wanted) return { state: 'done', seen, output: {} };
        if (facts.replicas === replicas && facts.status === 'available') return { state: 'todo', seen };
        return { state: 'impossible', seen: `${seen}; this run left it with ${replicas} replicas, so it is left so` };
      },
      async act({ group, region }, before, context) {
        const command = new (elasticacheSdk().DecreaseReplicaCountCommand)({
          ReplicationGroupId: group,
          NewReplicaCount: (before as { replicas: number }).replicas,
          ApplyImmediately: true,
        });
        const writer = await clients.changing(region, context);
        const abortSignal = await context.beforeChange();
        try {
          await writer.send(command, { abortSignal });
        } catch (error) {
          throw elasticacheFailure(error, `DecreaseReplicaCount ${group}`, true);
        }
        return { seen: `ElastiCache accepted to shrink ${group}` };
      },
    },

    async observe({ group, region, replicas, account }, context) {
      const found = await clients.find(region, group, lookSignal(context));
      if (!found) return { state: 'impossible', seen: `${group} does not exist in ${region}` };
      const owner = found.ARN?.split(':')[4];
      if (account && owner && owner !== account) {
        return { state: 'impossible', seen: `the credentials lead to account ${owner}, the plan is for ${account}` };
      }
      const facts = groupFacts(found);
      const seen = `${group} is ${describeGroup(found)}`;
      if (facts.status === 'modifying' || facts.status === 'snapshotting') {
        return { state: 'changing', seen, lookAgainSeconds: 10 };
      }
      if (facts.status !== 'available') return { state: 'impossible', seen };
      if (facts.replicas < replicas) return { state: 'todo', seen };
      if (!facts.endpoint) return { state: 'impossible', seen: `${seen}, but has no endpoint` };
      return { state: 'done', seen, output: { endpoint: facts.endpoint, nodes: facts.nodes } };
    },

    async act({ group, region, replicas }, context) {
      const command = new (elasticacheSdk().IncreaseReplicaCountCommand)({
        ReplicationGroupId: group,
        NewReplicaCount: replicas,
        ApplyImmediately: true,
      });
      const writer = await clients.changing(region, context);
      const abortSignal = await context.beforeChange();
      try {
        await writer.send(command, { abortSignal });
      } catch (error) {
        throw elasticacheFailure(error, `IncreaseReplicaCount ${group}`, true);
      }
      return { seen: `ElastiCache accepted ${replicas} replicas for ${group}` };
    },

    async preview({ group, region, replicas, account }, context) {
      const found = await clients.find(region, group, lookSignal(context));
      const now = found ? describeGroup(found) : 'does not exist';
      const then = `available, ${replicas + 1} nodes or more`;
      return [{ resource: `elasticache:${region}:${group}`, account, region, now, then }];
    },
    command: ({ group, region, replicas }) => {
      const call = [
        'aws',
        'elasticache',
        'increase-replica-count',
        '--region',
        region,
        '--replication-group-id',
        group,
      ];
      return shellLine(...call, '--new-replica-count', replicas, '--apply-immediately');
    },
  });
