import { awsOptions } from '../aws-options.ts';
import type { AwsS3Settings } from './config.ts';
import { s3Failure } from './errors.ts';
import { s3Sdk } from './sdk.ts';

/** Objects that nobody, not even the account's owner, can remove or replace before their time is over. */
export interface LockedObjects {
  write(name: string, text: string): Promise<void>;
  /** Every object's text, in the order of their names. */
  read(): Promise<{ name: string; text: string }[]>;
  close(): void;
}

const dayMilliseconds = 86_400_000;

/** A prefix in a bucket with Object Lock, written in COMPLIANCE mode for `days` days from `now`. */
export const createLockedObjects = (
  settings: AwsS3Settings,
  place: { bucket: string; prefix: string; days: number },
  now: () => Date,
): LockedObjects => {
  const client = new (s3Sdk().S3Client)(
    awsOptions(settings, settings.AWS_REGION ?? 'us-east-1', settings.AWS_ENDPOINT_URL_S3 ?? settings.AWS_ENDPOINT_URL),
  );
  const prefix = place.prefix === '' ? '' : `${place.prefix}/`;
  const call = async <T>(name: string, deed: () => Promise<T>): Promise<T> => {
    try {
      return await deed();
    } catch (error) {
      throw s3Failure(error, name);
    }
  };
  return {
    write: (name, text) =>
      call('PutObject', async () => {
        await client.send(
          new (s3Sdk().PutObjectCommand)({
            Bucket: place.bucket,
            Key: `${prefix}${name}`,
            Body: text,
            ContentType: 'application/json',
            // S3 takes a locked object only with a checksum of what it is.
            ChecksumAlgorithm: 'SHA256',
            ObjectLockMode: 'COMPLIANCE',
            ObjectLockRetainUntilDate: new Date(now().getTime() + place.days * dayMilliseconds),
          }),
        );
      }),
    read: () =>
      call('GetObject', async () => {
        const found: { name: string; text: string }[] = [];
        for (let after: string | undefined; ; ) {
          const listed = await client.send(
            new (s3Sdk().ListObjectsV2Command)({ Bucket: place.bucket, Prefix: prefix, ContinuationToken: after }),
          );
          for (const { Key } of listed.Contents ?? []) {
            if (!Key) continue;
            const { Body } = await client.send(new (s3Sdk().GetObjectCommand)({ Bucket: place.bucket, Key }));
            found.push({ name: Key.slice(prefix.length), text: (await Body?.transformToString()) ?? '' });
          }
          after = listed.NextContinuationToken;
          if (!listed.IsTruncated || after === undefined) return found;
        }
      }),
    close: () => client.destroy(),
  };
};
