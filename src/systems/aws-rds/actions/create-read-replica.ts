import type { DBInstance } from '@aws-sdk/client-rds';
import { z } from 'zod';
import { defineAction } from '../../../define.ts';
import { MaydayError } from '../../../errors.ts';
import { componentPlace } from '../../component-place.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import type { RdsClients } from '../client.ts';
import { rdsFailure } from '../errors.ts';
import { describeInstance, instanceArn, instanceName, wrongAccount } from '../instance-facts.ts';
import { rdsSdk } from '../sdk.ts';

/** The key that RDS has in every Region; an encrypted replica in another Region needs one of that Region. */
const defaultKey = 'alias/aws/rds';

const input = z.strictObject({
  instance: instanceName,
  region: z.string(),
  source: z.string(),
  sourceRegion: z.string(),
  account: z.string().optional(),
});

/** Makes an instance of the plan anew, as a read replica of the component's instance in another place. */
export const createReadReplica = (clients: RdsClients) =>
  defineAction({
    name: 'rds/create-read-replica',
    version: 1,
    summary: 'Create a read replica in another Region',
    effect: 'change',
    with: z.strictObject({ component: z.string(), at: z.string(), 'source-at': z.string() }),
    resolve(written, plan) {
      const component = plan.component(written.component, 'rds-postgresql');
      const target = componentPlace(plan, component, written.at);
      const source = componentPlace(plan, component, written['source-at']);
      if (written.at === written['source-at']) throw new Error('at and source-at name the same place');
      return {
        instance: target.id,
        region: target.region,
        source: source.id,
        sourceRegion: source.region,
        account: plan.account,
      };
    },
    input,
    targets: ['instance', 'region', 'source', 'sourceRegion', 'account'],
    output: z.object({ endpoint: z.string(), instance: z.string(), region: z.string() }),
    resources: ({ region, instance }) => [`rds:${region}:${instance}`],
    changes: ['rds:CreateDBInstanceReadReplica'],
    permissions: ({ region, account, instance, source, sourceRegion }) => {
      const target = instanceArn(region, account, instance);
      const from = instanceArn(sourceRegion, account, source);
      return [
        { system: 'iam', action: 'rds:DescribeDBInstances', resource: target },
        { system: 'iam', action: 'rds:DescribeDBInstances', resource: from },
        { system: 'iam', action: 'rds:CreateDBInstanceReadReplica', resource: target },
        { system: 'iam', action: 'rds:CreateDBInstanceReadReplica', resource: from },
      ];
    },
    expectedSeconds: 900,
    longestSeconds: 4 * 3600,
    repeat: 'by-look',
    reversible: { no: 'the replica only costs money while it is not used; delete it when nobody needs it' },

    async observe({ instance, region, source, sourceRegion, account }, context) {
      const signal = lookSignal(context);
      const found = await clients.find(region, instance, signal);
      if (!found) {
        const from = await clients.find(sourceRegion, source, signal);
        return judgeSource(from, source, sourceRegion, account);
      }
      const stranger = wrongAccount(found, account);
      if (stranger) return { state: 'impossible', seen: stranger };
      const seen = `${instance} is ${describeInstance(found)}`;
      if (!isReplicaOf(found, source, sourceRegion)) {
        return {
          state: 'impossible',
          seen: `${seen}, and no replica of ${source} in ${sourceRegion}; it was left alone: rename or delete it first`,
        };
      }
      const endpoint = found.Endpoint?.Address;
      if (found.DBInstanceStatus !== 'available' || !endpoint) return { state: 'changing', seen, lookAgainSeconds: 10 };
      return { state: 'done', seen, output: { endpoint, instance, region } };
    },

    async act({ instance, region, source, sourceRegion }, context) {
      const from = await clients.find(sourceRegion, source, lookSignal(context));
      if (!from?.DBInstanceArn) throw new MaydayError('system/refused', `${source} does not exist any more`);
      const command = new (rdsSdk().CreateDBInstanceReadReplicaCommand)({
        DBInstanceIdentifier: instance,
        // Across Regions only the ARN names it; the client signs a second request for the source's Region by it.
        SourceDBInstanceIdentifier: from.DBInstanceArn,
        CopyTagsToSnapshot: true,
        ...(from.MultiAZ && { MultiAZ: true }),
        ...(from.StorageEncrypted && { KmsKeyId: defaultKey }),
      });
      const writer = await clients.changing(region, context);
      const abortSignal = await context.beforeChange();
      try {
        await writer.send(command, { abortSignal });
      } catch (error) {
        throw rdsFailure(error, `CreateDBInstanceReadReplica ${instance}`, true);
      }
      return { seen: `RDS accepted the replica ${instance} of ${source}` };
    },

    async preview({ instance, region, source, sourceRegion, account }, context) {
      const found = await clients.find(region, instance, lookSignal(context));
      const now = found ? describeInstance(found) : 'does not exist';
      const then = `available, replica of ${source} in ${sourceRegion}`;
      return [{ resource: `rds:${region}:${instance}`, account, region, now, then }];
    },
    command: ({ instance, region, source, sourceRegion, account }) => {
      const call = ['aws', 'rds', 'create-db-instance-read-replica', '--region', region];
      const from = ['--source-region', sourceRegion, '--source-db-instance-identifier'];
      const arn = instanceArn(sourceRegion, account ?? '<account>', source);
      return shellLine(...call, '--db-instance-identifier', instance, ...from, arn, '--kms-key-id', defaultKey);
    },
  });

/** A replica in another Region names its source by ARN, one in the same Region by its name. */
const isReplicaOf = (found: DBInstance, source: string, sourceRegion: string): boolean => {
  const named = found.ReadReplicaSourceDBInstanceIdentifier ?? '';
  const [, , , region, , , id] = named.split(':');
  return id === source && region === sourceRegion;
};

const judgeSource = (
  found: DBInstance | undefined,
  source: string,
  region: string,
  account: string | undefined,
): { state: 'todo' | 'changing' | 'impossible'; seen: string } => {
  if (!found) return { state: 'impossible', seen: `${source}, which is to be replicated, does not exist in ${region}` };
  const stranger = wrongAccount(found, account);
  if (stranger) return { state: 'impossible', seen: stranger };
  const seen = `${source} is ${describeInstance(found)}`;
  if (!found.BackupRetentionPeriod)
    return {
      state: 'impossible',
      seen: `${seen}, without automated backups: RDS makes no replica of it. Turn them on first`,
    };
  return found.DBInstanceStatus === 'available' ? { state: 'todo', seen } : { state: 'changing', seen };
};
