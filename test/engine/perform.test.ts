import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { approve, hashToApprove } from '../../src/engine/approvals.ts';
import { approvalHash, type LossBound } from '../../src/engine/bounds.ts';
import { abort, retry } from '../../src/engine/controls.ts';
import { evolve } from '../../src/engine/evolve.ts';
import type { LossReading } from '../../src/engine/ports.ts';
import type { RunState } from '../../src/engine/state.ts';
import type { Requirement } from '../../src/plan/graph.ts';
import {
  approvalStep,
  type BotProcess,
  createWorld,
  eventsOf,
  startBot,
  step,
  type World,
} from '../support/engine-world.ts';
import { type JournalDatabase, openJournalDatabase } from '../support/journal-database.ts';

let database: JournalDatabase;
let bot: BotProcess;
let world: World;
let loss: () => Promise<LossReading>;

beforeAll(async () => {
  database = await openJournalDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  world = createWorld(() => bot.ports.clock);
  bot = await startBot(database.database, world.registry, { readLoss: () => loss() });
});
afterEach(() => bot.stop());

const carryOut = async (...steps: ReturnType<typeof step>[]): Promise<RunState> => {
  const { created } = await bot.start(steps);
  return bot.untilQuiet(created.run);
};
const says = (thing: string): Requirement => ({ uses: 'world/says', version: 1, input: { thing } });
const typesOf = async (state: RunState) => (await eventsOf(bot, state.created.run)).map(({ type }) => type);

test('a step looks, records its intent, acts, and is done when the world says so', async () => {
  const state = await carryOut(step('lamp'));
  expect(state.outcome).toBe('succeeded');
  expect(state.steps['lamp']).toMatchObject({ state: 'succeeded', changed: true, seen: 'lamp is on', acts: 1 });
  expect(world.accepted).toEqual(['lamp']);
  expect(await typesOf(state)).toEqual([
    'run.created',
    'step.started',
    'step.acting',
    'step.succeeded',
    'run.finished',
  ]);
});

test('what is so already is not done again', async () => {
  world.values.set('lamp', 'on');
  const state = await carryOut(step('lamp'));
  expect(state.steps['lamp']).toMatchObject({ state: 'succeeded', changed: false, acts: 0 });
  expect(world.calls).toEqual([]);
});

test('an act whose answer was lost is not repeated when the world shows it', async () => {
  world.fates.set('lamp', ['lost-after']);
  const state = await carryOut(step('lamp'));
  expect(state.steps['lamp']).toMatchObject({ state: 'succeeded', changed: true });
  expect(world.calls).toEqual(['lamp']);
});

test('an act whose answer was lost and whose effect never shows is tried three times, and then a human decides', async () => {
  world.fates.set('lamp', ['lost-before', 'lost-before', 'lost-before', 'ok']);
  const state = await carryOut(step('lamp'));
  expect(state.steps['lamp']).toMatchObject({ state: 'failed' });
  expect(state.steps['lamp']!.message).toMatch(/tried 3 times/);
  expect(world.calls).toEqual(['lamp', 'lamp', 'lamp']);
  expect(state.outcome).toBeNull();
  expect(state.haltedAt).not.toBeNull();
  const acts = (await eventsOf(bot, state.created.run)).filter(({ type }) => type === 'step.acting');
  for (const [i, act] of acts.entries())
    if (i > 0) expect(Date.parse(act.at) - Date.parse(acts[i - 1]!.at)).toBeGreaterThanOrEqual(30_000);
});

test('an act that nobody can read back and whose answer was lost is not tried again', async () => {
  world.fates.set('lamp', ['lost-before', 'ok']);
  const state = await carryOut(step('lamp', { uses: 'world/once' }));
  expect(state.steps['lamp']).toMatchObject({ state: 'failed', code: 'system/unknown', effect: 'maybe-made' });
  expect(world.calls).toEqual(['lamp']);
  expect(state.haltedAt).not.toBeNull();
});

test('an act that the service deduplicates is sent again at once with the same key', async () => {
  world.fates.set('lamp', ['lost-after', 'ok']);
  const state = await carryOut(step('lamp', { uses: 'world/tell', effect: 'notice' }));
  expect(state.outcome).toBe('succeeded');
});

