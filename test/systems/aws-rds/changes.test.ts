import { join } from 'node:path';
import { RDSClient, RebootDBInstanceCommand } from '@aws-sdk/client-rds';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAwsRds } from '../../../src/systems/aws-rds/index.ts';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';
import { closingOn, startTcpProxy } from '../../support/tcp-proxy.ts';

let world: RecoveryWorld;
beforeEach(async () => {
  world = await startRecoveryWorld({ planFile: join(import.meta.dirname, '../../support/harbour.yml'), speed: 100 });
});
afterEach(() => world.close());

const east = { component: 'ledgers', at: 'east' };
const instance = async (id: string) =>
  (await world.control('/world')).instances.find((one: { id: string }) => one.id === id);
const counts = async () => (await world.control('/ledger')).counts;

test('a failover within the Region is done when the instance is in its other zone, and SQL is refused meanwhile', async () => {
  const refused: string[] = [];
  const asking = setInterval(() => {
    void world.ask('postgres/answers', east).then(({ answer }) => refused.push(answer));
  }, 50);
  const { output, seen } = await world.carryOut('rds/reboot-with-failover', east);
  clearInterval(asking);
  expect(output).toMatchObject({ instance: 'ledgers-a', from: 'eu-west-1a', to: 'eu-west-1b' });
  expect(seen).toContain('ledgers-a is rebooting, primary, in eu-west-1a');
  expect(seen.some((one) => one.includes('does not show the new zone yet'))).toBe(true);
  expect(refused).toContain('no');
  expect((await world.ask('postgres/accepts-writes', east)).answer).toBe('yes');
  expect(await counts()).toMatchObject({ 'rds:RebootDBInstance': 1, 'rds:AddTagsToResource': 1 });
});

test('the same step never reboots twice, and another one does', async () => {
  await world.carryOut('rds/reboot-with-failover', east);
  await world.carryOut('rds/reboot-with-failover', east);
  const action = world.action('rds/reboot-with-failover');
  const input = action.resolve(east, world.plan);
  await action.act(input, world.step());
  expect((await counts())['rds:RebootDBInstance']).toBe(1);
  expect((await action.observe(input, { ...world.step(), key: 'run-2/step-1' })).state).toBe('todo');
});

test('an instance without a standby is not rebooted, and RDS would refuse it too', async () => {
  const charts = { component: 'charts', at: 'east' };
  const wanted = world.carryOut('rds/reboot-with-failover', charts);
  await expect(wanted).rejects.toThrow('charts-a is available, primary, in eu-west-1a, and has no standby');
  const { environment } = world.sandbox;
  const client = new RDSClient({
    region: 'eu-west-1',
    endpoint: environment['AWS_ENDPOINT_URL']!,
    credentials: {
      accessKeyId: environment['AWS_ACCESS_KEY_ID']!,
      secretAccessKey: environment['AWS_SECRET_ACCESS_KEY']!,
    },
  });
  const direct = client.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: 'charts-a', ForceFailover: true }));
  await expect(direct).rejects.toMatchObject({ name: 'InvalidParameterCombination' });
  client.destroy();
});

test('an instance is renamed, its old name is free, and its name can be given back', async () => {
  const written = { ...east, name: 'ledgers-a-old' };
  const action = world.action('rds/rename-instance');
  const input = action.input.parse(action.resolve(written, world.plan));
  if ('no' in action.reversible) throw new Error('it can be taken back');
  const undo = action.reversible;
  const before = await undo.before(input, world.step());
  const { output } = await world.carryOut('rds/rename-instance', written);
  expect(output).toMatchObject({ instance: 'ledgers-a-old', region: 'eu-west-1' });
  expect(output['endpoint']).toMatch(/^ledgers-a-old\./);
  expect(await instance('ledgers-a')).toBeUndefined();
  expect((await instance('ledgers-b')).source).toBe('ledgers-a-old');

  expect((await undo.observe(input, before, world.step())).state).toBe('todo');
  await undo.act(input, before, world.step());
  await expect
    .poll(async () => (await undo.observe(input, before, world.step())).state, { timeout: 15_000 })
    .toBe('done');
  expect((await instance('ledgers-a')).endpoint).toBe('ledgers-a.cpqr.eu-west-1.rds.amazonaws.com');
});

/** The renaming of one instance, and the same over a way to AWS that can be held and cut. */
const renamingBehindProxy = async () => {
  const aws = new URL(world.sandbox.environment['AWS_ENDPOINT_URL']!);
  const proxy = await startTcpProxy({ host: aws.hostname, port: Number(aws.port) });
  const behind = createAwsRds(
    { ...world.sandbox.environment, AWS_ENDPOINT_URL: `http://127.0.0.1:${proxy.port}` },
    {} as never,
  ).actions.find(({ name }) => name === 'rds/rename-instance')!;
  const action = world.action('rds/rename-instance');
  const input = action.input.parse(action.resolve({ ...east, name: 'ledgers-a-old' }, world.plan));
  return { proxy, behind, action, input };
};

