import { DescribeDBInstancesCommand, PromoteReadReplicaCommand, RDSClient } from '@aws-sdk/client-rds';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { awsFailure } from '../../src/systems/aws-failure.ts';
import { awsOptions } from '../../src/systems/aws-options.ts';
import { type RecoveryWorld, startRecoveryWorld } from '../support/recovery-world.ts';

let world: RecoveryWorld;
beforeEach(async () => {
  world = await startRecoveryWorld();
});
afterEach(() => world.close());

const promote = async (settings: Record<string, string>, instance = 'crates-b'): Promise<unknown> => {
  const client = new RDSClient(awsOptions(settings, 'ap-south-1'));
  try {
    return await client.send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: instance }));
  } catch (error) {
    return awsFailure(error, 'promote', true);
  } finally {
    client.destroy();
  }
};

test('a change that nobody took was not made', async () => {
  const nobody = { ...world.sandbox.environment, AWS_ENDPOINT_URL: 'http://127.0.0.1:1' };
  expect(await promote(nobody)).toMatchObject({ code: 'system/unavailable', effect: 'not-made', retryable: true });
});

test('a change that was refused was not made, and asking again does not help', async () => {
  const missing = await promote(world.sandbox.environment, 'nobody');
  expect(missing).toMatchObject({ code: 'system/refused', effect: 'not-made', retryable: false });
  const stranger = await promote({ ...world.sandbox.environment, AWS_ACCESS_KEY_ID: 'AKIASTRANGER' });
  expect(stranger).toMatchObject({ code: 'system/refused' });
});

test('a change that ended in a server error may have been made; a look that did was only not answered', async () => {
  await world.control('/faults', { kind: 'error', change: 'rds:PromoteReadReplica' });
  expect(await promote(world.sandbox.environment)).toMatchObject({ code: 'system/unknown', effect: 'maybe-made' });
  await world.control('/faults', { kind: 'error', change: 'rds:DescribeDBInstances' });
  const client = new RDSClient(awsOptions(world.sandbox.environment, 'ap-south-1'));
  const failed = await client
    .send(new DescribeDBInstancesCommand({}))
    .catch((error) => awsFailure(error, 'look', false));
  expect(failed).toMatchObject({ code: 'system/unavailable', effect: 'not-made' });
  client.destroy();
});

test('a cluster that takes a change and never answers leaves it unknown, and a second look finds it done', async () => {
  await world.control('/faults', { kind: 'timeout', change: 'kubernetes:PatchConfigMap', times: 1 });
  const action = world.action('kubernetes/patch-configmap');
  const written = { cluster: 'south', namespace: 'cider', configmap: 'storage', data: { level: 'high' } };
  const input = action.input.parse(action.resolve(written, world.plan));
  await expect(action.act(input, world.step())).rejects.toMatchObject({ code: 'system/unknown', effect: 'maybe-made' });
  expect((await action.observe(input, world.step())).state).toBe('done');
  expect((await world.control('/ledger')).counts).toEqual({ 'kubernetes:PatchConfigMap': 1 });
});
