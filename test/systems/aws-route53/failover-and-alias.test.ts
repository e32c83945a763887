import { join } from 'node:path';
import { ChangeResourceRecordSetsCommand, Route53Client } from '@aws-sdk/client-route-53';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAwsRoute53 } from '../../../src/systems/aws-route53/index.ts';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';

let world: RecoveryWorld;
beforeEach(async () => {
  world = await startRecoveryWorld({ planFile: join(import.meta.dirname, '../../support/harbour.yml') });
});
afterEach(() => world.close());

const records = async (name: string) =>
  (await world.control('/world')).records.filter(
    (record: { name: string }) => record.name === `${name}.harbour.example.`,
  );
const counts = async () => (await world.control('/ledger')).counts;
const answers = (component: string, at: string) =>
  expect.poll(async () => (await world.ask('dns/answers', { component, at })).answer, { timeout: 10_000 }).toBe('yes');
const roles = async (component: string, places: string[]) => {
  const view = world.plan.component(component);
  const kind = createAwsRoute53(world.sandbox.environment, {} as never).kinds.find(({ name }) => name === view.kind)!;
  return Promise.all(places.map(async (place) => (await kind.role!(view, place, world.plan, world.step())).role));
};

test('the primary changes with the secondary in one batch, and health checks follow their values', async () => {
  expect(await roles('beacon', ['east', 'west', 'far'])).toEqual(['active', 'standby', 'standby']);
  const { output, seen } = await world.carryOut('route53/switch-failover', { component: 'beacon', to: 'west' });
  expect(output).toEqual({ name: 'beacon.harbour.example', value: '192.0.2.60' });
  expect(seen).toEqual([
    'beacon.harbour.example: primary 192.0.2.50, secondary 192.0.2.60',
    'beacon.harbour.example: primary 192.0.2.60, secondary 192.0.2.50',
  ]);
  expect(await counts()).toEqual({ 'route53:ChangeResourceRecordSets': 1 });
  const found = await records('beacon');
  expect(found.find((one: any) => one.failover === 'PRIMARY')).toMatchObject({ healthCheckId: 'hc-west' });
  expect(await roles('beacon', ['east', 'west', 'far'])).toEqual(['standby', 'active', 'standby']);
  await answers('beacon', 'west');
});

test('a third place replaces the primary, which becomes the secondary', async () => {
  await world.carryOut('route53/switch-failover', { component: 'beacon', to: 'far' });
  const found = await records('beacon');
  const value = (role: string) => found.find((one: any) => one.failover === role)?.values;
  expect([found.length, value('PRIMARY'), value('SECONDARY')]).toEqual([2, ['192.0.2.70'], ['192.0.2.50']]);
});

test('when the primary’s Region is down, its health check fails and the name answers the secondary', async () => {
  const status = { 'health-check': 'hc-east' };
  expect(await world.ask('route53/health-check-status', status)).toMatchObject({
    answer: 'yes',
    facts: { status: 'healthy', checkers: 16, healthy: 16 },
  });
  await world.control('/faults', { kind: 'region-down', region: 'eu-west-1' });
  await expect
    .poll(async () => (await world.ask('route53/health-check-status', status)).answer, { timeout: 10_000 })
    .toBe('no');
  expect((await world.ask('route53/health-check-status', { ...status, wants: 'unhealthy' })).answer).toBe('yes');
  await answers('beacon', 'west');
  expect(await counts()).toEqual({});
  const unknown = await world.ask('route53/health-check-status', { 'health-check': 'hc-none' });
  expect(unknown).toMatchObject({ answer: 'unknown', because: expect.stringContaining('NoSuchHealthCheck') });
});

test('an alias is switched, and the name answers the addresses of its target', async () => {
  await answers('gangway', 'east');
  const { output } = await world.carryOut('route53/switch-alias', { component: 'gangway', to: 'west' });
  expect(output).toEqual({ name: 'gangway.harbour.example', value: 'quay-2.us-west-1.elb.amazonaws.com' });
  expect(await roles('gangway', ['east', 'west'])).toEqual(['standby', 'active']);
  await answers('gangway', 'west');
  await world.carryOut('route53/switch-alias', { component: 'gangway', to: 'west' });
  expect(await counts()).toEqual({ 'route53:ChangeResourceRecordSets': 1 });
});

test('Route 53 refuses two primaries, weights beside failover, and an unknown health check', async () => {
  const { environment } = world.sandbox;
  const client = new Route53Client({
    region: 'us-east-1',
    endpoint: environment['AWS_ENDPOINT_URL']!,
    credentials: {
      accessKeyId: environment['AWS_ACCESS_KEY_ID']!,
      secretAccessKey: environment['AWS_SECRET_ACCESS_KEY']!,
    },
  });
  const create = (more: object) =>
    client.send(
      new ChangeResourceRecordSetsCommand({
        HostedZoneId: 'ZHARBOUR',
        ChangeBatch: {
          Changes: [
            {
              Action: 'CREATE',
              ResourceRecordSet: {
                Name: 'beacon.harbour.example',
                Type: 'A',
                TTL: 30,
                SetIdentifier: 'new',
                ResourceRecords: [{ Value: '192.0.2.99' }],
                ...more,
              },
            },
          ],
        },
      }),
    );
  await expect(create({ Failover: 'PRIMARY' })).rejects.toMatchObject({ name: 'InvalidChangeBatch' });
  await expect(create({ Weight: 10 })).rejects.toMatchObject({ name: 'InvalidChangeBatch' });
  await expect(create({ Failover: 'SECONDARY', HealthCheckId: 'hc-none' })).rejects.toMatchObject({
    name: 'NoSuchHealthCheck',
  });
  client.destroy();
});

test('traffic comes back little by little, and an undo goes back to the weights before', async () => {
  await world.carryOut('route53/switch-weights', { component: 'mole', to: 'west' });
  const weights = async () => {
    const found = await records('mole');
    return ['192.0.2.80', '192.0.2.90'].map((value) => found.find((one: any) => one.values[0] === value).weight);
  };
  expect(await weights()).toEqual([0, 100]);
  const action = world.action('route53/switch-weights');
  if ('no' in action.reversible) throw new Error('it can be taken back');
  const undo = action.reversible;
  let input: unknown;
  let before: Awaited<ReturnType<typeof undo.before>> = null;
  for (const percent of [10, 50, 100]) {
    const written = { component: 'mole', to: 'east', percent };
    input = action.input.parse(action.resolve(written, world.plan));
    before = await undo.before(input, world.step());
    await world.carryOut('route53/switch-weights', written);
    expect(await weights()).toEqual([percent, 100 - percent]);
  }
  await undo.act(input, before, world.step());
  expect(await weights()).toEqual([50, 50]);
});
