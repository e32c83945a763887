import { ElastiCacheClient, IncreaseReplicaCountCommand } from '@aws-sdk/client-elasticache';
import { afterEach, expect, test } from 'vitest';
import { awsOptions } from '../../../src/systems/aws-options.ts';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';

let world: RecoveryWorld;
afterEach(() => world.close());

test('a group grows to the wanted replicas once, and a second run has nothing to do', async () => {
  world = await startRecoveryWorld();
  const written = { component: 'larder', at: 'south', replicas: 3 };
  const { output, seen } = await world.carryOut('elasticache/increase-replicas', written);
  expect(output['nodes']).toBe(4);
  expect(output['endpoint']).toMatch(/^larder-b\..*\.aps1\.cache\.amazonaws\.com$/);
  expect(seen).toContain('larder-b is modifying, 2 nodes');
  await world.carryOut('elasticache/increase-replicas', written);
  expect((await world.control('/ledger')).counts).toEqual({ 'elasticache:IncreaseReplicaCount': 1 });
});

test('an increase that is not applied immediately is refused', async () => {
  world = await startRecoveryWorld();
  const client = new ElastiCacheClient(awsOptions(world.sandbox.environment, 'ap-south-1'));
  const command = new IncreaseReplicaCountCommand({
    ReplicationGroupId: 'larder-b',
    NewReplicaCount: 2,
    ApplyImmediately: false,
  });
  await expect(client.send(command)).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
  client.destroy();
});
