import { join } from 'node:path';
import { AutoScalingClient, SetDesiredCapacityCommand } from '@aws-sdk/client-auto-scaling';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';

let world: RecoveryWorld;
beforeEach(async () => {
  world = await startRecoveryWorld({ planFile: join(import.meta.dirname, '../../support/harbour.yml') });
});
afterEach(() => world.close());

const west = { component: 'tugs', at: 'west' };

test('a group gets its capacity and is done when so many are in service', async () => {
  const { output, seen } = await world.carryOut('autoscaling/set-capacity', { ...west, capacity: 5 });
  expect(output).toEqual({ group: 'tugs-b', capacity: 5, inService: 5 });
  expect(seen).toContain('tugs-b: 2 of 5 instances in service, at most 14');
  await world.carryOut('autoscaling/set-capacity', { ...west, capacity: 5 });
  expect((await world.control('/ledger')).counts).toEqual({ 'autoscaling:SetDesiredCapacity': 1 });
});

test('more than the group may have is refused, here and by AWS', async () => {
  const wanted = world.carryOut('autoscaling/set-capacity', { ...west, capacity: 15 });
  await expect(wanted).rejects.toThrow('15 is outside of 0 to 14, so nothing was changed');
  const { environment } = world.sandbox;
  const client = new AutoScalingClient({
    region: 'us-west-1',
    endpoint: environment['AWS_ENDPOINT_URL']!,
    credentials: {
      accessKeyId: environment['AWS_ACCESS_KEY_ID']!,
      secretAccessKey: environment['AWS_SECRET_ACCESS_KEY']!,
    },
  });
  const direct = client.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: 'tugs-b', DesiredCapacity: 15 }));
  await expect(direct).rejects.toMatchObject({ name: 'ValidationError' });
  client.destroy();
});

test('running instances are counted over all pages, by tag or all', async () => {
  const east = { at: 'east', 'at-least': 7 };
  expect(await world.ask('ec2/instances-running', east)).toMatchObject({ answer: 'yes', facts: { running: 7 } });
  expect((await world.ask('ec2/instances-running', { ...east, 'at-least': 8 })).answer).toBe('no');
  const tagged = (tag: string) => world.ask('ec2/instances-running', { ...east, tag });
  expect((await tagged('aws:autoscaling:groupName=tugs-a')).facts).toEqual({ running: 7 });
  expect((await tagged('Name=somebody-else')).facts).toEqual({ running: 0 });
  await world.control('/faults', { kind: 'region-down', region: 'eu-west-1' });
  expect((await world.ask('ec2/instances-running', east)).answer).toBe('unknown');
});
