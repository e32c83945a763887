import { PromoteReadReplicaCommand, RDSClient } from '@aws-sdk/client-rds';
import { afterEach, expect, test } from 'vitest';
import { awsOptions } from '../../../src/systems/aws-options.ts';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';

let world: RecoveryWorld;
afterEach(() => world.close());

test('a replica is promoted once, is available before it is a primary, and then accepts writes', async () => {
  world = await startRecoveryWorld();
  expect((await world.ask('postgres/accepts-writes', { component: 'crates', at: 'south' })).answer).toBe('no');

  const { output, seen } = await world.carryOut('rds/promote-read-replica', { component: 'crates', at: 'south' });

  expect(output).toEqual({
    endpoint: 'crates-b.cxyz.ap-south-1.rds.amazonaws.com',
    port: 5432,
    instance: 'crates-b',
    region: 'ap-south-1',
  });
  expect(seen).toEqual([
    'crates-b is available, replica of crates-a',
    'crates-b is modifying, replica of crates-a',
    'crates-b is rebooting, replica of crates-a',
    'crates-b is available, primary',
  ]);
  expect((await world.ask('postgres/accepts-writes', { component: 'crates', at: 'south' })).answer).toBe('yes');
  const { entries, counts } = await world.control('/ledger');
  expect(counts).toEqual({ 'rds:PromoteReadReplica': 1 });
  expect(entries[0].resource).toBe('rds:ap-south-1:crates-b');
  const seconds = (Date.parse(entries[0].visibleAt) - Date.parse(entries[0].acceptedAt)) / 1000;
  expect(seconds).toBeGreaterThan(140);
});

test('promoting what is no replica is refused with the code of the real service', async () => {
  world = await startRecoveryWorld();
  const client = new RDSClient(awsOptions(world.sandbox.environment, 'eu-north-1'));
  const promise = client.send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: 'crates-a' }));
  await expect(promise).rejects.toMatchObject({ name: 'InvalidDBInstanceStateFault' });
  const { refusals, counts } = await world.control('/ledger');
  expect(refusals).toMatchObject([{ call: 'rds:PromoteReadReplica', code: 'InvalidDBInstanceState' }]);
  expect(counts).toEqual({});
  client.destroy();
});

test('a promotion whose answer is lost is unknown, and is not sent again by whoever looks', async () => {
  world = await startRecoveryWorld({ speed: 20 });
  world.sandbox.context.faults.add({ kind: 'timeout', change: 'rds:PromoteReadReplica', times: 1 });
  const action = world.action('rds/promote-read-replica');
  const input = action.resolve({ component: 'crates', at: 'south' }, world.plan);
  await expect(action.act(input, world.step())).rejects.toMatchObject({ code: 'system/unknown', effect: 'maybe-made' });
  expect((await action.observe(input, world.step())).state).toBe('changing');
  expect((await world.control('/ledger')).counts).toEqual({ 'rds:PromoteReadReplica': 1 });
});

test('credentials of another account make a promotion impossible', async () => {
  world = await startRecoveryWorld();
  const action = world.action('rds/promote-read-replica');
  const input = { ...action.resolve({ component: 'crates', at: 'south' }, world.plan), account: '999999999999' };
  const observed = await action.observe(input, world.step());
  expect(observed).toEqual({
    state: 'impossible',
    seen: 'the credentials lead to account 210987654321, the plan is for 999999999999',
  });
});