test('a refused act fails at once and is not tried again', async () => {
  world.fates.set('lamp', ['refused', 'ok']);
  const state = await carryOut(step('lamp'));
  expect(state.steps['lamp']).toMatchObject({ state: 'failed', code: 'system/refused', message: 'it said no' });
  expect(world.calls).toEqual(['lamp']);
});

test.each(['world/set', 'world/once', 'world/keyed'])(
  'a throttled act of %s was not made, so it is tried again without waiting for its effect',
  async (uses) => {
    world.fates.set('lamp', ['throttled', 'throttled', 'throttled', 'throttled', 'ok']);
    const state = await carryOut(step('lamp', { uses }));
    expect(state.steps['lamp']).toMatchObject({ state: 'succeeded', changed: true, acts: 1 });
    expect(world.calls).toHaveLength(5);
    expect(world.accepted).toEqual(['lamp']);
  },
);

test('an act that is throttled without end stops after the tries that the journal counted', async () => {
  world.fates.set('lamp', Array(20).fill('throttled'));
  const state = await carryOut(step('lamp'));
  expect(state.steps['lamp']).toMatchObject({ state: 'failed', code: 'system/throttled', effect: 'not-made' });
  expect(world.calls).toHaveLength(6);
});

test('a change that was accepted is never asked for twice, however long it takes', async () => {
  world.fates.set('lamp', [{ slowSeconds: 90 }]);
  const state = await carryOut(step('lamp'));
  expect(state.steps['lamp']).toMatchObject({ state: 'succeeded' });
  expect(world.calls).toEqual(['lamp']);
});

test('a step is out of time only after a look, and says what was seen', async () => {
  world.fates.set('lamp', [{ slowSeconds: 10_000 }]);
  const state = await carryOut(step('lamp', { timeoutSeconds: 40 }));
  expect(state.steps['lamp']).toMatchObject({ state: 'failed', effect: 'maybe-made' });
  expect(state.steps['lamp']!.message).toBe('after 40 s the world still says: lamp is not set');
  const events = await eventsOf(bot, state.created.run);
  const failed = events.find(({ type }) => type === 'step.failed')!;
  const started = events.find(({ type }) => type === 'step.started')!;
  expect(Date.parse(failed.at) - Date.parse(started.at)).toBeGreaterThan(40_000);
});

test('a step that is done in the very moment in which its time is over has succeeded', async () => {
  world.values.set('bell', 'on');
  expect((await carryOut(step('bell', { timeoutSeconds: 0 }))).steps['bell']!.state).toBe('succeeded');
});

test('what cannot be done at all is told and not tried', async () => {
  world.values.set('lamp', 'broken');
  const state = await carryOut(step('lamp'));
  expect(state.steps['lamp']).toMatchObject({ state: 'failed', message: 'lamp is broken' });
  expect(world.calls).toEqual([]);
});

test.each(['no', 'unknown'] as const)(
  'a requirement that says %s blocks the step, and a human decides',
  async (answer) => {
    world.answers.set('fuse', { answer, because: 'the fuse is out' });
    const state = await carryOut(step('lamp', { require: [says('fuse')] }));
    expect(state.steps['lamp']).toMatchObject({ state: 'blocked' });
    expect(state.steps['lamp']!.message).toBe(`world/says says ${answer}: the fuse is out`);
    expect(world.calls).toEqual([]);
    expect(state.haltedAt).not.toBeNull();

    world.answers.delete('fuse');
    const handle = await bot.store.open(state.created.run);
    await handle.commit((now) => retry(now, 'the fuse is in again'), { actor: 'slack:UPIP' });
    expect((await bot.untilQuiet(state.created.run)).outcome).toBe('succeeded');
  },
);

test('a requirement whose check breaks is unknown, and so blocks', async () => {
  world.answers.set('fuse', { answer: 'yes', because: 'throws' });
  const state = await carryOut(step('lamp', { require: [says('fuse')] }));
  expect(state.steps['lamp']).toMatchObject({
    state: 'blocked',
    message: 'world/says says unknown: the check is broken',
  });
});

