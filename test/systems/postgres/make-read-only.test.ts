import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';

let world: RecoveryWorld;
beforeEach(async () => {
  world = await startRecoveryWorld();
});
afterEach(() => world.close());

const name = 'postgres/make-read-only';
const north = { component: 'crates', at: 'north' };
const look = async (at = north) => {
  const action = world.action(name);
  return action.observe(action.input.parse(action.resolve(at, world.plan)), world.step());
};

/** A session of the application's, as its pool would hold it. */
const openSession = async (): Promise<pg.Client & { ended: boolean }> => {
  const action = world.action(name);
  const target = action.resolve(north, world.plan) as { host: string; database: string; user: string };
  const { sandbox } = world;
  const wildcard = sandbox.environment['MAYDAY_HOSTS']!.split(',').find((entry) => entry.includes(':5432='))!;
  const [host = '', port = ''] = wildcard.split('=')[1]!.split(':');
  const client = Object.assign(
    new pg.Client({
      host,
      port: Number(port),
      database: target.database,
      user: target.user,
      password: sandbox.environment['ORCHARD_DATABASE_PASSWORD'],
      ssl: { rejectUnauthorized: false, servername: target.host },
    }),
    { ended: false },
  );
  client.on('error', () => {});
  client.on('end', () => {
    client.ended = true;
  });
  await client.connect();
  return client;
};

test('open sessions are ended, new ones may only read, and both are read back as the proof', async () => {
  const before = await openSession();
  await before.query('INSERT INTO pulse (at) VALUES (now())');
  expect(await look()).toMatchObject({ state: 'todo', seen: expect.stringContaining('takes writes') });
  const { output, seen } = await world.carryOut(name, north);
  expect(output).toEqual({ fenced: true, unfenced: '' });
  expect(seen.at(-1)).toMatch(/is read-only, and no older session is open/);
  await expect(before.query('SELECT 1')).rejects.toThrow();
  expect(before.ended).toBe(true);
  const after = await openSession();
  await expect(after.query('INSERT INTO pulse (at) VALUES (now())')).rejects.toMatchObject({ code: '25006' });
  await after.end();
  expect((await world.ask('postgres/accepts-writes', north)).answer).toBe('no');
});

test('a standby takes no writes, so it is fenced as it is', async () => {
  expect(await look({ component: 'crates', at: 'south' })).toMatchObject({ state: 'done', output: { fenced: true } });
});

test('one that does not answer is unreachable, which is neither done nor to be done', async () => {
  await world.control('/faults', { kind: 'region-down', region: 'eu-north-1' });
  expect(await look()).toMatchObject({ state: 'unreachable', seen: expect.stringContaining('rds.amazonaws.com') });
});
