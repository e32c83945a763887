import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createOrders } from '../../src/chat/orders.ts';
import { hashToApprove } from '../../src/engine/approvals.ts';
import { abort, confirmDone } from '../../src/engine/controls.ts';
import { decide } from '../../src/engine/decide.ts';
import type { RunEvent } from '../../src/engine/events.ts';
import type { RunState } from '../../src/engine/state.ts';
import { moveRecord } from '../../src/move-record.ts';
import type { Step } from '../../src/plan/graph.ts';
import {
  approvalStep,
  type BotProcess,
  createWorld,
  eventsOf,
  startBot,
  step,
  undoStep,
  type World,
} from '../support/engine-world.ts';
import { type JournalDatabase, openJournalDatabase } from '../support/journal-database.ts';

let database: JournalDatabase;
let bot: BotProcess;
let world: World;

beforeAll(async () => {
  database = await openJournalDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  world = createWorld(() => bot.ports.clock);
  bot = await startBot(database.database, world.registry);
});
afterEach(() => bot.stop());

const turn = (id: string, more: Partial<Step> = {}) => step(id, { uses: 'world/turn', ...more });
const asks = (thing: string) => ({ name: thing, uses: 'world/says', version: 1, input: { thing } });
const wait = (id: string, seconds: number, things: string[] = [], more: Partial<Step> = {}) =>
  step(id, { uses: 'engine/wait', lane: 'look', input: { seconds, while: things.map(asks) }, ...more });
const manual = (id: string, more: Partial<Step> = {}) =>
  step(id, { uses: 'engine/manual', lane: 'look', input: { text: 'turn the key', checklist: ['it clicks'] }, ...more });
const deadline = (seconds: number, steps: string[], more: Partial<Step> = {}) =>
  step('in-time', { uses: 'engine/deadline', lane: 'look', input: { seconds, steps }, ...more });
const criteria = (input: { some?: string[]; moreThan?: number; each?: string[]; seconds?: number }) =>
  step('still-good', {
    uses: 'engine/criteria',
    lane: 'look',
    input: {
      some: (input.some ?? []).map(asks),
      moreThan: input.moreThan ?? 0,
      each: (input.each ?? []).map(asks),
      seconds: input.seconds ?? 0,
    },
  });

const no = (because: string) => ({ answer: 'no' as const, because });
const quiet = (run: RunState) => bot.untilQuiet(run.created.run);
const phases = (state: RunState) => Object.fromEntries(Object.entries(state.steps).map(([id, at]) => [id, at.state]));
const until = async (run: RunState, holds: (state: RunState) => boolean): Promise<RunState> => {
  const handle = await bot.store.open(run.created.run);
  for (;;) {
    const state = await handle.refresh();
    if (holds(state)) return state;
    await sleep(10);
  }
};
const tell = async (run: RunState, make: (now: RunState) => RunEvent[]): Promise<RunState> => {
  const handle = await bot.store.open(run.created.run);
  await handle.refresh();
  return handle.commit(make, { actor: 'slack:URITA' });
};
const secondsOf = ({ steps }: RunState, id: string) =>
  (Date.parse(steps[id]!.endedAt!) - Date.parse(steps[id]!.startedAt!)) / 1000;
const rita = { person: 'URITA', name: 'Rita' };

