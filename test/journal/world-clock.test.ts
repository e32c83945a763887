import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openWorldClock } from '../../src/journal/world-clock.ts';
import { type JournalDatabase, openJournalDatabase } from '../support/journal-database.ts';

let database: JournalDatabase;
beforeEach(async () => {
  database = await openJournalDatabase();
});
afterEach(() => database.close());

const start = { worldStart: '2026-03-01T12:00:00Z', speed: 100 };

test('all processes agree on the time of the world, whoever comes first', async () => {
  const wallStart = new Date().toISOString();
  const first = await openWorldClock(database.database.pool, { ...start, wallStart });
  await sleep(100);
  const other = (await database.openAnother()).pool;
  const second = await openWorldClock(other, { wallStart, worldStart: '2030-01-01T00:00:00Z', speed: 7 });
  const third = await openWorldClock(other);
  for (const clock of [second, third]) {
    expect(clock.speed).toBe(100);
    expect(Math.abs(clock.now().getTime() - first.now().getTime()) / clock.speed).toBeLessThan(50);
  }
});

test('the world runs at its speed from its own start', async () => {
  const clock = await openWorldClock(database.database.pool, { ...start, wallStart: new Date().toISOString() });
  const before = { world: clock.now().getTime(), wall: clock.wall().getTime() };
  expect(new Date(before.world).toISOString()).toMatch(/^2026-03-01T12:/);
  await sleep(200);
  const world = clock.now().getTime() - before.world;
  const wall = clock.wall().getTime() - before.wall;
  expect(wall).toBeGreaterThanOrEqual(195);
  expect(Math.abs(world / wall - 100)).toBeLessThan(5);
});

test('without a rehearsal both clocks are one, and follow the database', async () => {
  const clock = await openWorldClock(database.database.pool);
  expect(clock.speed).toBe(1);
  expect(Math.abs(clock.now().getTime() - clock.wall().getTime())).toBeLessThan(5);
  const { rows } = await database.superuser.query('SELECT clock_timestamp() AS now');
  expect(Math.abs(clock.wall().getTime() - rows[0].now.getTime())).toBeLessThan(100);
});
