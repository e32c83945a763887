import { DeleteDBInstanceCommand, RDSClient, RestoreDBInstanceToPointInTimeCommand } from '@aws-sdk/client-rds';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { awsOptions } from '../../src/systems/aws-options.ts';
import { type RecoveryWorld, startRecoveryWorld } from '../support/recovery-world.ts';

let world: RecoveryWorld;
let rds: RDSClient;
beforeEach(async () => {
  world = await startRecoveryWorld();
  rds = new RDSClient(awsOptions(world.sandbox.environment, 'eu-north-1'));
});
afterEach(async () => {
  rds.destroy();
  await world.close();
});

const restore = (more: object) =>
  rds.send(
    new RestoreDBInstanceToPointInTimeCommand({
      SourceDBInstanceIdentifier: 'crates-a',
      TargetDBInstanceIdentifier: 'crates-back',
      UseLatestRestorableTime: true,
      ...more,
    }),
  );

test('RDS refuses what the real one refuses, and each refusal names its source', async () => {
  await expect(restore({ SourceDBInstanceIdentifier: 'nobody' })).rejects.toMatchObject({
    name: 'DBInstanceNotFoundFault',
  });
  await expect(restore({ TargetDBInstanceIdentifier: 'crates-a' })).rejects.toMatchObject({
    name: 'DBInstanceAlreadyExistsFault',
  });
  await expect(restore({ RestoreTime: new Date() })).rejects.toMatchObject({ name: 'InvalidParameterCombination' });
  await expect(rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'crates-a' }))).rejects.toMatchObject({
    name: 'InvalidParameterCombination',
  });
  const { refusals, counts } = await world.control('/ledger');
  expect(refusals).toHaveLength(4);
  for (const refusal of refusals) expect(refusal.source).toMatch(/RDS API/);
  expect(counts).toEqual({});
});

test('a parameter that the model of the SDK does not have is refused', async () => {
  rds.middlewareStack.add(
    (next) => async (given) => {
      const request = given.request as { body: string; headers: Record<string, string> };
      request.body += '&Sneaky=1';
      request.headers['content-length'] = String(request.body.length);
      return next(given);
    },
    { step: 'build', priority: 'low' },
  );
  await expect(restore({})).rejects.toMatchObject({ name: 'MalformedInput' });
});

test('a fault refuses a change without carrying it out, and slowness stretches it', async () => {
  await world.control('/faults', { kind: 'error', change: 'rds:RestoreDBInstanceToPointInTime', times: 1 });
  await expect(restore({})).rejects.toMatchObject({ $metadata: { httpStatusCode: 500 } });
  expect((await world.control('/ledger')).counts).toEqual({});
  await world.control('/faults', { kind: 'slow', change: 'rds:RestoreDBInstanceToPointInTime', factor: 3 });
  await restore({});
  await expect
    .poll(async () => (await world.control('/ledger')).entries[0].visibleAt, { timeout: 15_000 })
    .toBeDefined();
  const [entry] = (await world.control('/ledger')).entries;
  expect(Date.parse(entry.visibleAt) - Date.parse(entry.acceptedAt)).toBeGreaterThan(700_000);
});

test('STS names the account of the plan', async () => {
  const sts = new STSClient(awsOptions(world.sandbox.environment, 'eu-north-1'));
  expect((await sts.send(new GetCallerIdentityCommand({}))).Account).toBe('210987654321');
  sts.destroy();
});
