import { createAwsClients } from '../aws-clients.ts';
import type { AwsS3Settings } from './config.ts';
import { hasNoReplication, s3Failure } from './errors.ts';
import { s3Sdk } from './sdk.ts';

export interface StoredKey {
  key: string;
  modifiedAt: Date;
}

/** What checks ask of buckets. Every call names the Region of the bucket, so that a dead one hangs nobody else. */
export interface S3Buckets {
  head(region: string, bucket: string, signal: AbortSignal): Promise<void>;
  /** A list of one object, to see whether one may. */
  listOne(region: string, bucket: string, signal: AbortSignal): Promise<void>;
  /** None for a bucket that is not replicated. */
  replicationRules(
    region: string,
    bucket: string,
    signal: AbortSignal,
  ): Promise<{ id: string; enabled: boolean; bucket: string }[]>;
  /** The newest of the first thousand objects; undefined in an empty bucket. */
  newest(region: string, bucket: string, signal: AbortSignal): Promise<StoredKey | undefined>;
  /** Reads the first byte, which proves more than a list. */
  read(region: string, bucket: string, key: string, signal: AbortSignal): Promise<void>;
  replicationStatus(region: string, bucket: string, key: string, signal: AbortSignal): Promise<string | undefined>;
  close(): void;
}

export const createS3Buckets = (settings: AwsS3Settings): S3Buckets => {
  const clients = createAwsClients(
    settings,
    settings.AWS_ENDPOINT_URL_S3,
    (options) => new (s3Sdk().S3Client)(options),
  );
  const inRegion = clients.reading;
  const call = async <T>(name: string, deed: () => Promise<T>): Promise<T> => {
    try {
      return await deed();
    } catch (error) {
      throw s3Failure(error, name);
    }
  };
  return {
    head: (region, bucket, abortSignal) =>
      call('HeadBucket', async () => {
        await inRegion(region).send(new (s3Sdk().HeadBucketCommand)({ Bucket: bucket }), { abortSignal });
      }),
    listOne: (region, bucket, abortSignal) =>
      call('ListObjectsV2', async () => {
        await inRegion(region).send(new (s3Sdk().ListObjectsV2Command)({ Bucket: bucket, MaxKeys: 1 }), {
          abortSignal,
        });
      }),
    replicationRules: (region, bucket, abortSignal) =>
      call('GetBucketReplication', async () => {
        try {
          const command = new (s3Sdk().GetBucketReplicationCommand)({ Bucket: bucket });
          const { ReplicationConfiguration } = await inRegion(region).send(command, { abortSignal });
          return (ReplicationConfiguration?.Rules ?? []).map(({ ID, Status, Destination }) => ({
            id: ID ?? 'without a name',
            enabled: Status === 'Enabled',
            bucket: Destination?.Bucket?.split(':::').at(-1) ?? '',
          }));
        } catch (error) {
          if (hasNoReplication(error)) return [];
          throw error;
        }
      }),
    newest: (region, bucket, abortSignal) =>
      call('ListObjectsV2', async () => {
        const command = new (s3Sdk().ListObjectsV2Command)({ Bucket: bucket, MaxKeys: 1000 });
        const { Contents = [] } = await inRegion(region).send(command, { abortSignal });
        const found = Contents.flatMap(({ Key, LastModified }) =>
          Key && LastModified ? [{ key: Key, modifiedAt: LastModified }] : [],
        );
        return found.sort((one, other) => other.modifiedAt.getTime() - one.modifiedAt.getTime())[0];
      }),
    read: (region, bucket, key, abortSignal) =>
      call('GetObject', async () => {
        const command = new (s3Sdk().GetObjectCommand)({ Bucket: bucket, Key: key, Range: 'bytes=0-0' });
        const { Body } = await inRegion(region).send(command, { abortSignal });
        await Body?.transformToByteArray();
      }),
    replicationStatus: (region, bucket, key, abortSignal) =>
      call('HeadObject', async () => {
        const command = new (s3Sdk().HeadObjectCommand)({ Bucket: bucket, Key: key });
        return (await inRegion(region).send(command, { abortSignal })).ReplicationStatus;
      }),
    close: clients.close,
  };
};
