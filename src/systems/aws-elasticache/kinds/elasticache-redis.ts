import { z } from 'zod';
import { defineKind } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { componentPlace } from '../../component-place.ts';
import { lookSignal } from '../../look-signal.ts';
import type { ElasticacheClients } from '../client.ts';
import { describeGroup } from '../group-facts.ts';

/** A Redis replication group in each place; both serve, each with as many replicas as its part asks for. */
export const elasticacheRedis = (clients: ElasticacheClients) =>
  defineKind({
    name: 'elasticache-redis',
    summary: 'Redis on Amazon ElastiCache, one replication group in each place',
    at: z.string().min(1),
    settings: z.strictObject({
      replicas: z.strictObject({ active: z.int().min(0).max(5), standby: z.int().min(0).max(5) }).optional(),
    }),
    resources(component, place, plan) {
      const { id, region } = componentPlace(plan, component, place);
      return [`elasticache:${region}:${id}`];
    },
    async describe(component, place, plan, context) {
      const { id, region } = componentPlace(plan, component, place);
      try {
        const found = await clients.find(region, id, lookSignal(context));
        return found ? `${id}: ${describeGroup(found)}` : `${id}: does not exist`;
      } catch (error) {
        return `${id}: not known (${messageOf(error)})`;
      }
    },
  });
