import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';

let world: RecoveryWorld;
beforeEach(async () => {
  world = await startRecoveryWorld({ planFile: join(import.meta.dirname, '../../support/quarry.yml') });
});
afterEach(() => world.close());

const upper = { component: 'blocks', at: 'upper' };
const lower = { component: 'blocks', at: 'lower' };
const standby = 'blocks-b.quarry.example';
const observe = (name: string, written: object) => {
  const action = world.action(name);
  return action.observe(action.input.parse(action.resolve(action.with.parse(written), world.plan)), world.step());
};
const role = async (place: string) =>
  (await world.kind('postgres-streaming').role!(world.plan.component('blocks'), place, world.plan, world.step())).role;

test('a standby is promoted once, in its time, and then takes writes; the other place is still what it was', async () => {
  expect([await role('upper'), await role('lower')]).toEqual(['active', 'standby']);
  expect((await world.ask('postgres/accepts-writes', lower)).answer).toBe('no');

  const { output, seen } = await world.carryOut('postgres/promote', lower);

  expect(output).toEqual({ host: standby });
  expect(seen).toEqual([`${standby} is a standby`, `${standby} is a primary and takes writes`]);
  expect((await world.ask('postgres/accepts-writes', lower)).answer).toBe('yes');
  const { entries, counts } = await world.control('/ledger');
  expect(counts).toEqual({ 'postgres:Promote': 1 });
  expect(entries[0].resource).toBe(`postgres:${standby}/blocksdb`);
  expect((Date.parse(entries[0].visibleAt) - Date.parse(entries[0].acceptedAt)) / 1000).toBeGreaterThanOrEqual(24);
  expect(await role('lower')).toBe('active');
});

test('two requests for a promotion make one', async () => {
  await world.control('/faults', { kind: 'slow', change: 'postgres:Promote', factor: 20 });
  const action = world.action('postgres/promote');
  const input = action.input.parse(action.resolve(lower, world.plan));
  await action.act(input, world.step());
  await action.act(input, world.step());
  await expect.poll(async () => (await action.observe(input, world.step())).state, { timeout: 10_000 }).toBe('done');
  expect((await world.control('/ledger')).counts).toEqual({ 'postgres:Promote': 1 });
  expect(await observe('postgres/promote', upper)).toMatchObject({ state: 'done' });
});

test('a fenced primary is not taken for one that was promoted', async () => {
  await world.carryOut('postgres/make-read-only', upper);
  expect(await observe('postgres/promote', upper)).toMatchObject({
    state: 'impossible',
    seen: expect.stringContaining('is no standby'),
  });
});

test('how far a standby is behind is measured by its own clock, and what is paused falls behind', async () => {
  await expect
    .poll(() => world.ask('postgres/lag-below', { ...lower, below: '1m' }), { timeout: 10_000 })
    .toMatchObject({ answer: 'yes' });
  await world.control('/lag', { seconds: 300 });
  // The rows that it has already are not taken back: it falls behind as time passes.
  await expect
    .poll(() => world.ask('postgres/lag-below', { ...lower, below: '1m' }), { timeout: 10_000 })
    .toMatchObject({ answer: 'no', facts: { seconds: expect.any(Number) } });
  expect(await world.ask('postgres/lag-below', { ...upper, below: '1m' })).toMatchObject({ answer: 'unknown' });
});

test('a paused standby keeps what it has until it is resumed, and being promoted replays what it held back', async () => {
  await world.carryOut('postgres/pause-replay', lower);
  const newest = async () => (await world.sql(standby, 'SELECT max(at) AS at FROM pulse'))[0]!['at'];
  const standsStill = async () => {
    const earlier = await newest();
    await new Promise((resolve) => setTimeout(resolve, 500));
    return (await newest()) === earlier;
  };
  // What was being replayed when it was paused may still come.
  await expect.poll(standsStill, { timeout: 10_000 }).toBe(true);
  const before = await newest();
  expect(await observe('postgres/pause-replay', lower)).toMatchObject({ state: 'done' });
  expect(await observe('postgres/resume-replay', lower)).toMatchObject({ state: 'todo' });
  expect(await observe('postgres/pause-replay', upper)).toMatchObject({ state: 'impossible' });
  await world.carryOut('postgres/resume-replay', lower);
  await expect.poll(newest, { timeout: 10_000 }).not.toBe(before);

  await world.carryOut('postgres/pause-replay', lower);
  await expect.poll(standsStill, { timeout: 10_000 }).toBe(true);
  const held = await newest();
  await world.carryOut('postgres/promote', lower);
  expect(await newest()).not.toBe(held);
  expect((await world.control('/ledger')).counts).toEqual({
    'postgres:PauseReplay': 2,
    'postgres:ResumeReplay': 1,
    'postgres:Promote': 1,
  });
});

test('hosts of a Region that is down do not answer, and their role is not known', async () => {
  await world.control('/faults', { kind: 'region-down', region: 'eu-north-1' });
  expect(await role('upper')).toBe('unknown');
  expect(await observe('postgres/make-read-only', upper)).toMatchObject({ state: 'unreachable' });
  // All that had come is replayed, and nothing more comes.
  await expect
    .poll(() => world.ask('postgres/lag-below', { ...lower, below: '1s' }), { timeout: 10_000 })
    .toMatchObject({ answer: 'yes', facts: { seconds: 0 } });
});
