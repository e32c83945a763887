import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';

let world: RecoveryWorld;
beforeEach(async () => {
  world = await startRecoveryWorld({ planFile: join(import.meta.dirname, '../../support/quarry.yml') });
});
afterEach(() => world.close());

const mortar = { component: 'mortar', at: 'upper' };
const resolved = (name: string, written: object) => {
  const action = world.action(name);
  return { action, input: action.input.parse(action.resolve(action.with.parse(written), world.plan)) };
};
const observe = (name: string, written: object = mortar, step = world.step()) => {
  const { action, input } = resolved(name, written);
  return action.observe(input, step);
};
const cluster = async () => (await world.control('/patroni'))[0];
const kind = () => world.kind('patroni-cluster');
/** So slow that a busy machine still sees what is under way. */
const slowly = () => world.control('/faults', { kind: 'slow', change: 'patroni:Election', factor: 20 });
const secondsOf = (entry: { acceptedAt: string; visibleAt: string }) =>
  (Date.parse(entry.visibleAt) - Date.parse(entry.acceptedAt)) / 1000;

test('a switchover moves the leader once, and the old one follows the new one', async () => {
  expect(await world.ask('patroni/healthy', mortar)).toEqual({
    answer: 'yes',
    because: 'mortar-0 leads, 2 follow, at most 0 bytes behind',
    facts: { leader: 'mortar-0', replicas: 2, lagBytes: 0 },
  });

  const { output } = await world.carryOut('patroni/switchover', mortar);

  expect(output).toEqual({ leader: 'mortar-1', former: 'mortar-0', host: 'mortar-1.quarry.example' });
  const { entries, counts } = await world.control('/ledger');
  expect(counts).toEqual({ 'patroni:PatchConfig': 1, 'patroni:Switchover': 1 });
  expect(secondsOf(entries[1])).toBeGreaterThanOrEqual(14);
  expect((await world.ask('patroni/healthy', mortar)).facts).toEqual({ leader: 'mortar-1', replicas: 2, lagBytes: 0 });
  // A worker that comes later, with nothing but the step's key, finds it done and not still to do.
  expect(await observe('patroni/switchover')).toMatchObject({ state: 'done', output: { former: 'mortar-0' } });
  expect((await cluster()).history).toHaveLength(1);
});

test('a crash after the mark and before the request, or after the request, never moves it twice', async () => {
  const { action, input } = resolved('patroni/switchover', mortar);
  const diesBeforeAsking = world.step();
  let changes = 0;
  diesBeforeAsking.beforeChange = async () => {
    changes += 1;
    if (changes === 2) throw new Error('died');
    return AbortSignal.timeout(2500);
  };
  await expect(action.act(input, diesBeforeAsking)).rejects.toThrow('died');
  expect((await action.observe(input, world.step())).state).toBe('todo');
  await action.act(input, world.step());
  await action.act(input, world.step()).catch(() => {});
  await expect.poll(async () => (await action.observe(input, world.step())).state, { timeout: 10_000 }).toBe('done');
  await expect(action.act(input, world.step())).rejects.toThrow('412');
  expect((await world.control('/ledger')).counts).toEqual({ 'patroni:PatchConfig': 1, 'patroni:Switchover': 1 });
});

test('one who came back as the leader is not taken for one who never left', async () => {
  await world.carryOut('patroni/switchover', mortar);
  await world.control('/patroni/lag', { member: 'mortar-2', bytes: 4096 });
  await world.control('/patroni/kill', { member: 'mortar-1' });
  await expect.poll(async () => (await cluster()).leader, { timeout: 10_000 }).toBe('mortar-0');
  await expect.poll(async () => (await observe('patroni/switchover')).state, { timeout: 10_000 }).toBe('impossible');
});

test('a candidate is taken when it can be, and one that is no member is refused', async () => {
  const { output } = await world.carryOut('patroni/switchover', { ...mortar, candidate: 'mortar-2' });
  expect(output['leader']).toBe('mortar-2');
  const { action, input } = resolved('patroni/switchover', { ...mortar, candidate: 'nobody' });
  await expect(action.act(input, { ...world.step(), key: 'run-3/step-1' })).rejects.toMatchObject({
    code: 'system/refused',
    message: expect.stringContaining('412: candidate does not exists'),
  });
});

