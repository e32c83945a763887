import { z } from 'zod';
import { defineAction } from '../../../define.ts';
import { componentPlace } from '../../component-place.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import type { Ec2 } from '../client.ts';
import { describeGroup, groupId, inService, wrongAccount } from '../group-facts.ts';

/** Sets how many instances a group is to have, and is done when that many are in service. */
export const setCapacity = (ec2: Ec2) =>
  defineAction({
    name: 'autoscaling/set-capacity',
    version: 1,
    summary: 'Set the capacity of an Auto Scaling group',
    effect: 'change',
    with: z.strictObject({ component: z.string(), at: z.string(), capacity: z.int().min(0) }),
    resolve(written, plan) {
      const component = plan.component(written.component, 'auto-scaling-group');
      const { id, region } = componentPlace(plan, component, written.at);
      return { group: id, region, capacity: written.capacity, account: plan.account };
    },
    input: z.strictObject({
      group: z.string(),
      region: z.string(),
      capacity: z.int().min(0),
      account: z.string().optional(),
    }),
    targets: ['group', 'region', 'account'],
    output: z.object({ group: z.string(), capacity: z.number(), inService: z.number() }),
    resources: (given) => [groupId(given)],
    changes: ['autoscaling:SetDesiredCapacity'],
    permissions: ({ region, account, group }) => [
      // Listing groups knows no resources.
      { system: 'iam', action: 'autoscaling:DescribeAutoScalingGroups', resource: '*' },
      {
        system: 'iam',
        action: 'autoscaling:SetDesiredCapacity',
        resource: `arn:aws:autoscaling:${region}:${account ?? '*'}:autoScalingGroup:*:autoScalingGroupName/${group}`,
      },
    ],
    expectedSeconds: 300,
    longestSeconds: 1800,
    repeat: 'by-look',
    reversible: {
      undo: 'set the capacity that it had',
      before: async ({ region, group }, context) => ({
        capacity: (await ec2.group(region, group, lookSignal(context)))?.DesiredCapacity ?? null,
      }),
      async observe({ region, group, capacity }, before, context) {
        const wanted = (before as { capacity?: number | null } | null)?.capacity;
        if (wanted === undefined || wanted === null)
          return { state: 'impossible', seen: `which capacity ${group} had before is not known` };
        const found = await ec2.group(region, group, lookSignal(context));
        if (!found) return { state: 'done', seen: `there is no group ${group} any more`, output: {} };
        const seen = `${group}: ${describeGroup(found)}`;
        if (found.DesiredCapacity === wanted && inService(found) > wanted)
          return { state: 'changing', seen, lookAgainSeconds: 10 };
        if (found.DesiredCapacity === wanted) return { state: 'done', seen, output: {} };
        if (found.DesiredCapacity === capacity) return { state: 'todo', seen };
        return { state: 'impossible', seen: `${seen}; somebody set it since, and it is left so` };
      },
      async act({ region, group }, before, context) {
        const { capacity } = before as { capacity: number };
        await ec2.setCapacity(region, group, capacity, context);
        return { seen: `${group} is to have ${capacity} instances` };
      },
    },

    async observe({ region, group, capacity, account }, context) {
      const found = await ec2.group(region, group, lookSignal(context));
      if (!found) return { state: 'impossible', seen: `there is no group ${group} in ${region}` };
      const stranger = wrongAccount(found, account);
      if (stranger) return { state: 'impossible', seen: stranger };
      const seen = `${group}: ${describeGroup(found)}`;
      const { DesiredCapacity = 0, MaxSize = 0, MinSize = 0 } = found;
      if (DesiredCapacity !== capacity) {
        if (capacity > MaxSize || capacity < MinSize)
          return {
            state: 'impossible',
            seen: `${seen}; ${capacity} is outside of ${MinSize} to ${MaxSize}, so nothing was changed: set the group's limits first`,
          };
        return { state: 'todo', seen };
      }
      if (inService(found) !== capacity) return { state: 'changing', seen, lookAgainSeconds: 10 };
      return { state: 'done', seen, output: { group, capacity, inService: inService(found) } };
    },

    async act({ region, group, capacity }, context) {
      await ec2.setCapacity(region, group, capacity, context);
      return { seen: `${group} is to have ${capacity} instances` };
    },

    async preview(given, context) {
      const { region, group, capacity, account } = given;
      const found = await ec2.group(region, group, lookSignal(context));
      const now = found ? describeGroup(found) : 'does not exist';
      return [{ resource: groupId(given), account, region, now, then: `${capacity} instances in service` }];
    },
    command: ({ region, group, capacity }) => {
      const call = ['aws', 'autoscaling', 'set-desired-capacity', '--region', region];
      return shellLine(...call, '--auto-scaling-group-name', group, '--desired-capacity', capacity);
    },
  });
