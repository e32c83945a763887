import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';

let world: RecoveryWorld;
beforeEach(async () => {
  world = await startRecoveryWorld();
});
afterEach(() => world.close());

const north = { component: 'crates', at: 'north' };

test('a write is proven on a primary and leaves nothing behind', async () => {
  const future = 'SELECT count(*)::int AS rows FROM pulse WHERE at > $1';
  const answer = await world.ask('postgres/accepts-writes', north);
  expect(answer).toMatchObject({ answer: 'yes', because: expect.stringContaining('rolled back') });
  // The check writes the machine's own time, which in this world lies in the future.
  expect(await world.sql('crates-a', future, ['2026-04-01T00:00:00Z'])).toEqual([{ rows: 0 }]);
});

test('names of tables and columns are taken as they are written, capitals included', async () => {
  const apples = { ...north, table: 'Apples', column: 'picked_at' };
  expect((await world.ask('postgres/row-count', { ...apples, 'at-least': 600 })).answer).toBe('yes');
  expect((await world.ask('postgres/row-count', { ...apples, 'at-least': 1_000_000 })).answer).toBe('no');
  const injected = await world.ask('postgres/newest-row', { ...apples, table: 'Apples"; DROP TABLE pulse; --' });
  expect(injected.answer).toBe('unknown');
  expect((await world.ask('postgres/newest-row', { ...north, table: 'pulse', column: 'at' })).answer).toBe('yes');
});

test('bloat is counted', async () => {
  await world.sql('crates-a', 'DELETE FROM "Apples"');
  await world.sql('crates-a', 'SELECT pg_stat_force_next_flush()');
  await expect
    .poll(async () => (await world.ask('postgres/dead-tuples', { ...north, 'at-most': 100 })).answer, {
      timeout: 10_000,
    })
    .toBe('no');
});

test('a component needs a host and credentials to be asked', () => {
  const { resolve } = world.check('postgres/answers');
  expect(() => resolve({ component: 'larder', at: 'north' }, world.plan)).toThrow('needs sql:');
  expect(() => resolve({ component: 'crates' }, world.plan)).toThrow('say either at:');
  expect(() => resolve({ component: 'crates', at: 'west' }, world.plan)).toThrow('has no host in west');
});