describe('a wait', () => {
  test('without a check ends when its time has passed, and not before', async () => {
    const state = await quiet(await bot.start([wait('pause', 20), step('lamp', { needs: ['pause'] })]));
    expect(state.outcome).toBe('succeeded');
    expect(secondsOf(state, 'pause')).toBeGreaterThanOrEqual(20);
    expect(Date.parse(state.steps['lamp']!.startedAt!)).toBeGreaterThanOrEqual(
      Date.parse(state.steps['pause']!.endedAt!),
    );
  });

  test('while a check says yes goes on asking it to the end', async () => {
    const state = await quiet(await bot.start([wait('soak', 120, ['gate'])]));
    expect(state.steps['soak']).toMatchObject({ state: 'succeeded', seen: 'stayed good for 120 s' });
    expect(secondsOf(state, 'soak')).toBeGreaterThanOrEqual(120);
    expect(world.looks.filter((thing) => thing === 'gate').length).toBeGreaterThanOrEqual(3);
  });

  test('while a check that says no three times in a row fails, and what needs it does not begin', async () => {
    world.answers.set('gate', no('the gate is shut'));
    const run = await bot.start([wait('soak', 3600, ['gate', 'fine']), step('lamp', { needs: ['soak'] })]);
    const state = await until(run, ({ haltedAt }) => haltedAt !== null);
    expect(state.steps['soak']).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('gate: the gate is shut'),
    });
    expect(state.steps['soak']!.message).not.toContain('fine');
    expect(world.looks.filter((thing) => thing === 'gate')).toHaveLength(3);
    expect(phases(state)).toMatchObject({ lamp: 'pending' });
  });

  test('while a check that says no twice and then yes goes on, and counts anew', async () => {
    world.answers.set('gate', no('shut for a moment'));
    const run = await bot.start([wait('soak', 60, ['gate'])]);
    await until(run, ({ steps }) => steps['soak']!.faults >= 1);
    world.answers.delete('gate');
    const state = await quiet(run);
    expect(state.outcome).toBe('succeeded');
  });

  test('that cannot ask is as bad as one that hears no', async () => {
    world.answers.set('gate', { answer: 'yes', because: 'throws' });
    const run = await bot.start([wait('soak', 3600, ['gate'])]);
    const state = await until(run, ({ haltedAt }) => haltedAt !== null);
    expect(state.steps['soak']).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('the check is broken'),
    });
  });

  test('is not waited for once the run is aborted', async () => {
    const run = await bot.start([step('lamp'), wait('soak', 36_000, [], { needs: ['lamp'] })]);
    await until(run, ({ steps }) => steps['soak']!.state === 'waiting');
    await tell(run, (now) => abort(now, 'URITA', 'enough'));
    const state = await quiet(run);
    expect(state).toMatchObject({ outcome: 'aborted' });
    expect(state.steps['soak']).toMatchObject({ state: 'skipped', message: 'the run was aborted' });
  });
});

