import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { componentPlace } from '../../component-place.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import type { ElasticacheClients } from '../client.ts';
import { describeGroup, groupFacts } from '../group-facts.ts';

/** Whether ElastiCache calls a replication group available; one that is being changed still serves. */
export const groupAvailable = (clients: ElasticacheClients) =>
  defineCheck({
    name: 'elasticache/group-available',
    version: 1,
    summary: 'Is the replication group available?',
    with: z.strictObject({ component: z.string(), at: z.string() }),
    resolve(written, plan) {
      const { id, region } = componentPlace(plan, plan.component(written.component, 'elasticache-redis'), written.at);
      return { group: id, region };
    },
    input: z.strictObject({ group: z.string(), region: z.string() }),
    facts: { status: 'string', nodes: 'number' },
    permissions: ({ region, group }) => [
      {
        system: 'iam',
        action: 'elasticache:DescribeReplicationGroups',
        resource: `arn:aws:elasticache:${region}:*:replicationgroup:${group}`,
      },
    ],
    expectedSeconds: 1,
    async ask({ group, region }, context) {
      try {
        const found = await clients.find(region, group, lookSignal(context));
        if (!found) return { answer: 'no', because: `${group} does not exist in ${region}` };
        const { status, nodes } = groupFacts(found);
        return {
          answer: status === 'available' || status === 'modifying' ? 'yes' : 'no',
          because: `${group} is ${describeGroup(found)}`,
          facts: { status, nodes },
        };
      } catch (error) {
        return { answer: 'unknown', because: `ElastiCache in ${region} did not say: ${messageOf(error)}` };
      }
    },
    command: ({ group, region }) =>
      shellLine(
        'aws',
        'elasticache',
        'describe-replication-groups',
        '--region',
        region,
        '--replication-group-id',
        group,
      ),
  });