test('a rename that takes effect between the answers for its two names is neither two instances nor none', async () => {
  const { proxy, behind, action, input } = await renamingBehindProxy();
  if ('no' in action.reversible || 'no' in behind.reversible) throw new Error('it can be taken back');
  const before = await action.reversible.before(input, world.step());
  /** Looks, and lets that happen after the old name was answered for and before the new one is. */
  const torn = async (look: () => Promise<{ state: string }>, happen: () => Promise<unknown>, name: string) => {
    const held = proxy.watch({ fits: (text) => text.includes('DBInstanceIdentifier=ledgers-a-old'), hold: 'request' });
    const looking = look();
    await held.whenReached;
    await happen();
    await expect.poll(async () => (await instance(name))?.status, { timeout: 5_000 }).toBe('available');
    held.release();
    return (await looking).state;
  };
  const renaming = () => action.act(input, world.step());
  expect(await torn(() => behind.observe(input, world.step()), renaming, 'ledgers-a-old')).toBe('done');
  const { reversible: back } = action;
  const { reversible: backBehind } = behind;
  const givingBack = () => back.act(input, before, world.step());
  expect(await torn(() => backBehind.observe(input, before, world.step()), givingBack, 'ledgers-a')).toBe('done');
  await proxy.close();
});

test('a look whose kept connection was just closed is asked once more; a change is not sent again', async () => {
  const { proxy, behind, input } = await renamingBehindProxy();
  const look = () => behind.observe(input, world.step());
  expect(await closingOn(proxy, 'Action=DescribeDBInstances', look)).toMatchObject({ state: 'todo' });
  const change = closingOn(proxy, 'Action=ModifyDBInstance', () => behind.act(input, world.step()));
  await expect(change).rejects.toMatchObject({ effect: 'maybe-made' });
  expect((await counts())['rds:ModifyDBInstance']).toBeUndefined();
  await proxy.close();
});

test('an old primary makes room for a replica of the new one', async () => {
  const replica = { ...east, 'source-at': 'west' };
  await world.carryOut('rds/promote-read-replica', { component: 'ledgers', at: 'west' });
  const early = world.carryOut('rds/create-read-replica', replica);
  await expect(early).rejects.toThrow('ledgers-a is available, primary, and no replica of ledgers-b in us-west-1');
  const kind = createAwsRds(world.sandbox.environment, {} as never).kinds.find(
    ({ name }) => name === 'rds-postgresql',
  )!;
  const ledgers = world.plan.component('ledgers');
  const [aside, anew] = kind.resynchronise!(ledgers, { from: 'west', to: 'east' }, world.plan, 'abc234');
  await world.carryOut(aside!.uses, aside!.with);
  expect((await instance('ledgers-a-abc234')).role).toBe('primary');
  const { output, seen } = await world.carryOut(anew!.uses, anew!.with);
  expect(output).toEqual({
    endpoint: 'ledgers-a.cpqr.eu-west-1.rds.amazonaws.com',
    instance: 'ledgers-a',
    region: 'eu-west-1',
  });
  expect(seen).toContain('ledgers-a is creating, replica of ledgers-b');
  const [rows] = await world.sql('ledgers-a', 'SELECT count(*)::int AS n FROM pulse');
  expect(rows!['n']).toBeGreaterThan(1000);
  // The next call after it still goes where it should: signing for two Regions must not lead the client astray.
  expect((await world.ask('rds/instance-available', east)).facts).toEqual({ status: 'available', role: 'replica' });
  expect((await counts())['rds:CreateDBInstanceReadReplica']).toBe(1);
}, 30_000);

test('the lag of a replica is read from CloudWatch', async () => {
  const written = { component: 'ledgers', at: 'west', below: '60s' };
  await expect.poll(async () => (await world.ask('rds/lag-below', written)).answer, { timeout: 10_000 }).toBe('yes');
  await world.control('/lag', { seconds: 240 });
  const behind = await world.ask('rds/lag-below', written);
  expect(behind).toMatchObject({ answer: 'no', facts: { seconds: 240 } });
  expect((await world.ask('rds/lag-below', { ...written, at: 'east' })).answer).toBe('unknown');
  await world.control('/faults', { kind: 'region-down', region: 'us-west-1' });
  expect((await world.ask('rds/lag-below', written)).answer).toBe('unknown');
});

test('a blue/green deployment is switched over once', async () => {
  const written = { deployment: 'bgd-harbour1', at: 'east' };
  const { output, seen } = await world.carryOut('rds/switchover-blue-green', written);
  expect(output).toEqual({ deployment: 'bgd-harbour1', target: 'green' });
  expect(seen).toContain('bgd-harbour1 is SWITCHOVER_IN_PROGRESS');
  await world.carryOut('rds/switchover-blue-green', written);
  expect(await counts()).toEqual({ 'rds:SwitchoverBlueGreenDeployment': 1 });
  const none = world.carryOut('rds/switchover-blue-green', { ...written, deployment: 'bgd-none' });
  await expect(none).rejects.toThrow('there is no deployment bgd-none');
});
