import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, expect, test } from 'vitest';
import { awsOptions } from '../../../src/systems/aws-options.ts';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';

let world: RecoveryWorld;
afterEach(() => world.close());

const written = { component: 'barn', from: 'north', at: 'south' };

test('a replica serves, and says how far it is behind while its source answers', async () => {
  world = await startRecoveryWorld({ speed: 20 });
  const before = await world.ask('s3/replica-serves', written);
  expect(before).toMatchObject({
    answer: 'yes',
    facts: { bucket: 'barn-b', region: 'ap-south-1', replication: 'complete' },
  });
  const client = new S3Client(awsOptions(world.sandbox.environment, 'eu-north-1'));
  await client.send(new PutObjectCommand({ Bucket: 'barn-a', Key: 'new.json', Body: '{}' }));
  expect((await world.ask('s3/replica-serves', written)).facts).toMatchObject({ replication: 'behind' });
  await expect
    .poll(async () => (await world.ask('s3/replica-serves', written)).facts?.['replication'], { timeout: 5000 })
    .toBe('complete');
  client.destroy();
});

test('with its source dead, the replica still serves and replication is unknown', async () => {
  world = await startRecoveryWorld();
  world.sandbox.context.faults.add({ kind: 'region-down', region: 'eu-north-1' });
  const startedAt = performance.now();
  const answer = await world.ask('s3/replica-serves', written);
  expect(answer).toMatchObject({ answer: 'yes', facts: { bucket: 'barn-b', replication: 'unknown' } });
  expect((await world.ask('s3/reachable', { component: 'barn', at: 'north' })).answer).toBe('no');
  expect(performance.now() - startedAt).toBeLessThan(8000);
});