test('a leader that dies is replaced by Patroni itself, in its time, and then a failover has nothing to do', async () => {
  await slowly();
  const diedAt = (await world.control('/clock')).now;
  await world.control('/patroni/kill', { member: 'mortar-0' });
  expect((await world.ask('postgres/accepts-writes', mortar)).answer).toBe('unknown');
  expect(await observe('patroni/failover')).toMatchObject({ state: 'todo' });
  const { output } = await world.carryOut('patroni/failover', mortar);
  expect(output['leader']).not.toBe('mortar-0');
  expect((await world.ask('postgres/accepts-writes', mortar)).answer).toBe('yes');
  const seconds = (Date.parse((await world.control('/clock')).now) - Date.parse(diedAt)) / 1000;
  expect(seconds).toBeGreaterThanOrEqual(25);
  expect((await cluster()).history).toHaveLength(1);
});

test('a paused cluster waits for a person, who has the most advanced replica promoted', async () => {
  await world.carryOut('patroni/pause', mortar);
  await world.control('/patroni/lag', { member: 'mortar-1', bytes: 8192 });
  await world.control('/patroni/kill', { member: 'mortar-0' });
  await expect.poll(async () => (await cluster()).leader, { timeout: 10_000 }).toBe(undefined);
  expect(await world.ask('patroni/healthy', mortar)).toMatchObject({ answer: 'no', because: 'mortar has no leader' });
  expect(await observe('patroni/switchover')).toMatchObject({ state: 'impossible' });

  expect((await world.carryOut('patroni/failover', mortar)).output).toEqual({
    leader: 'mortar-2',
    host: 'mortar-2.quarry.example',
  });
  expect((await world.control('/ledger')).counts).toEqual({ 'patroni:PatchConfig': 1, 'patroni:Failover': 1 });
  await world.control('/patroni/revive', { member: 'mortar-0' });
  await expect
    .poll(() => world.ask('patroni/healthy', mortar), { timeout: 10_000 })
    .toMatchObject({ answer: 'yes', because: expect.stringContaining('it is paused') });
  await world.carryOut('patroni/resume', mortar);
});

test('a failover leaves a healthy leader alone', async () => {
  const { action, input } = resolved('patroni/failover', mortar);
  expect(await action.observe(input, world.step())).toMatchObject({ state: 'done', output: { leader: 'mortar-0' } });
  await action.act(input, world.step());
  expect((await world.control('/ledger')).counts).toEqual({});
});

test('how the cluster is stands in one line for each member, and its place has a role', async () => {
  const component = world.plan.component('mortar');
  expect(await kind().role!(component, 'upper', world.plan, world.step())).toMatchObject({ role: 'active' });
  expect(await kind().role!(component, 'lower', world.plan, world.step())).toMatchObject({ role: 'unknown' });
  expect(await kind().describe!(component, 'upper', world.plan, world.step())).toBe(
    [
      'mortar-0, mortar-0.quarry.example, leader, running, timeline 1',
      'mortar-1, mortar-1.quarry.example, replica, running, timeline 1, 0 bytes behind',
      'mortar-2, mortar-2.quarry.example, replica, running, timeline 1, 0 bytes behind',
    ].join('\n'),
  );
  await world.control('/faults', { kind: 'region-down', region: 'eu-north-1' });
  expect(await kind().role!(component, 'upper', world.plan, world.step())).toMatchObject({ role: 'unknown' });
  expect(await world.ask('patroni/healthy', mortar)).toMatchObject({ answer: 'unknown' });
});

test('a change without the password is refused, and the password stands in no error', async () => {
  const { action, input } = resolved('patroni/pause', mortar);
  const stranger = { ...input, login: { user: 'somebody', password: input.login.password } };
  const failed = await action.act(stranger, world.step()).catch((error: Error) => error);
  expect(failed).toMatchObject({ code: 'system/refused', message: expect.stringContaining('401: not authenticated') });
  expect(String(failed)).not.toContain(world.sandbox.environment['QUARRY_PATRONI_PASSWORD']!);
  expect((await world.control('/ledger')).refusals).toMatchObject([{ call: 'patroni:PATCH /config', code: '401' }]);
});
