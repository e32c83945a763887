import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';

let world: RecoveryWorld;
beforeEach(async () => {
  world = await startRecoveryWorld();
});
afterEach(() => world.close());

const barn = { component: 'barn', at: 'south' };
const replication = { component: 'barn', from: 'north', at: 'south' };

test('an enabled rule to the other bucket is found, a disabled one and none at all are not', async () => {
  expect(await world.ask('s3/replication-enabled', replication)).toMatchObject({
    answer: 'yes',
    because: 'rule to-ap-south-1 of barn-a copies to barn-b',
    facts: { rule: 'to-ap-south-1' },
  });
  await world.control('/buckets', { bucket: 'barn-a', replicationPaused: true });
  expect(await world.ask('s3/replication-enabled', replication)).toMatchObject({
    answer: 'no',
    because: 'the rules of barn-a for barn-b are disabled: to-ap-south-1',
  });
  const back = await world.ask('s3/replication-enabled', { component: 'barn', from: 'south', at: 'north' });
  expect(back).toMatchObject({ answer: 'no', because: 'barn-b has no rule that copies to barn-a' });
  await world.control('/faults', { kind: 'region-down', region: 'eu-north-1' });
  expect((await world.ask('s3/replication-enabled', replication)).answer).toBe('unknown');
});

test('who may not use a bucket is told which permission lacks', async () => {
  expect((await world.ask('s3/access', barn)).answer).toBe('yes');
  await world.control('/buckets', { bucket: 'barn-b', closed: true });
  expect(await world.ask('s3/access', barn)).toMatchObject({
    answer: 'no',
    facts: { missing: 's3:ListBucket on arn:aws:s3:::barn-b' },
  });
  await world.control('/faults', { kind: 'region-down', region: 'ap-south-1' });
  expect((await world.ask('s3/access', barn)).answer).toBe('unknown');
});
