import type { Databases } from '../databases/databases.ts';
import type { Instance } from '../databases/instance.ts';
import type { SandboxContext } from '../part.ts';
import { AwsError } from './aws-error.ts';
import type { QueryOperation } from './query-service.ts';
import { readReplicaParameters } from './rds-parameters.ts';
import { tagsOf } from './rds-restore.ts';
import type { XmlNode } from './xml.ts';

/** What the operations below share with the rest of RDS. */
export interface RdsParts {
  find(region: string, id: string): Instance;
  needAvailable(instance: Instance): void;
  describe(instance: Instance): XmlNode;
}

const mostTags = 50;

/** Reboots, tags, events and new replicas. */
export const rdsChanges = (
  { ledger, clock }: SandboxContext,
  databases: Databases,
  { find, needAvailable, describe }: RdsParts,
): Record<string, QueryOperation> => {
  const resourceOf = (instance: { region: string; id: string }) => `rds:${instance.region}:${instance.id}`;
  const byArn = (arn: string, region: string): Instance => {
    const [, , service, found, , kind, id] = arn.split(':');
    if (service !== 'rds' || kind !== 'db' || found !== region || !id)
      throw new AwsError(
        'InvalidParameterValue',
        `The specified resource name ${arn} is not valid.`,
        400,
        'RDS API, AddTagsToResource',
      );
    return find(region, id);
  };

  return {
    RebootDBInstance: {
      parameters: ['DBInstanceIdentifier', 'ForceFailover'],
      required: ['DBInstanceIdentifier'],
      run(given, { region }) {
        const instance = find(region, given.need('DBInstanceIdentifier'));
        const failover = given.get('ForceFailover') === 'true';
        if (failover && !instance.multiAz) {
          throw new AwsError(
            'InvalidParameterCombination',
            'Cannot reboot with failover: the DB instance is not a Multi-AZ deployment.',
            400,
            'RDS API, RebootDBInstance, ForceFailover: constraints',
          );
        }
        needAvailable(instance);
        const { visible } = ledger.accept('rds:RebootDBInstance', resourceOf(instance), { failover });
        databases.reboot(instance, failover, visible);
        return { DBInstance: describe(instance) };
      },
    },

    AddTagsToResource: {
      parameters: ['ResourceName', 'Tags'],
      required: ['ResourceName'],
      run(given, { region }) {
        const instance = byArn(given.need('ResourceName'), region);
        const tags = { ...instance.tags, ...tagsOf(given) };
        for (const [key, value] of Object.entries(tags)) {
          if (!/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u.test(key) || !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(value))
            throw new AwsError(
              'InvalidParameterValue',
              `The tag ${key} is not valid.`,
              400,
              'RDS API, Tag: constraints',
            );
        }
        if (Object.keys(tags).length > mostTags)
          throw new AwsError(
            'InvalidParameterValue',
            'A resource can have at most 50 tags.',
            400,
            'RDS user guide, tags',
          );
        ledger.accept('rds:AddTagsToResource', resourceOf(instance)).visible();
        instance.tags = tags;
        return undefined;
      },
    },

    DescribeEvents: {
      parameters: [
        'SourceIdentifier',
        'SourceType',
        'StartTime',
        'EndTime',
        'Duration',
        'EventCategories',
        'Filters',
        'MaxRecords',
        'Marker',
      ],
      required: [],
      run(given, { region }) {
        const id = given.get('SourceIdentifier');
        if (id !== undefined && given.get('SourceType') === undefined)
          throw new AwsError(
            'InvalidParameterCombination',
            'If SourceIdentifier is supplied, SourceType must also be provided.',
            400,
            'RDS API, DescribeEvents, SourceIdentifier: constraints',
          );
        const from = new Date(given.get('StartTime') ?? clock.now().getTime() - 3_600_000);
        const found = databases.events.filter(
          (event) => event.region === region && event.at >= from && (!id || event.instance === id.toLowerCase()),
        );
        return {
          Events: {
            Event: found.map((event) => ({
              SourceIdentifier: event.instance,
              SourceType: 'db-instance',
              Message: event.message,
              EventCategories: { EventCategory: event.category },
              Date: event.at,
            })),
          },
        };
      },
    },

    CreateDBInstanceReadReplica: {
      parameters: readReplicaParameters,
      required: ['DBInstanceIdentifier'],
      run(given, { region }) {
        const id = given.need('DBInstanceIdentifier').toLowerCase();
        const named = given.need('SourceDBInstanceIdentifier');
        const [, , , sourceRegion = region, , , sourceId = named] = named.split(':');
        if (!/^[a-z](-?[a-z0-9])*$/.test(id) || id.length > 63)
          throw new AwsError(
            'InvalidParameterValue',
            `${id} is not a valid identifier.`,
            400,
            'RDS API, naming constraints',
          );
        if (databases.find(region, id))
          throw new AwsError(
            'DBInstanceAlreadyExists',
            'DB Instance already exists',
            400,
            'RDS API, DBInstanceAlreadyExistsFault',
          );
        const source = find(sourceRegion, sourceId);
        needAvailable(source);
        if (source.backupRetentionDays === 0)
          throw new AwsError(
            'InvalidDBInstanceState',
            `Automated backups are not enabled for ${source.id}.`,
            400,
            'RDS API, CreateDBInstanceReadReplica: the source must have backup retention enabled',
          );
        if (sourceRegion !== region && !given.get('KmsKeyId'))
          throw new AwsError(
            'InvalidParameterCombination',
            'KmsKeyId is required to create an encrypted read replica in another Region.',
            400,
            'RDS API, CreateDBInstanceReadReplica, KmsKeyId',
          );
        if (sourceRegion !== region && !given.get('PreSignedUrl'))
          throw new AwsError(
            'InvalidParameterValue',
            'PreSignedUrl is required for an encrypted source in another Region.',
            400,
            'RDS API, CreateDBInstanceReadReplica, PreSignedUrl',
          );
        const { visible } = ledger.accept('rds:CreateDBInstanceReadReplica', resourceOf({ region, id }), {
          source: `${sourceRegion}:${source.id}`,
        });
        const multiAz = given.get('MultiAZ') === 'true';
        return {
          DBInstance: describe(databases.addReplica(source, { id, region, multiAz, tags: tagsOf(given) }, visible)),
        };
      },
    },
  };
};