test('a requirement of a version that this Mayday does not have blocks', async () => {
  const state = await carryOut(step('lamp', { require: [{ ...says('fuse'), version: 2 }] }));
  expect(state.steps['lamp']).toMatchObject({ state: 'blocked' });
});

const reading = (seconds: number | null): LossReading => ({
  component: 'crates',
  seconds,
  upperBoundSeconds: seconds,
  sourceAnswers: false,
  lastSeenAliveAt: null,
  lastReplayedAt: null,
  because: `about ${seconds} s would be lost`,
});

test('a loss above its bound, or one that nobody can tell, blocks; one below it goes into the journal with the intent', async () => {
  const require: Requirement[] = [{ uses: 'engine/loss-below', version: 1, input: { limitSeconds: 60 } }];
  for (const seconds of [61, null]) {
    loss = async () => reading(seconds);
    expect((await carryOut(step('lamp', { require }))).steps['lamp']!.state).toBe('blocked');
  }
  loss = async () => Promise.reject(new Error('the standby hangs'));
  expect((await carryOut(step('lamp', { require }))).steps['lamp']!.state).toBe('blocked');
  expect(world.calls).toEqual([]);
  loss = async () => reading(60);
  const state = await carryOut(step('lamp', { require }));
  expect(state.steps['lamp']).toMatchObject({ state: 'succeeded', facts: { seconds: 60 } });
});

test('a step with "unless" is done without acting when the check says yes, and acts on any other answer', async () => {
  world.answers.set('daylight', { answer: 'yes', because: 'the sun shines', facts: { value: 'sun' } });
  const bright = await carryOut(step('lamp', { unless: says('daylight') }));
  expect(bright.steps['lamp']).toMatchObject({ state: 'succeeded', changed: false, output: { value: 'sun' } });
  expect(world.calls).toEqual([]);
  for (const answer of ['no', 'unknown'] as const) {
    world.answers.set('daylight', { answer, because: 'night' });
    await carryOut(step(`lamp-${answer}`, { unless: says('daylight') }));
  }
  expect(world.calls).toEqual(['lamp-no', 'lamp-unknown']);
});

test('what is already so needs nothing that acting would require', async () => {
  world.answers.set('daylight', { answer: 'yes', because: 'the sun shines' });
  world.answers.set('fuse', { answer: 'no', because: 'the fuse is out' });
  const state = await carryOut(step('lamp', { unless: says('daylight'), require: [says('fuse')] }));
  expect(state.outcome).toBe('succeeded');
});

test('a check that says no is asked again until its time is over; an informative one is recorded as it is', async () => {
  world.answers.set('door', { answer: 'no', because: 'it is shut' });
  const state = await carryOut(
    step('door', { uses: 'world/says', timeoutSeconds: 10 }),
    step('window', { uses: 'world/says', informative: true, input: { thing: 'door' } }),
  );
  expect(state.steps['window']).toMatchObject({ state: 'succeeded', output: { answer: 'no', because: 'it is shut' } });
  expect(state.steps['door']).toMatchObject({
    state: 'failed',
    message: 'after 10 s the world still says: it is shut',
  });
  expect(world.looks.length).toBeGreaterThan(3);
});

test('an output reaches the step that refers to it, and one that is not there stops that step', async () => {
  const state = await carryOut(
    step('lamp'),
    step('bell', { needs: ['lamp'], input: { thing: 'bell', value: { $step: 'lamp', $output: 'value' } } }),
    step('gong', { needs: ['lamp'], input: { thing: 'gong', value: { $step: 'lamp', $output: 'colour' } } }),
  );
  expect(state.steps['bell']).toMatchObject({ state: 'succeeded', output: { value: 'on' } });
  expect(state.steps['gong']).toMatchObject({ state: 'failed' });
  expect(state.steps['gong']!.message).toContain('the output of "lamp" has no "colour"');
});

test('an action of another version than the approved one is not carried out', async () => {
  const state = await carryOut(step('lamp', { version: 2 }));
  expect(state.steps['lamp']!.message).toMatch(/approved with world\/set version 2, but this Mayday has 1/);
  expect(world.calls).toEqual([]);
});