describe('what only a person can do', () => {
  test('is ended by nobody but a person, whose name and checklist are kept, and then the run goes on', async () => {
    const run = await bot.start([manual('key'), step('lamp', { needs: ['key'] })]);
    const asked = await until(run, ({ steps }) => steps['key']!.state === 'waiting');
    expect(asked.steps['key']!.seen).toBe('turn the key');
    // Ten world minutes: nobody but a person may end it.
    await sleep(500);
    expect(phases(await (await bot.store.open(run.created.run)).refresh())).toEqual({
      key: 'waiting',
      lamp: 'pending',
    });
    await tell(run, (now) => confirmDone(now, 'key', rita, 'it clicked twice'));
    const state = await quiet(run);
    expect(state.outcome).toBe('succeeded');
    expect(state.steps['key']).toMatchObject({
      seen: 'done, says Rita: it clicked twice',
      changed: false,
      output: { by: 'Rita', confirmed: ['it clicks'] },
    });
    const [done] = (await eventsOf(bot, run.created.run)).filter(
      ({ type, data }) => type === 'step.succeeded' && data.step === 'key',
    );
    expect(done!.actor).toBe('slack:URITA');
  });

  test('cannot be said to be done of what Mayday does itself, before it is asked for, or of no step', async () => {
    world.fates.set('lamp', [{ slowSeconds: 180 }]);
    const run = await bot.start([step('lamp'), manual('key', { needs: ['lamp'] })]);
    await until(run, () => world.accepted.includes('lamp'));
    await expect(tell(run, (now) => confirmDone(now, 'lamp', rita, ''))).rejects.toThrow(/Mayday's own work/);
    await expect(tell(run, (now) => confirmDone(now, 'key', rita, ''))).rejects.toThrow(/is not asked for yet/);
    await expect(tell(run, (now) => confirmDone(now, 'kay', rita, ''))).rejects.toThrow(/no step "kay"/);
    await tell(run, (now) => abort(now, 'URITA', 'enough'));
    const ended = await quiet(run);
    expect(ended.steps['key']).toMatchObject({ state: 'skipped' });
    await expect(tell(run, (now) => confirmDone(now, 'key', rita, ''))).rejects.toThrow(/has already ended/);
  });

  test('is skipped when the run is aborted while it is asked for', async () => {
    const run = await bot.start([manual('key')]);
    await until(run, ({ steps }) => steps['key']!.state === 'waiting');
    await tell(run, (now) => abort(now, 'URITA', 'enough'));
    expect((await quiet(run)).steps['key']).toMatchObject({ state: 'skipped', message: 'the run was aborted' });
  });

  test('fails when nobody has said so in its time', async () => {
    const run = await bot.start([manual('key', { timeoutSeconds: 30 })]);
    const state = await until(run, ({ haltedAt }) => haltedAt !== null);
    expect(state.steps['key']!.message).toContain('nobody said that it is done: turn the key');
  });
});

describe('saying that it is done', () => {
  test('is for those who may approve the run and for who asked for it, and for nobody else', async () => {
    const pip = { name: 'Pip', slack: 'UPIP' };
    const orders = createOrders({
      store: bot.store,
      clock: bot.ports.clock,
      log: bot.ports.log,
      directory: {
        onCall: () => Promise.reject(new Error('nobody is asked')),
        members: () => Promise.reject(new Error('nobody is asked')),
      } as never,
      people: () => [pip],
      steeredBy: () => undefined,
      planDigest: () => 'digest',
      withdrawn: async () => {},
      measure: async () => [],
    });
    const by = (person: string) => ({ person, name: person, via: 'slack' as const });
    const done = { deed: 'done', step: 'key', reason: '' } as const;
    const start = async () => {
      const approve = approvalStep('approve', { slots: [{ name: 'on-call', people: [pip], live: null, offline: [] }] });
      const run = await bot.start([approve, manual('key', { needs: ['approve'] })]);
      await until(run, ({ steps }) => steps['approve']!.state === 'waiting');
      await orders.give(run.created.run, { deed: 'approve', hash: hashToApprove(run), typed: null }, by('UPIP'));
      await until(run, ({ steps }) => steps['key']!.state === 'waiting');
      return run;
    };
    const run = await start();
    await expect(orders.give(run.created.run, done, by('UEVE'))).rejects.toThrow(
      'Only who asked for the run and those who may approve it (on-call) may say that a step of it is done',
    );
    expect(phases(await (await bot.store.open(run.created.run)).refresh())['key']).toBe('waiting');
    await orders.give(run.created.run, done, by('UPIP'));
    expect((await quiet(run)).outcome).toBe('succeeded');
    const other = await start();
    // Somebody whom the plan does not know asked for it: approved, it is no longer theirs to stop or hurry.
    for (const deed of ['pause', 'abort', 'retry', 'resume'] as const)
      await expect(
        orders.give(other.created.run, { deed, reason: 'I would like to' }, by('UREQUESTER')),
      ).rejects.toThrow(`Only those who may approve it (on-call) may ${deed} it. Rule "always".`);
    await orders.give(other.created.run, done, by('UREQUESTER'));
    expect((await quiet(other)).steps['key']!.seen).toBe('done, says UREQUESTER');
  });
});

describe('a deadline', () => {
  test('is kept when everything has ended before it', async () => {
    const state = await quiet(
      await bot.start([turn('one'), turn('two', { needs: ['one'] }), deadline(600, ['one', 'two'])]),
    );
    expect(state).toMatchObject({ outcome: 'succeeded' });
    expect(state.steps['in-time']!.seen).toBe('done within 600 s');
  });

  test('that is missed while others work stops what is new, waits for what is under way, and takes back all of it', async () => {
    world.fates.set('two', [{ slowSeconds: 180 }]);
    const [one, two, three] = [turn('one'), turn('two', { needs: ['one'] }), turn('three', { needs: ['two'] })];
    // Ready as soon as the deadline is missed: it must not begin.
    const late = turn('late', { needs: ['pause'] });
    const run = await bot.start(
      [
        one,
        two,
        three,
        wait('pause', 40),
        late,
        deadline(20, ['one', 'two', 'three', 'late']),
        undoStep(one, ['two', 'three']),
        undoStep(two, ['three']),
        undoStep(three),
        undoStep(late),
      ],
      [],
      ['failed'],
    );
    const missed = await until(run, ({ steps }) => steps['in-time']!.state === 'failed');
    expect(missed.steps['in-time']!.message).toBe('it has taken longer than 20 s');
    expect(missed.steps['two']!.state).toBe('waiting');
    const state = await quiet(run);
    expect(state).toMatchObject({ outcome: 'failed', unwinding: 'failed' });
    expect(world.calls).toEqual(['one', 'two', 'two', 'one']);
    expect(Object.fromEntries(world.values)).toEqual({ one: 'off', two: 'off' });
    expect(phases(state)).toMatchObject({ three: 'skipped', late: 'skipped', 'undo-late': 'skipped' });
  });

  test('that is missed when nothing can be taken back halts the run for a person', async () => {
    const run = await bot.start([manual('key'), deadline(10, ['key'])], [], ['failed']);
    const state = await until(run, ({ haltedAt }) => haltedAt !== null);
    expect(state).toMatchObject({ unwinding: null, outcome: null });
    expect(phases(state)).toEqual({ key: 'waiting', 'in-time': 'failed' });
  });
});

describe('criteria', () => {
  test.each([
    ['as many fail as are allowed', ['a'], {}, true],
    ['more fail than are allowed', ['a', 'b'], {}, false],
    ['one fails that must hold', ['d'], {}, false],
    ['none fails', [], {}, true],
  ])('when %s', async (_, failing, _more, good) => {
    for (const thing of failing) world.answers.set(thing, no(`${thing} is ill`));
    const run = await bot.start([criteria({ some: ['a', 'b', 'c'], moreThan: 1, each: ['d'], seconds: 10 })]);
    const state = await until(run, ({ outcome, haltedAt }) => outcome !== null || haltedAt !== null);
    const { state: phase, message, seen } = state.steps['still-good']!;
    expect(phase).toBe(good ? 'succeeded' : 'failed');
    if (good) {
      expect(seen).toBe(`${4 - failing.length} of 4 hold`);
      expect(secondsOf(state, 'still-good')).toBeGreaterThanOrEqual(10);
    } else {
      for (const thing of failing) expect(message).toContain(`${thing}: ${thing} is ill`);
      expect(world.looks.filter((thing) => thing === failing[0])).toHaveLength(3);
    }
  });

  test('that do not hold take back what was done before', async () => {
    world.answers.set('d', no('it is ill'));
    const lamp = turn('lamp');
    const good = { ...criteria({ each: ['d'] }), needs: ['lamp'] };
    const state = await quiet(await bot.start([lamp, good, undoStep(lamp)], [], ['failed']));
    expect(state).toMatchObject({ outcome: 'failed', unwinding: 'failed' });
    expect(world.values.get('lamp')).toBe('off');
  });
});

describe('traffic that moves in shares', () => {
  /** 10, 50, then all of it, each watched. */
  const shares = (soak: number) => {
    const share = (id: string, value: string, needs: string[]) =>
      turn(id, { input: { thing: 'door', value }, needs, goodOnce: `${id}-watched`, resources: ['world:door'] });
    const [ten, fifty, all] = [
      share('open-10', '10', []),
      share('open-50', '50', ['open-10-watched']),
      share('open', '100', ['open-50-watched']),
    ];
    const watched = (id: string, seconds: number) => wait(`${id}-watched`, seconds, ['healthy'], { needs: [id] });
    return [
      ten,
      watched('open-10', 10),
      fifty,
      watched('open-50', soak),
      all,
      watched('open', 0),
      undoStep(ten, ['open-50', 'open']),
      undoStep(fifty, ['open']),
      undoStep(all),
    ];
  };

  test('goes home share by share', async () => {
    const state = await quiet(await bot.start(shares(10), [], ['failed', 'aborted']));
    expect(state.outcome).toBe('succeeded');
    expect(world.accepted).toEqual(['door', 'door', 'door']);
    expect(world.values.get('door')).toBe('100');
  });

  test('an abort during the second share goes back to the first, and not to none', async () => {
    world.values.set('door', '0');
    const run = await bot.start(shares(36_000), [], ['failed', 'aborted']);
    await until(run, ({ steps }) => steps['open-50-watched']!.state === 'waiting');
    expect(world.values.get('door')).toBe('50');
    await tell(run, (now) => abort(now, 'URITA', 'too slow'));
    const state = await quiet(run);
    expect(state.outcome).toBe('aborted');
    expect(world.values.get('door')).toBe('10');
    expect(phases(state)).toMatchObject({ 'undo-open-50': 'succeeded', 'undo-open-10': 'skipped', open: 'skipped' });
    expect(state.steps['undo-open-10']!.message).toBe('it was watched and stayed good, so it stays');
  });

  test('a second share that is not healthy goes back to the first by itself', async () => {
    world.values.set('door', '0');
    const run = await bot.start(shares(36_000), [], ['failed', 'aborted']);
    await until(run, ({ steps }) => steps['open-50-watched']!.state === 'waiting');
    world.answers.set('healthy', no('errors'));
    const state = await quiet(run);
    expect(state).toMatchObject({ outcome: 'failed', unwinding: 'failed' });
    expect(world.values.get('door')).toBe('10');
  });

  test('an abort during the first share goes back to what was there before', async () => {
    world.values.set('door', '0');
    const steps = shares(10).map((each) =>
      each.id === 'open-10-watched' ? wait(each.id, 36_000, ['healthy'], { needs: ['open-10'] }) : each,
    );
    const run = await bot.start(steps, [], ['failed', 'aborted']);
    await until(run, ({ steps: now }) => now['open-10-watched']!.state === 'waiting');
    await tell(run, (now) => abort(now, 'URITA', 'no'));
    await quiet(run);
    expect(world.values.get('door')).toBe('0');
  });
});

describe('what was there before', () => {
  test('is recorded with the intent of every change that can be taken back, also when the run takes nothing back', async () => {
    world.values.set('one', 'dim');
    const run = await bot.start([turn('one'), turn('two', { needs: ['one'] }), step('three', { needs: ['two'] })]);
    const state = await quiet(run);
    const acting = (await eventsOf(bot, run.created.run)).filter(({ type }) => type === 'step.acting');
    expect(acting.map(({ data }) => [data.step, data.before])).toEqual([
      ['one', { value: 'dim' }],
      ['two', { value: null }],
      ['three', undefined],
    ]);
    expect(moveRecord(state)).toMatchObject({
      from: 'north',
      to: 'south',
      changed: [
        { step: 'one', before: { value: 'dim' }, resources: ['world:one'] },
        { step: 'two', before: { value: null } },
        { step: 'three', before: null },
      ],
    });
  });

  test('is what the first act found, when an answer was lost and it was done again', async () => {
    world.values.set('lamp', 'dim');
    world.fates.set('lamp', ['lost-before', 'ok']);
    const lamp = turn('lamp');
    const run = await bot.start([lamp]);
    const state = await quiet(run);
    expect(state.outcome).toBe('succeeded');
    expect(state.steps['lamp']!.before).toEqual({ value: 'dim' });
  });
});

test('deciding again without anything having happened gives no events: each of these steps stands still', async () => {
  const run = await bot.start([manual('key'), wait('soak', 36_000), deadline(36_000, ['key'])]);
  const state = await until(run, ({ steps }) => Object.values(steps).every(({ state: phase }) => phase === 'waiting'));
  const decision = decide(state, bot.ports.clock.now());
  expect(decision.events).toEqual([]);
  await tell(run, (now) => abort(now, 'URITA', 'enough'));
});
