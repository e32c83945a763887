import { afterEach, expect, test } from 'vitest';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';

let world: RecoveryWorld;
afterEach(() => world.close());

const written = { component: 'crates', at: 'north', time: '2026-03-01T11:30:10Z', target: 'crates-back' };

test('a restored instance holds exactly the rows up to the time', async () => {
  world = await startRecoveryWorld();
  const { output } = await world.carryOut('rds/restore-to-point-in-time', written);
  expect(output).toMatchObject({ instance: 'crates-back', restoredTo: '2026-03-01T11:30:10.000Z' });
  for (const [table, column] of [
    ['pulse', 'at'],
    ['"Apples"', 'picked_at'],
  ]) {
    const wanted = await world.sql('crates-a', `SELECT count(*) FROM ${table} WHERE ${column} <= $1`, [written.time]);
    expect(await world.sql('crates-back', `SELECT count(*) FROM ${table}`)).toEqual(wanted);
  }
  const host = output['endpoint'];
  const newest = await world.ask('postgres/newest-row', { component: 'crates', host, table: 'pulse', column: 'at' });
  expect(newest.facts).toEqual({ newest: '2026-03-01T11:30:10.000Z' });
  const count = { component: 'crates', host, table: 'Apples', column: 'picked_at', 'at-least': 1 };
  expect((await world.ask('postgres/row-count', { ...count, 'newest-at-most': written.time })).answer).toBe('yes');
  expect((await world.ask('postgres/row-count', { ...count, 'newest-at-most': '2026-02-28T00:00:00Z' })).answer).toBe(
    'no',
  );
});

test('a name that is taken by what this step did not make is left alone', async () => {
  world = await startRecoveryWorld();
  await world.carryOut('rds/restore-to-point-in-time', written);
  const action = world.action('rds/restore-to-point-in-time');
  const input = action.resolve(written, world.plan);
  const observed = await action.observe(input, { ...world.step(), key: 'run-2/step-1' });
  expect(observed.state).toBe('impossible');
  await expect(action.act(input, world.step())).rejects.toMatchObject({
    code: 'system/refused',
    message: expect.stringContaining('DBInstanceAlreadyExists'),
  });
});

test('a restore onto an instance of the plan, or to a time that no backup covers, is not begun', async () => {
  world = await startRecoveryWorld();
  const action = world.action('rds/restore-to-point-in-time');
  expect(() => action.resolve({ ...written, target: 'crates-b' }, world.plan)).toThrow('never goes onto an instance');
  const late = action.resolve({ ...written, time: '2026-03-02T00:00:00Z' }, world.plan);
  expect((await action.observe(late, world.step())).state).toBe('impossible');
  const early = action.resolve({ ...written, time: '2025-01-01T00:00:00Z' }, world.plan);
  await expect(action.act(early, world.step())).rejects.toMatchObject({ code: 'system/refused' });
  expect((await world.control('/ledger')).counts).toEqual({});
});
