import {
  CreateBucketCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { awsOptions } from '../../../src/systems/aws-options.ts';
import { createLockedObjects, type LockedObjects } from '../../../src/systems/aws-s3/index.ts';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';

let world: RecoveryWorld;
let client: S3Client;
let objects: LockedObjects;
const region = 'eu-north-1';
beforeEach(async () => {
  world = await startRecoveryWorld();
  client = new S3Client(awsOptions(world.sandbox.environment, region));
  await client.send(new CreateBucketCommand({ Bucket: 'audit', ObjectLockEnabledForBucket: true }));
  await client.send(new CreateBucketCommand({ Bucket: 'plain' }));
  objects = place('audit');
});
afterEach(async () => {
  objects.close();
  client.destroy();
  await world.close();
});

const place = (bucket: string) =>
  createLockedObjects(
    { ...world.sandbox.environment, AWS_REGION: region },
    { bucket, prefix: 'mayday', days: 30 },
    () => new Date(),
  );

test('what is written is locked for its days, read back in order, and cannot be removed', async () => {
  await objects.write('checkpoint-2.json', 'two');
  await objects.write('checkpoint-1.json', 'one');
  expect(await objects.read()).toEqual([
    { name: 'checkpoint-1.json', text: 'one' },
    { name: 'checkpoint-2.json', text: 'two' },
  ]);
  const Key = 'mayday/checkpoint-1.json';
  const head = await client.send(new HeadObjectCommand({ Bucket: 'audit', Key }));
  expect(head.ObjectLockMode).toBe('COMPLIANCE');
  expect(head.ObjectLockRetainUntilDate!.getTime()).toBeGreaterThan(Date.now() + 29 * 86_400_000);
  await expect(
    client.send(
      new DeleteObjectCommand({ Bucket: 'audit', Key, VersionId: head.VersionId, BypassGovernanceRetention: true }),
    ),
  ).rejects.toMatchObject({ name: 'AccessDenied' });
});

test('writing over it leaves the version that was there', async () => {
  await objects.write('checkpoint-1.json', 'one');
  await objects.write('checkpoint-1.json', 'forged');
  const Key = 'mayday/checkpoint-1.json';
  const head = await client.send(new HeadObjectCommand({ Bucket: 'audit', Key, VersionId: 'version-1' }));
  expect(head.ContentLength).toBe(3);
});

test('S3 refuses a lock without a checksum, without a date, in the past, or in a bucket that has none', async () => {
  const put = (more: object) =>
    client.send(new PutObjectCommand({ Bucket: 'audit', Key: 'x', Body: 'x', ChecksumAlgorithm: 'SHA256', ...more }));
  const soon = new Date(Date.now() + 60_000);
  await expect(put({ ObjectLockMode: 'COMPLIANCE' })).rejects.toMatchObject({ name: 'InvalidArgument' });
  await expect(put({ ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: new Date(0) })).rejects.toMatchObject({
    name: 'InvalidArgument',
    message: expect.stringContaining('future'),
  });
  await expect(
    put({ Bucket: 'plain', ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: soon }),
  ).rejects.toMatchObject({ name: 'InvalidRequest', message: expect.stringContaining('missing Object Lock') });
  client.middlewareStack.add(
    (next) => async (given) => {
      const { headers } = given.request as { headers: Record<string, string> };
      for (const name of Object.keys(headers)) if (/^(x-amz-checksum-|content-md5)/i.test(name)) delete headers[name];
      return next(given);
    },
    { step: 'build', priority: 'low' },
  );
  await expect(put({ ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: soon })).rejects.toMatchObject({
    name: 'InvalidRequest',
    message: expect.stringContaining('is required'),
  });
});

test('a bucket without Object Lock is told as such', async () => {
  const other = place('plain');
  await expect(other.write('x', 'x')).rejects.toMatchObject({ code: 'system/refused' });
  other.close();
});
