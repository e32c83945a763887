import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChangeResourceRecordSetsCommand, Route53Client } from '@aws-sdk/client-route-53';
import { afterEach, expect, test } from 'vitest';
import { awsOptions } from '../../../src/systems/aws-options.ts';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';

let world: RecoveryWorld;
afterEach(() => world.close());

const withTimeToLive = (ttl: string): string => {
  const written = readFileSync(join(import.meta.dirname, '../../support/orchard.yml'), 'utf8');
  const file = join(mkdtempSync(join(tmpdir(), 'orchard-')), 'orchard.yml');
  writeFileSync(file, written.replace('ttl: 30s', `ttl: ${ttl}`));
  return file;
};

const toSouth = { component: 'gate', to: 'south' };

test('weights are switched in one batch, and resolvers follow when their answers have expired', async () => {
  // An hour's time to live, four seconds here: the switch is done well before what was cached expires.
  world = await startRecoveryWorld({ speed: 900, planFile: withTimeToLive('1h') });
  // Both resolvers now hold the old answer for its time to live.
  expect((await world.ask('dns/answers', { component: 'gate', at: 'north' })).answer).toBe('yes');
  const { output } = await world.carryOut('route53/switch-weights', toSouth);
  expect(output).toEqual({ name: 'www.orchard.example', value: '192.0.2.20' });
  expect((await world.ask('dns/answers', { component: 'gate', at: 'south' })).answer).toBe('no');
  await expect
    .poll(async () => (await world.ask('dns/answers', { component: 'gate', at: 'south' })).answer, { timeout: 15_000 })
    .toBe('yes');
  const { entries } = await world.control('/ledger');
  expect(entries).toMatchObject([
    { change: 'route53:ChangeResourceRecordSets', resource: 'route53:ZORCHARD:www.orchard.example' },
  ]);
  const seconds = (Date.parse(entries[0].visibleAt) - Date.parse(entries[0].acceptedAt)) / 1000;
  expect(seconds).toBeGreaterThan(1800);
});

test('a failover record beside weighted ones is refused with the whole batch', async () => {
  world = await startRecoveryWorld();
  const client = new Route53Client(awsOptions(world.sandbox.environment, 'us-east-1'));
  const record = { Name: 'www.orchard.example', Type: 'A' as const, TTL: 30 };
  const command = new ChangeResourceRecordSetsCommand({
    HostedZoneId: 'ZORCHARD',
    ChangeBatch: {
      Changes: [
        {
          Action: 'UPSERT',
          ResourceRecordSet: {
            ...record,
            SetIdentifier: 'south',
            Weight: 100,
            ResourceRecords: [{ Value: '192.0.2.20' }],
          },
        },
        {
          Action: 'CREATE',
          ResourceRecordSet: {
            ...record,
            SetIdentifier: 'spare',
            Failover: 'PRIMARY',
            ResourceRecords: [{ Value: '192.0.2.30' }],
          },
        },
      ],
    },
  });
  await expect(client.send(command)).rejects.toMatchObject({ name: 'InvalidChangeBatch' });
  const { records } = await world.control('/world');
  expect(records.map((set: { weight: number }) => set.weight)).toEqual([100, 0]);
  client.destroy();
});

test('a share of the traffic can be sent, and a value that the plan does not know stops the switch', async () => {
  world = await startRecoveryWorld();
  await world.carryOut('route53/switch-weights', { ...toSouth, percent: 10 });
  const { records } = await world.control('/world');
  expect(Object.fromEntries(records.map((set: any) => [set.values[0], set.weight]))).toEqual({
    '192.0.2.10': 90,
    '192.0.2.20': 10,
  });
  const action = world.action('route53/switch-weights');
  const input = action.resolve(action.with.parse(toSouth), world.plan);
  const stranger = { ...input, values: { north: '192.0.2.10', south: '192.0.2.99' } };
  expect((await action.observe(stranger, world.step())).state).toBe('impossible');
});
