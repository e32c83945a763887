import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createCloudflare } from '../../../src/systems/cloudflare/index.ts';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';

let world: RecoveryWorld;
beforeEach(async () => {
  world = await startRecoveryWorld({ planFile: join(import.meta.dirname, '../../support/harbour.yml') });
});
afterEach(() => world.close());

const pennant = { component: 'pennant', to: 'west' };
const kindOf = (name: string) => {
  const settings = {
    CLOUDFLARE_API_TOKEN: world.sandbox.environment[name],
    CLOUDFLARE_API_URL: world.sandbox.environment['CLOUDFLARE_API_URL']!,
  };
  const tools = {
    dialler: { reach: (host: string, port: number) => ({ host, port }), authority: undefined, dnsServers: [] },
  };
  return createCloudflare(settings, tools as never);
};

test('a record is switched once, and resolvers answer it when their copies are old', async () => {
  expect((await world.ask('dns/answers', { component: 'pennant', at: 'east' })).answer).toBe('yes');
  const { output, seen } = await world.carryOut('cloudflare/switch-record', pennant);
  expect(output).toEqual({ name: 'pennant.harbour.example', value: '192.0.2.40' });
  expect(seen).toEqual(['pennant.harbour.example: 192.0.2.30', 'pennant.harbour.example: 192.0.2.40']);
  await world.carryOut('cloudflare/switch-record', pennant);
  expect((await world.control('/ledger')).counts).toEqual({ 'cloudflare:PatchDnsRecord': 1 });
  await expect
    .poll(async () => (await world.ask('dns/answers', { component: 'pennant', at: 'west' })).answer, {
      timeout: 10_000,
    })
    .toBe('yes');
});

test('the kind tells which place a name leads to', async () => {
  const [kind] = kindOf('CLOUDFLARE_API_TOKEN').kinds;
  const component = world.plan.component('pennant');
  const roles = async () => {
    const of = (place: string) => kind!.role!(component, place, world.plan, world.step());
    return [(await of('east')).role, (await of('west')).role];
  };
  expect(await roles()).toEqual(['active', 'standby']);
  await world.carryOut('cloudflare/switch-record', pennant);
  expect(await roles()).toEqual(['standby', 'active']);
});

test('a wrong token is refused in words, and none at all is said before anything is sent', async () => {
  const action = kindOf('AWS_SECRET_ACCESS_KEY').actions[0]!;
  const input = action.input.parse(action.resolve(pennant, world.plan));
  await expect(action.observe(input, world.step())).rejects.toMatchObject({
    code: 'system/refused',
    message: 'cloudflare list A records of pennant.harbour.example: Authentication error (10000)',
  });
  const without = kindOf('NOT_SET').actions[0]!;
  await expect(without.observe(input, world.step())).rejects.toMatchObject({ code: 'config/missing' });
});

test('a value that is no address is refused by Cloudflare, and a proxied name answers Cloudflare’s own', async () => {
  const url = `${world.sandbox.environment['CLOUDFLARE_API_URL']}/zones/0123456789abcdef0123456789abcdef/dns_records`;
  const headers = { authorization: `Bearer ${world.sandbox.environment['CLOUDFLARE_API_TOKEN']}` };
  const listed = (await (await fetch(url, { headers })).json()) as any;
  const record = listed.result.find((one: any) => one.name === 'pennant.harbour.example');
  const change = { method: 'PATCH', headers, body: JSON.stringify({ content: 'nowhere' }) };
  const refused = await fetch(`${url}/${record.id}`, change);
  expect(refused.status).toBe(400);
  expect(((await refused.json()) as any).errors).toEqual([
    { code: 9005, message: 'Content for A record must be a valid IPv4 address.' },
  ]);
  await world.carryOut('cloudflare/switch-record', { component: 'veil', to: 'west' });
  const veil = (await world.control('/world')).cloudflareRecords.find(
    (one: any) => one.name === 'veil.harbour.example',
  );
  expect(veil).toMatchObject({ content: '192.0.2.41', proxied: true });
  const check = world.check('dns/answers');
  expect(() => check.resolve({ component: 'veil', at: 'west' }, world.plan)).toThrow('ask a URL with http/get');
});

test('a change whose answer is lost is looked for, not sent again', async () => {
  await world.control('/faults', { kind: 'timeout', change: 'cloudflare:PatchDnsRecord', times: 1 });
  const action = world.action('cloudflare/switch-record');
  const input = action.input.parse(action.resolve(pennant, world.plan));
  await expect(action.act(input, world.step())).rejects.toMatchObject({ code: 'system/unknown' });
  expect((await action.observe(input, world.step())).state).toBe('done');
});
