import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import type { EcsServices } from '../client.ts';
import { describeService, hasFailed, isStable, resolveService, serviceArn, serviceTarget } from '../service-facts.ts';

/** Whether a service runs as many tasks as it should, of one deployment. */
export const serviceStable = (services: EcsServices) =>
  defineCheck({
    name: 'ecs/service-stable',
    version: 1,
    summary: 'Is the ECS service stable?',
    with: z.strictObject({ component: z.string(), at: z.string() }),
    resolve: (written, plan) => resolveService(plan, written.component, written.at),
    input: z.strictObject(serviceTarget),
    facts: { wanted: 'number', running: 'number' },
    permissions: (given) => [{ system: 'iam', action: 'ecs:DescribeServices', resource: serviceArn(given) }],
    expectedSeconds: 1,
    async ask(given, context) {
      try {
        const found = await services.find(given, lookSignal(context));
        if (!found) return { answer: 'no', because: `there is no service ${given.service} in ${given.cluster}` };
        const failed = hasFailed(found);
        return {
          answer: isStable(found) && !failed ? 'yes' : 'no',
          because: `${given.service}: ${describeService(found)}${failed ? `; ${failed}` : ''}`,
          facts: { wanted: found.desiredCount ?? 0, running: found.runningCount ?? 0 },
        };
      } catch (error) {
        return { answer: 'unknown', because: `ECS in ${given.region} did not say: ${messageOf(error)}` };
      }
    },
    command: ({ region, cluster, service }) =>
      shellLine('aws', 'ecs', 'describe-services', '--region', region, '--cluster', cluster, '--services', service),
  });
