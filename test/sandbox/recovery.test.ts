import { afterEach, expect, test } from 'vitest';
import { type RecoveryWorld, startRecoveryWorld } from '../support/recovery-world.ts';

let world: RecoveryWorld;
afterEach(() => world.close());

const health = { url: 'https://www.orchard.example/health' };
const order = { url: 'https://www.orchard.example/orders', body: { apples: 3 }, status: 201 };

test('a Region that is down hangs, and every check of it answers in time', async () => {
  world = await startRecoveryWorld();
  expect((await world.ask('http/get', health)).answer).toBe('yes');
  expect((await world.ask('postgres/answers', { component: 'crates', at: 'north' })).answer).toBe('yes');
  await world.control('/faults', { kind: 'region-down', region: 'eu-north-1' });
  const startedAt = performance.now();
  const north = { component: 'crates', at: 'north' };
  const answers = await Promise.all([
    world.ask('postgres/answers', north),
    world.ask('rds/instance-available', north),
    world.ask('kubernetes/answers', { cluster: 'north' }),
    world.ask('http/get', health),
  ]);
  expect(answers.map(({ answer }) => answer)).toEqual(['no', 'unknown', 'no', 'no']);
  expect(performance.now() - startedAt).toBeLessThan(12_000);
  expect((await world.ask('postgres/answers', { component: 'crates', at: 'south' })).answer).toBe('yes');
  expect((await world.ask('rds/instance-available', { component: 'crates', at: 'south' })).answer).toBe('yes');
});

test('a replica keeps what it had replayed when the Region of its primary dies, and no more', async () => {
  world = await startRecoveryWorld({ speed: 50 });
  const newest = async (id: string) => Date.parse((await world.sql(id, 'SELECT max(at) AS at FROM pulse'))[0]!['at']);
  await expect.poll(() => newest('crates-b')).toBeGreaterThan(Date.parse('2026-03-01T12:00:10Z'));
  await world.control('/faults', { kind: 'region-down', region: 'eu-north-1' });
  const darkAt = world.sandbox.context.clock.now().getTime();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const kept = await newest('crates-b');
  // Rows are withheld by their age, so what it has is older than the lag, however late a busy machine wrote it.
  expect(kept).toBeLessThanOrEqual(darkAt - 2000);
  expect(kept).toBeLessThanOrEqual(await newest('crates-a'));
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await newest('crates-b')).toBe(kept);
});

test('a replica refuses writes as a standby does, also when a session turns its default off', async () => {
  world = await startRecoveryWorld();
  const answer = await world.ask('postgres/accepts-writes', { component: 'crates', at: 'south' });
  expect(answer).toMatchObject({ answer: 'no', because: expect.stringContaining('standby') });
  const [role] = await world.sql(
    'crates-b',
    `SELECT has_table_privilege(rolname, 'pulse', 'INSERT') AS writes, has_table_privilege(rolname, 'pulse', 'SELECT') AS reads
       FROM pg_roles WHERE rolname LIKE 'sandbox%picker' AND has_table_privilege(rolname, 'pulse', 'SELECT')`,
  );
  expect(role).toEqual({ writes: false, reads: true });
});

test('after failing everything over the service works from the other Region, by what the Secret and DNS say', async () => {
  world = await startRecoveryWorld();
  await world.control('/faults', { kind: 'region-down', region: 'eu-north-1' });
  const south = { cluster: 'south', namespace: 'cider' };
  const { output } = await world.carryOut('rds/promote-read-replica', { component: 'crates', at: 'south' });
  await world.carryOut('kubernetes/scale', { ...south, deployment: 'mill', replicas: 4 });
  await world.carryOut('route53/switch-weights', { component: 'gate', to: 'south' });
  await expect
    .poll(async () => (await world.ask('dns/answers', { component: 'gate', at: 'south' })).answer)
    .toBe('yes');
  // The application still goes to the old database, so it does not work yet.
  await expect
    .poll(async () => (await world.ask('http/get', health)).because, { timeout: 10_000 })
    .toContain('answered 503');
  await world.carryOut('kubernetes/patch-secret', {
    ...south,
    secret: 'crates-login',
    data: { host: output['endpoint'] },
  });
  expect((await world.ask('http/get', health)).answer).toBe('yes');
  expect((await world.ask('http/post', order)).answer).toBe('yes');
  expect((await world.ask('http/post', { ...order, body: { pears: 3 } })).because).toContain('answered 422');
  // It writes again, to the promoted instance.
  const before = await world.sql('crates-b', 'SELECT max(at) AS at FROM pulse');
  await expect.poll(() => world.sql('crates-b', 'SELECT max(at) AS at FROM pulse')).not.toEqual(before);
});

test('a wrong password, an unknown key and an unsigned call are refused', async () => {
  world = await startRecoveryWorld();
  const { environment } = world.sandbox;
  const response = await fetch(environment['AWS_ENDPOINT_URL']!, {
    method: 'POST',
    body: 'Action=DescribeDBInstances',
  });
  expect(response.status).toBe(403);
  const password = environment['ORCHARD_DATABASE_PASSWORD'];
  environment['ORCHARD_DATABASE_PASSWORD'] = 'wrong';
  const answer = await world.ask('postgres/answers', { component: 'crates', at: 'north' });
  expect(answer).toMatchObject({ answer: 'no', because: expect.stringContaining('password authentication failed') });
  environment['ORCHARD_DATABASE_PASSWORD'] = password!;
  await expect(world.control('/faults', { kind: 'meteor' })).rejects.toThrow('a fault is of kind');
});
