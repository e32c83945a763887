import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';

let world: RecoveryWorld;
beforeEach(async () => {
  world = await startRecoveryWorld({ planFile: join(import.meta.dirname, '../../support/quarry.yml') });
});
afterEach(() => world.close());

const lower = { component: 'tally', at: 'lower' };
const here = { component: 'tally', place: 'lower', table: 'loads' };
const servers = async () => (await world.control('/clickhouse')) as { place: string; fetching: boolean }[];

test('fetches are stopped in one place and not in the other, and a lost answer is found by looking', async () => {
  await world.control('/faults', { kind: 'timeout', change: 'clickhouse:StopFetches', times: 1 });
  const action = world.action('clickhouse/stop-fetches');
  const input = action.input.parse(action.resolve(lower, world.plan));
  await expect(action.act(input, world.step())).rejects.toMatchObject({ code: 'system/unknown' });
  // It was stopped, but left no row; doing it again does no harm.
  expect((await action.observe(input, world.step())).state).toBe('todo');
  await action.act(input, world.step());
  expect(await action.observe(input, world.step())).toMatchObject({ state: 'done' });
  expect((await servers()).map(({ place, fetching }) => [place, fetching])).toEqual([
    ['upper', true],
    ['lower', false],
  ]);
  expect((await world.control('/ledger')).counts).toEqual({ 'clickhouse:StopFetches': 2 });
  await world.carryOut('clickhouse/start-fetches', lower);
  expect((await servers()).every(({ fetching }) => fetching)).toBe(true);
});

test('what another run has stopped since is left as it is', async () => {
  const action = world.action('clickhouse/stop-fetches');
  const input = action.input.parse(action.resolve(lower, world.plan));
  if ('no' in action.reversible) throw new Error('it can be taken back');
  const before = await action.reversible.before(input, world.step());
  await world.carryOut('clickhouse/stop-fetches', lower);
  await world.carryOut('clickhouse/stop-fetches', lower, 'run-2/step-1');
  expect(await action.reversible.observe(input, before, world.step())).toMatchObject({ state: 'impossible' });
});

test('replicas are judged by the one that is furthest behind, and a read-only one is none', async () => {
  const check = { ...lower, 'behind-at-most': '30s' };
  expect(await world.ask('clickhouse/replicas-in-sync', check)).toMatchObject({
    answer: 'yes',
    facts: { tables: 2, behindSeconds: 0, queue: 0 },
  });
  await world.control('/clickhouse', { ...here, delaySeconds: 90, queue: 12 });
  expect(await world.ask('clickhouse/replicas-in-sync', check)).toMatchObject({
    answer: 'no',
    because: 'of 2 replicated tables loads is 90 s behind with 12 in its queue; at most 30 s are wanted',
  });
  await world.control('/clickhouse', { ...here, delaySeconds: 0, readonly: true });
  expect((await world.ask('clickhouse/replicas-in-sync', check)).answer).toBe('no');
});

test('rows are counted, what is not there is not known, and a dead Region does not answer', async () => {
  const loads = { ...lower, table: 'loads' };
  expect((await world.ask('clickhouse/row-count', { ...loads, 'at-least': 1000 })).answer).toBe('yes');
  expect((await world.ask('clickhouse/row-count', { ...loads, 'at-least': 1001 })).answer).toBe('no');
  expect(await world.ask('clickhouse/row-count', { ...lower, table: 'nothing', 'at-least': 1 })).toMatchObject({
    answer: 'unknown',
    because: expect.stringContaining('UNKNOWN_TABLE'),
  });
  const check = world.check('clickhouse/answers');
  const input = check.input.parse(check.resolve(lower, world.plan));
  const stranger = await check.ask({ ...input, user: 'nobody' }, world.step());
  expect(stranger).toMatchObject({ answer: 'no', because: expect.stringContaining('Code: 516') });
  await world.control('/faults', { kind: 'region-down', region: 'ap-south-1' });
  expect((await world.ask('clickhouse/answers', lower)).answer).toBe('no');
});
