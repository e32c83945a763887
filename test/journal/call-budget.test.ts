import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCallBudget } from '../../src/journal/call-budget.ts';
import { type JournalDatabase, openJournalDatabase } from '../support/journal-database.ts';

let journal: JournalDatabase;
beforeAll(async () => {
  journal = await openJournalDatabase();
});
afterAll(() => journal.close());

const limit = { perMinute: 60, burst: 5, kept: 0 };
const world = { at: Date.parse('2026-03-01T12:00:00Z') };
const clock = { now: () => new Date(world.at), wall: () => new Date(), speed: 1 };

test('two processes together make no more calls than there is room for, and it grows with the time of the world', async () => {
  const other = await journal.openAnother();
  const budgets = [createCallBudget(journal.database.pool, clock), createCallBudget(other.pool, clock)];
  const takeMany = async () =>
    (await Promise.all(Array.from({ length: 40 }, (_, i) => budgets[i % 2]!.take('chat.update', limit)))).filter(
      (waitMs) => waitMs === 0,
    ).length;
  expect(await takeMany()).toBe(5);
  expect(await budgets[0]!.take('chat.update', limit)).toBe(1000);
  expect(await budgets[0]!.take('pins.add', limit)).toBe(0);
  world.at += 3_000;
  expect(await takeMany()).toBe(3);
  world.at += 3_600_000;
  expect(await takeMany()).toBe(5);
});

test('what is not urgent leaves room for what is, and a refusal holds back everybody', async () => {
  const budget = createCallBudget(journal.database.pool, clock);
  const usual = { ...limit, kept: 3 };
  expect(await budget.take('views', usual)).toBe(0);
  expect(await budget.take('views', usual)).toBe(0);
  expect(await budget.take('views', usual)).toBe(1000);
  expect(await budget.take('views', limit)).toBe(0);
  await budget.refused('views', 30, limit);
  expect(await budget.take('views', limit)).toBe(31_000);
  world.at += 31_000;
  expect(await budget.take('views', limit)).toBe(0);
});