test('a wait of the engine takes its time of the world and occupies nobody', async () => {
  const state = await carryOut(step('soak', { uses: 'engine/wait', lane: 'look', input: { seconds: 60 } }));
  const events = await eventsOf(bot, state.created.run);
  const at = (type: string) => Date.parse(events.find((event) => event.type === type)!.at);
  expect(at('step.succeeded') - at('step.started')).toBeGreaterThanOrEqual(60_000);
});

test('nothing changes before the approval; after it everything does', async () => {
  const { created } = await bot.start([approvalStep(), step('lamp', { needs: ['approve'] })]);
  await sleep(300);
  expect(world.calls).toEqual([]);
  const handle = await bot.store.open(created.run);
  const approver = { person: 'UPIP', name: 'Pip', slots: [0], unknownSlots: [], typed: null, via: 'slack' as const };
  await handle.commit((now) => approve(now, approver, hashToApprove(now), bot.ports.clock.now()), {
    actor: 'slack:UPIP',
  });
  expect((await bot.untilQuiet(created.run)).outcome).toBe('succeeded');
  expect(world.accepted).toEqual(['lamp']);
});

/** A run that waits for approval, with what people were asked for put in by hand. */
const askedFor = async (bounds: LossBound[], more: { hash?: string } = {}, require: Requirement[] = []) => {
  const { created } = await bot.start([approvalStep(), step('lamp', { needs: ['approve'], require })]);
  const handle = await bot.store.open(created.run);
  const expiresAt = new Date(bot.ports.clock.now().getTime() + 900_000).toISOString();
  const hash = more.hash ?? approvalHash(created.graph.hash, expiresAt, bounds);
  const asked = { step: 'approve', expiresAt, hash, bounds };
  await handle.commit(() => [{ type: 'approval.requested', data: asked }], { actor: 'mayday' });
  const pip = { person: 'UPIP', name: 'Pip', slots: [0], unknownSlots: [], typed: null, via: 'slack' as const };
  await handle.commit((now) => approve(now, pip, hashToApprove(now), bot.ports.clock.now()), { actor: 'slack:UPIP' });
  return bot.untilQuiet(created.run);
};

test('right before a promote no more may be lost than people said yes to', async () => {
  const input = { component: 'crates' };
  const require: Requirement[] = [{ uses: 'engine/loss-as-approved', version: 1, input }];
  const bound = (seconds: number | null): LossBound => ({ component: 'crates', seconds, from: 'plan' });
  loss = async () => reading(61);
  const broken = await askedFor([bound(60)], {}, require);
  expect(broken.steps['lamp']).toMatchObject({ state: 'blocked' });
  expect(broken.steps['lamp']!.message).toContain('the limit is 60 s');
  expect(world.calls).toEqual([]);
  loss = async () => Promise.reject(new Error('the standby hangs'));
  expect((await askedFor([bound(60)], {}, require)).steps['lamp']!.state).toBe('blocked');
  expect(world.calls).toEqual([]);
  // Nobody knew, and said yes all the same.
  expect((await askedFor([bound(null)], {}, require)).steps['lamp']).toMatchObject({
    state: 'succeeded',
    changed: true,
  });
});

test('what stands in the journal as approved must be what would be done', async () => {
  const state = await askedFor([], { hash: 'f'.repeat(64) });
  expect(state.steps['lamp']).toMatchObject({ state: 'blocked' });
  expect(state.steps['lamp']!.message).toMatch(/What was approved is not what the journal says would be done/);
  expect(world.calls).toEqual([]);
});

test('an approval that nobody gives expires, which means no', async () => {
  const { created } = await bot.start([
    approvalStep('approve', { expiresSeconds: 30 }),
    step('lamp', { needs: ['approve'] }),
  ]);
  const handle = await bot.store.open(created.run);
  for (let waited = 0; waited < 100 && (await handle.refresh()).outcome === null; waited += 1) await sleep(50);
  expect(handle.state().outcome).toBe('expired');
  expect(world.calls).toEqual([]);
});

