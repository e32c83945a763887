import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';

let world: RecoveryWorld;
beforeEach(async () => {
  world = await startRecoveryWorld({ planFile: join(import.meta.dirname, '../../support/quarry.yml') });
});
afterEach(() => world.close());

const name = 'redis/sentinel-failover';
const water = { component: 'water', at: 'upper' };
const group = async () => (await world.control('/redis'))[0];
const resolved = () => {
  const action = world.action(name);
  return { action, input: action.input.parse(action.resolve(water, world.plan)) };
};
/** So slow that a busy machine still sees what is under way. */
const slowly = () => world.control('/faults', { kind: 'slow', change: 'redis:SentinelFailover', factor: 20 });
const masterNow = async () => (await world.ask('redis/answers', water)).facts?.['master'];

test('a failover makes a replica the master once, and whoever looks later sees it done', async () => {
  const before = await masterNow();
  expect(await world.ask('redis/replicas-in-sync', { ...water, 'at-least': 2 })).toMatchObject({
    answer: 'yes',
    facts: { replicas: 2 },
  });
  const { output, seen } = await world.carryOut(name, water);
  expect(output['master']).not.toBe(before);
  expect(output['master']).toBe(await masterNow());
  expect(seen[0]).toBe(`the master is ${before}`);
  const { action, input } = resolved();
  expect(await action.observe(input, world.step())).toMatchObject({ state: 'done' });
  await expect
    .poll(() => world.ask('redis/replicas-in-sync', { ...water, 'at-least': 2 }), { timeout: 10_000 })
    .toMatchObject({ answer: 'yes' });
  const { entries, counts } = await world.control('/ledger');
  expect(counts['redis:SentinelFailover']).toBe(1);
  const entry = entries.find((each: any) => each.change === 'redis:SentinelFailover');
  expect((Date.parse(entry.visibleAt) - Date.parse(entry.acceptedAt)) / 1000).toBeGreaterThanOrEqual(19);
});

test('a second request, and one that meets a failover under way, begin no second one', async () => {
  await slowly();
  const { action, input } = resolved();
  await action.act(input, world.step());
  expect(await action.act(input, world.step())).toEqual({ seen: 'a failover was under way already' });
  await expect.poll(async () => (await action.observe(input, world.step())).state, { timeout: 10_000 }).toBe('done');
  expect((await group()).epoch).toBe(1);
});

test('a master that dies is replaced by the Sentinels in their time, and then there is nothing left to do', async () => {
  await slowly();
  const diedAt = (await world.control('/clock')).now;
  await world.control('/redis/kill', { node: 'water-0' });
  expect(await world.ask('redis/answers', water)).toMatchObject({ answer: 'no' });
  const { action, input } = resolved();
  expect(await action.observe(input, world.step())).toMatchObject({ state: 'todo' });
  await expect.poll(async () => (await action.observe(input, world.step())).state, { timeout: 10_000 }).toBe('done');
  const seconds = (Date.parse((await world.control('/clock')).now) - Date.parse(diedAt)) / 1000;
  expect(seconds).toBeGreaterThanOrEqual(20);
  expect((await world.control('/ledger')).counts['redis:SentinelFailover']).toBe(undefined);
  expect((await group()).epoch).toBe(1);
  await world.control('/redis/revive', { node: 'water-0' });
  await expect
    .poll(() => world.ask('redis/replicas-in-sync', { ...water, 'at-least': 2 }), { timeout: 10_000 })
    .toMatchObject({ answer: 'yes' });
});

test('without a replica that could be promoted nothing is begun', async () => {
  for (const node of ['water-1', 'water-2']) await world.control('/redis/kill', { node });
  const { action, input } = resolved();
  await expect(action.act(input, world.step())).rejects.toMatchObject({
    code: 'system/refused',
    message: expect.stringContaining('no replica of spring'),
  });
  expect(await world.ask('redis/replicas-in-sync', { ...water, 'at-least': 1 })).toMatchObject({ answer: 'no' });
});

test('a wrong password is refused and stands in no answer; a dead Region is not known', async () => {
  const check = world.check('redis/answers');
  const input = check.input.parse(check.resolve(water, world.plan));
  const stranger = await check.ask({ ...input, password: { env: 'QUARRY_DATABASE_PASSWORD' } }, world.step());
  expect(stranger).toMatchObject({ answer: 'no', because: expect.stringContaining('WRONGPASS') });
  const kind = world.kind('redis-sentinel');
  const component = world.plan.component('water');
  expect(await kind.role!(component, 'upper', world.plan, world.step())).toMatchObject({ role: 'active' });
  expect(await kind.role!(component, 'lower', world.plan, world.step())).toMatchObject({ role: 'unknown' });
  expect(await kind.describe!(component, 'upper', world.plan, world.step())).toMatch(
    /^master 127\.0\.0\.1:\d+, 2 replicas online; 3 of 3 Sentinels answer, quorum 2$/,
  );
  await world.control('/faults', { kind: 'region-down', region: 'eu-north-1' });
  expect(await world.ask('redis/answers', water)).toMatchObject({ answer: 'unknown' });
});
