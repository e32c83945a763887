import { z } from 'zod';
import { defineKind } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { componentPlace } from '../../component-place.ts';
import { lookSignal } from '../../look-signal.ts';
import type { Ec2 } from '../client.ts';
import { describeGroup, groupId } from '../group-facts.ts';

/** A group of EC2 instances in each place, with fewer of them where it stands by. */
export const autoScalingGroup = (ec2: Ec2) =>
  defineKind({
    name: 'auto-scaling-group',
    summary: 'EC2 instances in an Auto Scaling group of each place',
    at: z.string().min(1),
    settings: z.strictObject({ instances: z.strictObject({ active: z.int().min(0), standby: z.int().min(0) }) }),
    resources(component, place, plan) {
      const { id, region } = componentPlace(plan, component, place);
      return [groupId({ region, group: id })];
    },
    async describe(component, place, plan, context) {
      const { id, region } = componentPlace(plan, component, place);
      try {
        const found = await ec2.group(region, id, lookSignal(context));
        return `${id}: ${found ? describeGroup(found) : 'does not exist'}`;
      } catch (error) {
        return `${id}: not known (${messageOf(error)})`;
      }
    },
  });
