import { PromoteReadReplicaCommand, RDSClient } from '@aws-sdk/client-rds';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { awsOptions, awsSettings } from '../../src/systems/aws-options.ts';
import { createAwsRds } from '../../src/systems/aws-rds/index.ts';
import { createRoles, sessionName } from '../../src/systems/aws-roles.ts';
import { type RecoveryWorld, startRecoveryWorld } from '../support/recovery-world.ts';

let world: RecoveryWorld;
beforeAll(async () => {
  world = await startRecoveryWorld();
});
afterEach(() => world.sandbox.context.faults.clear());
afterAll(() => world.close());

const environment = () => world.sandbox.environment as Record<string, string>;
const readRole = () => environment()['MAYDAY_AWS_READ_ROLE']!;
const writeRole = () => environment()['MAYDAY_AWS_WRITE_ROLE']!;
const refused = async () => (await world.control('/ledger')).refusals.at(-1);

test('what changes is done as the write role, in a session that names the run; looking is not', async () => {
  const before = world.sandbox.context.ledger.refusals().length;
  await world.carryOut('rds/promote-read-replica', { component: 'crates', at: 'south' });
  const { entries, refusals } = await world.control('/ledger');
  expect(entries).toMatchObject([
    { change: 'rds:PromoteReadReplica', by: 'arn:aws:sts::210987654321:assumed-role/mayday-write/mayday-run-1' },
  ]);
  // Whatever it asked before and after was asked as the other role: the write role may not look.
  expect(refusals).toHaveLength(before);
});

test('with credentials for reading AWS refuses a change, and with those for writing a look', async () => {
  const roles = createRoles(environment());
  const as = async (role: string) => {
    const taken = await roles.take(role, 'mayday-test', 'eu-north-1');
    return new RDSClient(awsOptions(environment(), 'eu-north-1', undefined, async () => taken));
  };
  const reader = await as(readRole());
  await expect(reader.send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: 'crates-b' }))).rejects.toMatchObject({
    name: 'AccessDenied',
    message: expect.stringContaining('assumed-role/mayday-read/mayday-test is not authorized to perform: rds:Promote'),
  });
  const { DescribeDBInstancesCommand } = await import('@aws-sdk/client-rds');
  const writer = await as(writeRole());
  await expect(writer.send(new DescribeDBInstancesCommand({}))).rejects.toMatchObject({ name: 'AccessDenied' });
  reader.destroy();
  writer.destroy();
});

test('without roles the usual credentials do both, and the account sees who it was', async () => {
  const { MAYDAY_AWS_READ_ROLE: _, MAYDAY_AWS_WRITE_ROLE: __, ...settings } = environment();
  const system = createAwsRds(settings, {} as never);
  const rename = system.actions.find(({ name }) => name === 'rds/rename-instance')!;
  const input = rename.resolve({ component: 'crates', at: 'south', name: 'crates-c' }, world.plan);
  await rename.act(input, world.step());
  expect((await world.control('/ledger')).entries.at(-1)).toMatchObject({
    change: 'rds:ModifyDBInstance',
    by: 'arn:aws:iam::210987654321:user/sandbox',
  });
  await system.close();
});

test('a role that is refused changes nothing, and says which role it was', async () => {
  const settings = { ...environment(), MAYDAY_AWS_WRITE_ROLE: 'arn:aws:iam::210987654321:role/another' };
  const system = createAwsRds(settings, {} as never);
  const promote = system.actions.find(({ name }) => name === 'rds/promote-read-replica')!;
  const input = promote.resolve({ component: 'crates', at: 'south' }, world.plan);
  const accepted = world.sandbox.context.ledger.entries().length;
  let asked = 0;
  const step = { ...world.step(), beforeChange: async () => AbortSignal.timeout(++asked) };
  await expect(promote.act(input, step)).rejects.toMatchObject({
    code: 'system/refused',
    effect: 'not-made',
    message: expect.stringMatching(/the role arn:aws:iam::210987654321:role\/another could not be taken on/),
  });
  // The time for the call itself had not begun.
  expect(asked).toBe(0);
  expect(world.sandbox.context.ledger.entries()).toHaveLength(accepted);
  expect(await refused()).toMatchObject({ call: 'sts:AssumeRole', code: 'AccessDenied' });
  await system.close();
});

test('credentials of one Region serve all, and a dark one keeps nobody waiting for its STS', async () => {
  const roles = createRoles({ ...environment(), AWS_REGION: 'ap-south-1' });
  world.sandbox.context.faults.add({ kind: 'region-down', region: 'eu-north-1' });
  const began = performance.now();
  const taken = await roles.take(readRole(), 'mayday-read', 'eu-north-1');
  // It asked the dark one first, and the other one soon.
  expect(performance.now() - began).toBeGreaterThan(1_000);
  const again = performance.now();
  expect(await roles.take(readRole(), 'mayday-read', 'eu-north-1')).toBe(taken);
  expect(performance.now() - again).toBeLessThan(100);
});

test('a session is replaced while it still has some minutes, so that a run may be longer than it', async () => {
  let passedMs = 0;
  const roles = createRoles(environment(), () => Date.now() + passedMs);
  const take = () => roles.take(writeRole(), 'mayday-r-1', 'eu-north-1');
  const first = await take();
  passedMs = 53 * 60_000;
  expect(await take()).toBe(first);
  passedMs = 55 * 60_000;
  const second = await take();
  expect(second.accessKeyId).not.toBe(first.accessKeyId);
  expect(second.expiration.getTime()).toBeGreaterThanOrEqual(first.expiration.getTime());
});

test('the sandbox knows temporary keys only with their token, until they expire, and takes no odd session', async () => {
  const taken = await createRoles(environment()).take(readRole(), 'mayday-read', 'eu-north-1');
  const who = (credentials: object) => {
    const client = new STSClient(awsOptions(environment(), 'eu-north-1', undefined, async () => credentials as never));
    return client.send(new GetCallerIdentityCommand({})).finally(() => client.destroy());
  };
  expect((await who(taken)).Arn).toBe('arn:aws:sts::210987654321:assumed-role/mayday-read/mayday-read');
  await expect(who({ ...taken, sessionToken: undefined })).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
  await expect(who({ ...taken, sessionToken: 'another' })).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
  const client = new STSClient(awsOptions(environment(), 'eu-north-1'));
  const take = (more: object) =>
    client.send(new AssumeRoleCommand({ RoleArn: readRole(), RoleSessionName: 'mayday-read', ...more }));
  await expect(take({ RoleSessionName: 'run 1' })).rejects.toMatchObject({ name: 'ValidationError' });
  await expect(take({ DurationSeconds: 60 })).rejects.toMatchObject({ name: 'ValidationError' });
  await expect(take({ DurationSeconds: 7200 })).rejects.toMatchObject({ name: 'ValidationError' });
  client.destroy();
});

test('a session is named as AWS takes it, whatever a run is called', () => {
  expect(sessionName('mayday-r-7k3f9qwe')).toBe('mayday-r-7k3f9qwe');
  expect(sessionName(`mayday-r/1 ü${'x'.repeat(80)}`)).toMatch(/^[\w+=,.@-]{64}$/);
  expect(awsSettings.MAYDAY_AWS_READ_ROLE.safeParse('mayday-read').success).toBe(false);
});
