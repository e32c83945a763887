import type { DBInstance } from '@aws-sdk/client-rds';
import { z } from 'zod';
import { defineAction } from '../../../define.ts';
import { componentPlace } from '../../component-place.ts';
import { lookSignal } from '../../look-signal.ts';
import { momentText } from '../../moment-text.ts';
import { shellLine } from '../../shell-line.ts';
import type { RdsClients } from '../client.ts';
import { rdsFailure } from '../errors.ts';
import { describeInstance, wrongAccount } from '../instance-facts.ts';
import { rdsSdk } from '../sdk.ts';

/** The tag by which a later look knows that an instance was made by this very step. */
const madeBy = 'mayday:step';

/** Makes a new instance with the data of another one as of a moment. The source is never touched. */
export const restoreToPointInTime = (clients: RdsClients) =>
  defineAction({
    name: 'rds/restore-to-point-in-time',
    version: 1,
    summary: 'Restore an RDS instance to a point in time, as a new instance',
    effect: 'change',
    with: z.strictObject({ component: z.string(), at: z.string(), time: momentText, target: z.string() }),
    resolve(written, plan) {
      const component = plan.component(written.component, 'rds-postgresql');
      const { id: source, region } = componentPlace(plan, component, written.at);
      if (Object.values(component.at).includes(written.target)) {
        throw new Error(
          `a restore never goes onto an instance of the plan: choose another name than ${written.target}`,
        );
      }
      return { source, region, time: written.time, target: written.target.toLowerCase(), account: plan.account };
    },
    input: z
      .strictObject({
        source: z.string(),
        region: z.string(),
        time: momentText,
        target: z.string().regex(/^[a-z](-?[a-z0-9]){0,62}$/, 'is not a name that RDS takes'),
        account: z.string().optional(),
      })
      .refine(({ source, target }) => source !== target, 'the target of a restore cannot be its source'),
    targets: ['source', 'region', 'target', 'account'],
    output: z.object({ endpoint: z.string(), instance: z.string(), region: z.string(), restoredTo: z.string() }),
    resources: ({ region, target }) => [`rds:${region}:${target}`],
    changes: ['rds:RestoreDBInstanceToPointInTime'],
    permissions: ({ region, account, source, target }) => {
      const arn = (name: string) => `arn:aws:rds:${region}:${account ?? '*'}:db:${name}`;
      return [
        { system: 'iam', action: 'rds:DescribeDBInstances', resource: arn('*') },
        { system: 'iam', action: 'rds:RestoreDBInstanceToPointInTime', resource: arn(source) },
        { system: 'iam', action: 'rds:RestoreDBInstanceToPointInTime', resource: arn(target) },
        { system: 'iam', action: 'rds:AddTagsToResource', resource: arn(target) },
      ];
    },
    expectedSeconds: 300,
    longestSeconds: 7200,
    repeat: 'by-look',
    reversible: { no: 'the restored instance is left for you to look at; delete it when nobody needs it' },

    async observe({ source, region, time, target, account }, context) {
      const signal = lookSignal(context);
      const found = await clients.find(region, target, signal);
      if (!found) return judgeSource(await clients.find(region, source, signal), { source, time, account });
      const seen = `${target} is ${describeInstance(found)}`;
      if (!found.TagList?.some((tag) => tag.Key === madeBy && tag.Value === context.key)) {
        return {
          state: 'impossible',
          seen: `an instance named ${target} exists already, and this step did not make it`,
        };
      }
      const endpoint = found.Endpoint?.Address;
      if (found.DBInstanceStatus !== 'available' || !endpoint) return { state: 'changing', seen, lookAgainSeconds: 10 };
      return { state: 'done', seen, output: { endpoint, instance: target, region, restoredTo: time } };
    },

    async act({ source, region, time, target }, context) {
      const command = new (rdsSdk().RestoreDBInstanceToPointInTimeCommand)({
        SourceDBInstanceIdentifier: source,
        TargetDBInstanceIdentifier: target,
        RestoreTime: new Date(time),
        Tags: [{ Key: madeBy, Value: context.key }],
      });
      const writer = await clients.changing(region, context);
      const abortSignal = await context.beforeChange();
      try {
        await writer.send(command, { abortSignal });
      } catch (error) {
        throw rdsFailure(error, `RestoreDBInstanceToPointInTime ${target}`, true);
      }
      return { seen: `RDS accepted the restore of ${source} as of ${time}` };
    },

    async preview({ source, region, time, target, account }, context) {
      const found = await clients.find(region, target, lookSignal(context));
      return [
        {
          resource: `rds:${region}:${target}`,
          account,
          region,
          now: found ? describeInstance(found) : 'does not exist',
          then: `new instance with the data of ${source} as of ${time}`,
        },
      ];
    },
    command: ({ source, region, time, target }) => {
      const call = ['aws', 'rds', 'restore-db-instance-to-point-in-time', '--region', region];
      const instances = ['--source-db-instance-identifier', source, '--target-db-instance-identifier', target];
      return shellLine(...call, ...instances, '--restore-time', time);
    },
  });

const judgeSource = (
  found: DBInstance | undefined,
  { source, time, account }: { source: string; time: string; account: string | undefined },
): { state: 'todo' | 'impossible'; seen: string } => {
  if (!found) return { state: 'impossible', seen: `${source}, whose data is wanted, does not exist` };
  const stranger = wrongAccount(found, account);
  if (stranger) return { state: 'impossible', seen: stranger };
  const latest = found.LatestRestorableTime;
  if (!latest) return { state: 'impossible', seen: `${source} has no automated backups to restore from` };
  if (new Date(time) > latest) {
    return { state: 'impossible', seen: `${source} can be restored up to ${latest.toISOString()}, not yet to ${time}` };
  }
  return { state: 'todo', seen: `${source} can be restored up to ${latest.toISOString()}` };
};
