import type { DBInstance } from '@aws-sdk/client-rds';
import { z } from 'zod';
import { defineAction, type StepContext } from '../../../define.ts';
import { MaydayError } from '../../../errors.ts';
import { componentPlace } from '../../component-place.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import type { RdsClients } from '../client.ts';
import { rdsFailure } from '../errors.ts';
import { describeInstance, instanceArn, wrongAccount } from '../instance-facts.ts';
import { rdsSdk } from '../sdk.ts';

/** `<step> <zone before> <time>`: by it a later look knows where the instance was before this very step rebooted it. */
const rebootedBy = 'mayday:reboot';
/** Clocks of two machines differ by less than this. */
const skewMilliseconds = 5000;

const input = z.strictObject({ instance: z.string(), region: z.string(), account: z.string().optional() });
type Given = z.infer<typeof input>;

/**
 * Reboots a Multi-AZ instance onto its standby in another Availability Zone. The tag is set before the call; RDS shows the
 * new zone minutes late, so what its events say of a failover counts as well, lest it is rebooted twice.
 */
export const rebootWithFailover = (clients: RdsClients) =>
  defineAction({
    name: 'rds/reboot-with-failover',
    version: 1,
    summary: 'Fail a Multi-AZ RDS instance over to its other zone',
    effect: 'change',
    with: z.strictObject({ component: z.string(), at: z.string() }),
    resolve(written, plan) {
      const component = plan.component(written.component, 'rds-postgresql');
      const { id, region } = componentPlace(plan, component, written.at);
      return { instance: id, region, account: plan.account };
    },
    input,
    targets: ['instance', 'region', 'account'],
    output: z.object({ instance: z.string(), endpoint: z.string(), from: z.string(), to: z.string() }),
    resources: ({ region, instance }) => [`rds:${region}:${instance}`],
    changes: ['rds:RebootDBInstance', 'rds:AddTagsToResource'],
    permissions: ({ region, account, instance }) => {
      const resource = instanceArn(region, account, instance);
      return [
        ...['rds:DescribeDBInstances', 'rds:AddTagsToResource', 'rds:RebootDBInstance'].map((action) => ({
          system: 'iam' as const,
          action,
          resource,
        })),
        { system: 'iam', action: 'rds:DescribeEvents', resource: '*' },
      ];
    },
    expectedSeconds: 120,
    longestSeconds: 1200,
    repeat: 'by-look',
    reversible: {
      no: 'both zones are as good as each other; reboot with failover again if it must be in the first one',
    },

    async observe(given, context) {
      const { instance, region, account } = given;
      const found = await clients.find(region, instance, lookSignal(context));
      if (!found) return { state: 'impossible', seen: `${instance} does not exist in ${region}` };
      const stranger = wrongAccount(found, account);
      if (stranger) return { state: 'impossible', seen: stranger };
      const zone = found.AvailabilityZone ?? 'an unknown zone';
      const seen = `${instance} is ${describeInstance(found)}, in ${zone}`;
      const mark = markOf(found, context.key);
      if (!found.MultiAZ && !mark)
        return {
          state: 'impossible',
          seen: `${seen}, and has no standby in another zone; it was not rebooted, as that would only take it away for minutes`,
        };
      if (found.DBInstanceStatus !== 'available') return { state: 'changing', seen };
      if (!mark) return { state: 'todo', seen };
      const endpoint = found.Endpoint?.Address;
      if (zone !== mark.zone && endpoint)
        return { state: 'done', seen, output: { instance, endpoint, from: mark.zone, to: zone } };
      if (await failedOver(clients, given, mark.since, context))
        return {
          state: 'changing',
          seen: `${seen}; RDS noted the failover, and does not show the new zone yet`,
          lookAgainSeconds: 10,
        };
      return { state: 'todo', seen };
    },

    async act({ instance, region }, context) {
      const found = await clients.find(region, instance, lookSignal(context));
      if (!found) throw new MaydayError('system/refused', `${instance} does not exist any more`);
      const mark = markOf(found, context.key);
      if (mark && found.AvailabilityZone !== mark.zone) return undefined;
      if (!mark) {
        const Value = `${context.key} ${found.AvailabilityZone} ${context.clock.now().toISOString()}`;
        const command = new (rdsSdk().AddTagsToResourceCommand)({
          ResourceName: found.DBInstanceArn,
          Tags: [{ Key: rebootedBy, Value }],
        });
        const writer = await clients.changing(region, context);
        const abortSignal = await context.beforeChange();
        try {
          await writer.send(command, { abortSignal });
        } catch (error) {
          throw rdsFailure(error, `AddTagsToResource ${instance}`, true);
        }
      }
      const command = new (rdsSdk().RebootDBInstanceCommand)({ DBInstanceIdentifier: instance, ForceFailover: true });
      const writer = await clients.changing(region, context);
      const abortSignal = await context.beforeChange();
      try {
        await writer.send(command, { abortSignal });
      } catch (error) {
        throw rdsFailure(error, `RebootDBInstance ${instance}`, true);
      }
      return { seen: `RDS accepted the failover of ${instance} out of ${mark?.zone ?? found.AvailabilityZone}` };
    },

    async preview({ instance, region, account }, context) {
      const found = await clients.find(region, instance, lookSignal(context));
      const now = found ? `${describeInstance(found)}, in ${found.AvailabilityZone}` : 'does not exist';
      const then = `available, in ${found?.SecondaryAvailabilityZone ?? 'its other zone'}; away for about a minute`;
      return [{ resource: `rds:${region}:${instance}`, account, region, now, then }];
    },
    command: ({ instance, region }) => {
      const call = ['aws', 'rds', 'reboot-db-instance', '--region', region];
      return shellLine(...call, '--db-instance-identifier', instance, '--force-failover');
    },
  });

const markOf = (found: DBInstance, key: string): { zone: string; since: Date } | undefined => {
  const value = found.TagList?.find((tag) => tag.Key === rebootedBy)?.Value;
  const [step, zone, since] = value?.split(' ') ?? [];
  return step === key && zone && since ? { zone, since: new Date(since) } : undefined;
};

const failedOver = async (
  clients: RdsClients,
  { instance, region }: Given,
  since: Date,
  context: StepContext,
): Promise<boolean> => {
  try {
    const command = new (rdsSdk().DescribeEventsCommand)({
      SourceIdentifier: instance,
      SourceType: 'db-instance',
      StartTime: new Date(since.getTime() - skewMilliseconds),
      EventCategories: ['failover'],
    });
    const { Events = [] } = await clients.reading(region).send(command, { abortSignal: lookSignal(context) });
    return Events.some(({ EventCategories = [] }) => EventCategories.includes('failover'));
  } catch (error) {
    throw rdsFailure(error, `DescribeEvents ${instance}`);
  }
};
