import { z } from 'zod';
import { defineKind } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import type { EcsServices } from '../client.ts';
import { describeService, resolveService, serviceAt, serviceId } from '../service-facts.ts';

/** A service of ECS in each place, with fewer tasks where it stands by. */
export const ecsService = (services: EcsServices) =>
  defineKind({
    name: 'ecs-service',
    summary: 'A service of Amazon ECS in each place',
    at: serviceAt,
    settings: z.strictObject({ tasks: z.strictObject({ active: z.int().min(0), standby: z.int().min(0) }) }),
    resources: (component, place, plan) => [serviceId(resolveService(plan, component.name, place))],
    stop(component, place, plan) {
      const { service } = resolveService(plan, component.name, place);
      return [
        {
          name: service,
          title: `Stop ${service} in ${place}`,
          uses: 'ecs/scale-service',
          with: { component: component.name, at: place, tasks: 0, exactly: true },
        },
      ];
    },
    async describe(component, place, plan, context) {
      const target = resolveService(plan, component.name, place);
      try {
        const found = await services.find(target, lookSignal(context));
        return `${target.service}: ${found ? describeService(found) : 'does not exist'}`;
      } catch (error) {
        return `${target.service}: not known (${messageOf(error)})`;
      }
    },
  });
