import type { Aurora } from '../databases/aurora.ts';
import type { Databases } from '../databases/databases.ts';
import { type Instance, otherZone } from '../databases/instance.ts';
import type { SandboxContext } from '../part.ts';
import { AwsError } from './aws-error.ts';
import type { AwsService } from './aws-request.ts';
import { createQueryService } from './query-service.ts';
import { rdsBlueGreen } from './rds-blue-green.ts';
import { rdsChanges } from './rds-changes.ts';
import { rdsGlobal } from './rds-global.ts';
import { modifyParameters, promoteParameters, restoreParameters } from './rds-parameters.ts';
import { restoreTime, tagsOf } from './rds-restore.ts';
import type { XmlNode } from './xml.ts';

/** RDS as far as disaster recovery uses it, in every Region at once. */
export const createRds = (context: SandboxContext, databases: Databases, aurora: Aurora): AwsService => {
  const { ledger } = context;

  const find = (region: string, id: string): Instance => {
    const found = databases.find(region, id);
    if (found) return found;
    throw new AwsError('DBInstanceNotFound', `DBInstance ${id} not found.`, 404, 'RDS API, DBInstanceNotFoundFault');
  };
  const needAvailable = (instance: Instance) => {
    if (instance.status === 'available' && !(instance.detached && instance.source)) return;
    throw new AwsError(
      'InvalidDBInstanceState',
      `Instance ${instance.id} is not in available state.`,
      400,
      'RDS API, InvalidDBInstanceStateFault',
    );
  };
  const resourceOf = (instance: { region: string; id: string }) => `rds:${instance.region}:${instance.id}`;

  const describe = (instance: Instance): XmlNode => {
    const replicas = databases
      .all()
      .filter((other) => other.source?.id === instance.id && other.source.region === instance.region);
    const backedUp = instance.status !== 'creating' && instance.backupRetentionDays > 0;
    return {
      DBInstanceIdentifier: instance.id,
      DBInstanceClass: instance.instanceClass,
      Engine: 'postgres',
      EngineVersion: '16.4',
      DBInstanceStatus: instance.status,
      MasterUsername: instance.user,
      DBName: instance.databaseName,
      Endpoint:
        instance.status === 'creating'
          ? undefined
          : { Address: instance.endpoint, Port: instance.port, HostedZoneId: 'Z2R2ITUGPM61AM' },
      AllocatedStorage: 100,
      InstanceCreateTime: instance.createdAt,
      BackupRetentionPeriod: instance.backupRetentionDays,
      MultiAZ: instance.multiAz,
      AvailabilityZone: instance.availabilityZone,
      SecondaryAvailabilityZone: instance.multiAz ? otherZone(instance.availabilityZone) : undefined,
      LatestRestorableTime: backedUp ? databases.latestRestorable(instance) : undefined,
      // A replica in another Region is named by its ARN, as the real API does.
      ReadReplicaSourceDBInstanceIdentifier:
        instance.source &&
        (instance.source.region === instance.region
          ? instance.source.id
          : arnOf({ ...instance.source, account: instance.account })),
      ReadReplicaDBInstanceIdentifiers: {
        ReadReplicaDBInstanceIdentifier: replicas.map((replica) =>
          replica.region === instance.region ? replica.id : arnOf(replica),
        ),
      },
      StorageType: 'gp3',
      StorageEncrypted: true,
      DeletionProtection: false,
      DBInstanceArn: arnOf(instance),
      TagList: { Tag: Object.entries(instance.tags).map(([Key, Value]) => ({ Key, Value })) },
      DbiResourceId: instance.resourceId,
    };
  };

  return createQueryService({
    name: 'rds',
    version: '2014-10-31',
    operations: {
      ...rdsBlueGreen(context),
      ...rdsGlobal(context, aurora),
      ...rdsChanges(context, databases, { find, needAvailable, describe }),
      DescribeDBInstances: {
        parameters: ['DBInstanceIdentifier', 'Filters', 'MaxRecords', 'Marker'],
        required: [],
        run(given, { region }) {
          const id = given.get('DBInstanceIdentifier');
          const found = id
            ? [find(region, idOf(id))]
            : databases.all().filter((instance) => instance.region === region);
          return { DBInstances: { DBInstance: found.map(describe) } };
        },
      },

      DescribeDBInstanceAutomatedBackups: {
        parameters: [
          'DbiResourceId',
          'DBInstanceIdentifier',
          'Filters',
          'MaxRecords',
          'Marker',
          'DBInstanceAutomatedBackupsArn',
        ],
        required: [],
        run(given, { region }) {
          const id = given.get('DBInstanceIdentifier');
          const found = databases
            .all()
            .filter((instance) => instance.region === region && (!id || instance.id === idOf(id)));
          return {
            DBInstanceAutomatedBackups: {
              DBInstanceAutomatedBackup: found.map((instance) => ({
                DBInstanceArn: arnOf(instance),
                Region: instance.region,
                DBInstanceIdentifier: instance.id,
                RestoreWindow: {
                  EarliestTime: databases.earliestRestorable(instance),
                  LatestTime: databases.latestRestorable(instance),
                },
                Status: 'active',
                BackupRetentionPeriod: instance.backupRetentionDays,
              })),
            },
          };
        },
      },

      PromoteReadReplica: {
        parameters: promoteParameters,
        required: ['DBInstanceIdentifier'],
        run(given, { region }) {
          const instance = find(region, given.need('DBInstanceIdentifier'));
          if (!instance.source) {
            throw new AwsError(
              'InvalidDBInstanceState',
              `DB Instance ${instance.id} is not a read replica.`,
              400,
              'RDS API, PromoteReadReplica: the instance must be a read replica',
            );
          }
          needAvailable(instance);
          const { visible } = ledger.accept('rds:PromoteReadReplica', resourceOf(instance));
          databases.promote(instance, visible);
          // RDS API, PromoteReadReplica: the parameter's default is 1, so a promoted instance is backed up.
          const retention = given.has('BackupRetentionPeriod') ? Number(given.get('BackupRetentionPeriod')) : 1;
          instance.backupRetentionDays = Math.max(instance.backupRetentionDays, retention);
          return { DBInstance: describe(instance) };
        },
      },

      RestoreDBInstanceToPointInTime: {
        parameters: restoreParameters,
        required: ['TargetDBInstanceIdentifier'],
        run(given, { region }) {
          const source = find(region, given.need('SourceDBInstanceIdentifier'));
          const target = given.need('TargetDBInstanceIdentifier');
          const time = restoreTime(given, source, databases);
          if (!/^[a-z](-?[a-z0-9])*$/i.test(target) || target.length > 63) {
            throw new AwsError(
              'InvalidParameterValue',
              `${target} is not a valid identifier.`,
              400,
              'RDS API, naming constraints',
            );
          }
          if (databases.find(region, target)) {
            throw new AwsError(
              'DBInstanceAlreadyExists',
              'DB Instance already exists',
              400,
              'RDS API, DBInstanceAlreadyExistsFault',
            );
          }
          needAvailable(source);
          const { visible } = ledger.accept(
            'rds:RestoreDBInstanceToPointInTime',
            resourceOf({ region, id: target.toLowerCase() }),
            { source: source.id, time: time.toISOString() },
          );
          return {
            DBInstance: describe(
              databases.restore(source, { id: target.toLowerCase(), time, tags: tagsOf(given) }, visible),
            ),
          };
        },
      },

      ModifyDBInstance: {
        parameters: modifyParameters,
        required: ['DBInstanceIdentifier'],
        run(given, { region }) {
          const instance = find(region, given.need('DBInstanceIdentifier'));
          needAvailable(instance);
          const newId = given.get('NewDBInstanceIdentifier')?.toLowerCase();
          if (newId !== undefined) {
            if (databases.find(region, newId))
              throw new AwsError(
                'DBInstanceAlreadyExists',
                'DB Instance already exists',
                400,
                'RDS API, DBInstanceAlreadyExistsFault',
              );
            if (!/^[a-z](-?[a-z0-9])*$/.test(newId) || newId.length > 63)
              throw new AwsError(
                'InvalidParameterValue',
                `${newId} is not a valid identifier.`,
                400,
                'RDS API, naming constraints',
              );
            if (given.get('ApplyImmediately') !== 'true')
              throw new AwsError(
                'InvalidParameterCombination',
                'The sandbox has no maintenance windows: rename with ApplyImmediately.',
                400,
                'the sandbox',
              );
          }
          const { visible } = ledger.accept(
            'rds:ModifyDBInstance',
            resourceOf(instance),
            newId === undefined ? {} : { name: newId },
          );
          if (newId !== undefined) {
            databases.rename(instance, newId, visible);
            return { DBInstance: describe(instance) };
          }
          databases.modify(
            instance,
            {
              ...(given.has('MultiAZ') && { multiAz: given.get('MultiAZ') === 'true' }),
              ...(given.has('DBInstanceClass') && { instanceClass: given.need('DBInstanceClass') }),
              ...(given.has('BackupRetentionPeriod') && {
                backupRetentionDays: Number(given.get('BackupRetentionPeriod')),
              }),
            },
            visible,
          );
          return { DBInstance: describe(instance) };
        },
      },

      DeleteDBInstance: {
        parameters: [
          'DBInstanceIdentifier',
          'SkipFinalSnapshot',
          'FinalDBSnapshotIdentifier',
          'DeleteAutomatedBackups',
        ],
        required: ['DBInstanceIdentifier'],
        run(given, { region }) {
          const instance = find(region, given.need('DBInstanceIdentifier'));
          if (given.get('SkipFinalSnapshot') !== 'true' && !given.has('FinalDBSnapshotIdentifier')) {
            throw new AwsError(
              'InvalidParameterCombination',
              'FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.',
              400,
              'RDS API, DeleteDBInstance',
            );
          }
          if (instance.status === 'deleting') needAvailable(instance);
          const { visible } = ledger.accept('rds:DeleteDBInstance', resourceOf(instance));
          databases.remove(instance, visible);
          return { DBInstance: describe(instance) };
        },
      },
    },
  });
};

const arnOf = (instance: { region: string; account: string; id: string }) =>
  `arn:aws:rds:${instance.region}:${instance.account}:db:${instance.id}`;

/** Operations accept an identifier or an ARN. */
const idOf = (given: string) => (given.startsWith('arn:') ? given.split(':').at(-1)! : given).toLowerCase();
