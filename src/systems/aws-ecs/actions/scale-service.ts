import { z } from 'zod';
import { defineAction } from '../../../define.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import type { EcsServices } from '../client.ts';
import {
  describeService,
  hasFailed,
  resolveService,
  serviceArn,
  serviceId,
  serviceTarget,
  wrongAccount,
} from '../service-facts.ts';

/**
 * Scales a service and is done when that many tasks run. Leaves one that has more alone, as scaling down in an incident is
 * a decision of its own: `exactly: true`.
 */
export const scaleService = (services: EcsServices) =>
  defineAction({
    name: 'ecs/scale-service',
    version: 1,
    summary: 'Scale an ECS service',
    effect: 'change',
    with: z.strictObject({
      component: z.string(),
      at: z.string(),
      tasks: z.int().min(0),
      exactly: z.boolean().default(false),
    }),
    resolve: (written, plan) => ({
      ...resolveService(plan, written.component, written.at),
      tasks: written.tasks,
      exactly: written.exactly,
    }),
    input: z.strictObject({ ...serviceTarget, tasks: z.int().min(0), exactly: z.boolean().default(false) }),
    targets: ['region', 'cluster', 'service', 'account'],
    output: z.object({ service: z.string(), tasks: z.number(), running: z.number() }),
    resources: (given) => [serviceId(given)],
    changes: ['ecs:UpdateService'],
    permissions: (given) => [
      { system: 'iam', action: 'ecs:DescribeServices', resource: serviceArn(given) },
      { system: 'iam', action: 'ecs:UpdateService', resource: serviceArn(given) },
    ],
    expectedSeconds: 120,
    longestSeconds: 1200,
    repeat: 'by-look',
    reversible: {
      undo: 'scale back to as many tasks as there were',
      before: async (given, context) => ({
        tasks: (await services.find(given, lookSignal(context)))?.desiredCount ?? null,
      }),
      async observe(given, before, context) {
        const wanted = (before as { tasks?: number | null } | null)?.tasks;
        const { service } = given;
        if (wanted === undefined || wanted === null)
          return { state: 'impossible', seen: `how many tasks ${service} had before is not known` };
        const found = await services.find(given, lookSignal(context));
        if (!found) return { state: 'done', seen: `there is no service ${service} any more`, output: {} };
        const desired = found.desiredCount ?? 0;
        const seen = `${service}: ${describeService(found)}`;
        if (desired === wanted && (found.runningCount ?? 0) > wanted) return { state: 'changing', seen };
        if (desired === wanted) return { state: 'done', seen, output: {} };
        if (desired === given.tasks) return { state: 'todo', seen };
        return { state: 'impossible', seen: `somebody scaled ${service} to ${desired} since; it is left so` };
      },
      async act(given, before, context) {
        const { tasks } = before as { tasks: number };
        await services.scale(given, tasks, context);
        return { seen: `${given.service} is to have ${tasks} tasks` };
      },
    },

    async observe(given, context) {
      const { service, tasks, exactly } = given;
      const found = await services.find(given, lookSignal(context));
      if (!found) return { state: 'impossible', seen: `there is no service ${service} in ${given.cluster}` };
      const stranger = wrongAccount(found, given.account);
      if (stranger) return { state: 'impossible', seen: stranger };
      const { desiredCount = 0, runningCount = 0, deployments = [] } = found;
      const seen = `${service}: ${describeService(found)}`;
      if (found.status !== 'ACTIVE')
        return { state: 'impossible', seen: `${seen}; it is ${found.status} and cannot be scaled` };
      if (exactly ? desiredCount !== tasks : desiredCount < tasks) return { state: 'todo', seen };
      const failed = hasFailed(found);
      if (failed) return { state: 'impossible', seen: `${seen}; ${failed}` };
      const reached = exactly ? runningCount === tasks : runningCount >= desiredCount;
      if (!reached || deployments.length !== 1) return { state: 'changing', seen };
      return { state: 'done', seen, output: { service, tasks: desiredCount, running: runningCount } };
    },

    async act(given, context) {
      await services.scale(given, given.tasks, context);
      return { seen: `${given.service} is to have ${given.tasks} tasks` };
    },

    async preview(given, context) {
      const found = await services.find(given, lookSignal(context));
      const then = `${given.exactly ? '' : 'at least '}${given.tasks} tasks`;
      const now = found ? describeService(found) : 'does not exist';
      return [{ resource: serviceId(given), account: given.account, region: given.region, now, then }];
    },
    command: ({ region, cluster, service, tasks }) => {
      const call = ['aws', 'ecs', 'update-service', '--region', region, '--cluster', cluster, '--service', service];
      return shellLine(...call, '--desired-count', tasks);
    },
  });