test('after an abort nothing more is begun, and what was sent is watched to its end', async () => {
  world.fates.set('lamp', [{ slowSeconds: 40 }]);
  const { created } = await bot.start([step('lamp'), step('bell', { needs: ['lamp'] })]);
  while (!world.accepted.includes('lamp')) await sleep(10);
  const handle = await bot.store.open(created.run);
  await handle.commit((now) => abort(now, 'UPIP', 'enough'), { actor: 'slack:UPIP' });
  const state = await bot.untilQuiet(created.run);
  expect(state.outcome).toBe('aborted');
  expect(state.steps['lamp']!.state).toBe('succeeded');
  expect(state.steps['bell']!.state).toBe('skipped');
  expect(world.calls).toEqual(['lamp']);
});

test.each([
  ['world/once', [], 'failed'],
  ['world/set', ['lamp'], 'succeeded'],
  ['world/keyed', ['lamp'], 'succeeded'],
])('an intent of %s that a crash left behind', async (uses, calls, end) => {
  const { created } = await bot.start([approvalStep(), step('lamp', { uses, needs: ['approve'] })]);
  await bot.stop();
  const handle = await bot.store.open(created.run);
  const yes = { step: 'approve', seen: 'yes', changed: false, output: {} };
  await handle.commit(() => [{ type: 'step.succeeded', data: yes }], { actor: 'test' });
  const intent = { step: 'lamp', seen: 'lamp is not set' };
  await handle.commit(() => [{ type: 'step.acting', data: intent }], { actor: 'mayday' });
  bot = await startBot(database.database, world.registry);
  const state = await bot.untilQuiet(created.run);
  expect(state.steps['lamp']!.state).toBe(end);
  expect(world.calls).toEqual(calls);
  const events = await eventsOf(bot, created.run);
  const acts = events.filter(({ type }) => type === 'step.acting').map(({ at }) => Date.parse(at));
  // What can be read back is looked at until its effect must have shown; a key makes that needless.
  if (uses === 'world/set') expect(acts[1]! - acts[0]!).toBeGreaterThanOrEqual(30_000);
  if (uses === 'world/once') expect(state.steps['lamp']!.message).toMatch(/may have been done/);
});

test('an intent from before a crash is not acted upon after an abort', async () => {
  // As a worker leaves it that dies between intent and call.
  const { created } = await bot.start([approvalStep(), step('lamp', { uses: 'world/keyed', needs: ['approve'] })]);
  await bot.stop();
  const handle = await bot.store.open(created.run);
  await handle.commit(
    () => [{ type: 'step.succeeded', data: { step: 'approve', seen: 'yes', changed: false, output: {} } }],
    { actor: 'test' },
  );
  await handle.commit(() => [{ type: 'step.acting', data: { step: 'lamp', seen: 'lamp is not set' } }], {
    actor: 'mayday',
  });
  await handle.commit((now) => abort(now, 'UPIP', 'enough'), { actor: 'slack:UPIP' });
  bot = await startBot(database.database, world.registry);
  const state = await bot.untilQuiet(created.run);
  expect(world.calls).toEqual([]);
  expect(state.outcome).toBe('aborted');
});

test('a failed step is tried again when a human says so, and the run goes on', async () => {
  world.fates.set('lamp', ['refused']);
  const halted = await carryOut(step('lamp'), step('bell', { needs: ['lamp'] }));
  expect(halted.haltedAt).not.toBeNull();
  const handle = await bot.store.open(halted.created.run);
  await handle.commit((now) => retry(now, 'again'), { actor: 'slack:UPIP' });
  const state = await bot.untilQuiet(halted.created.run);
  expect(state.outcome).toBe('succeeded');
  expect(world.accepted).toEqual(['lamp', 'bell']);
});

test('the state in memory is what the journal adds up to', async () => {
  world.fates.set('lamp', [{ slowSeconds: 20 }]);
  world.fates.set('bell', ['throttled', 'lost-after']);
  const state = await carryOut(step('lamp'), step('bell'), step('note', { uses: 'world/tell', after: ['lamp'] }));
  const replayed = (await eventsOf(bot, state.created.run)).reduce<RunState | null>(
    (before, event) => evolve(before, event as never, event.version),
    null,
  );
  expect(state).toEqual(replayed);
});
