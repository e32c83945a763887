import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/journal/database.ts';
import { createWorld, eventsOf, startBot, step, type World } from '../support/engine-world.ts';
import { type JournalDatabase, openJournalDatabase } from '../support/journal-database.ts';

/** G8: a step that always fails is tried as often as the journal says, whoever tries, and then a human is asked. */
describe('a step that always fails', { timeout: 60_000 }, () => {
  let database: JournalDatabase;
  let second: Database;
  beforeAll(async () => {
    database = await openJournalDatabase();
    second = await database.openAnother();
  });
  afterAll(() => database.close());

  const always = 50;
  const worldWith = (thing: string, fate: 'lost-before' | 'throttled' | 'refused'): World => {
    const world: World = createWorld(() => clock());
    world.fates.set(thing, Array(always).fill(fate));
    return world;
  };
  let clock: () => Awaited<ReturnType<typeof startBot>>['ports']['clock'];

  it.each([
    ['lost-before', 3],
    ['throttled', 6],
    ['refused', 1],
  ] as const)('(%s) stops after %i calls, however many processes made them', async (fate, calls) => {
    const world = worldWith(fate, fate);
    let bot = await startBot(database.database, world.registry);
    clock = () => bot.ports.clock;
    const { created } = await bot.start([step(fate)]);
    // Another process goes on after the first call.
    while (world.calls.length === 0) await new Promise((done) => setTimeout(done, 5));
    await bot.stop();
    bot = await startBot(second, world.registry);
    const state = await bot.untilQuiet(created.run);
    expect(world.calls).toHaveLength(calls);
    expect(state.steps[fate]!.state).toBe('failed');
    expect(state.haltedAt).not.toBeNull();
    expect(state.outcome).toBeNull();
    const halts = (await eventsOf(bot, created.run)).filter(({ type }) => type === 'run.halted');
    expect(halts).toHaveLength(1);
    await bot.stop();
  });
});
