import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { componentPlace } from '../../component-place.ts';
import { lookSignal } from '../../look-signal.ts';
import type { RdsClients } from '../client.ts';
import { describeInstance, sourceOf } from '../instance-facts.ts';

/** Whether RDS calls an instance available. Says nothing of whether it answers queries. */
export const instanceAvailable = (clients: RdsClients) =>
  defineCheck({
    name: 'rds/instance-available',
    version: 1,
    summary: 'Is the RDS instance available?',
    with: z.strictObject({ component: z.string(), at: z.string() }),
    resolve(written, plan) {
      const { id, region } = componentPlace(plan, plan.component(written.component, 'rds-postgresql'), written.at);
      return { instance: id, region };
    },
    input: z.strictObject({ instance: z.string(), region: z.string() }),
    facts: { status: 'string', role: 'string' },
    permissions: ({ region, instance }) => [
      { system: 'iam', action: 'rds:DescribeDBInstances', resource: `arn:aws:rds:${region}:*:db:${instance}` },
    ],
    expectedSeconds: 1,
    async ask({ instance, region }, context) {
      try {
        const found = await clients.find(region, instance, lookSignal(context));
        if (!found) return { answer: 'no', because: `${instance} does not exist in ${region}` };
        const status = found.DBInstanceStatus ?? 'unknown';
        return {
          answer: status === 'available' ? 'yes' : 'no',
          because: `${instance} is ${describeInstance(found)}`,
          facts: { status, role: sourceOf(found) ? 'replica' : 'primary' },
        };
      } catch (error) {
        return { answer: 'unknown', because: `RDS in ${region} did not say: ${messageOf(error)}` };
      }
    },
    command: ({ instance, region }) =>
      `aws rds describe-db-instances --region ${region} --db-instance-identifier ${instance} --query 'DBInstances[0].DBInstanceStatus'`,
  });
