import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  abort,
  acceptance,
  allowWaiver,
  askWaiver,
  cancel,
  pause,
  refuseWaiver,
  resume,
  retry,
} from '../../src/engine/controls.ts';
import type { RunEvent } from '../../src/engine/events.ts';
import type { LossReading } from '../../src/engine/ports.ts';
import type { RunState } from '../../src/engine/state.ts';
import { summarise } from '../../src/engine/summary.ts';
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
let loss: LossReading;

beforeAll(async () => {
  database = await openJournalDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  world = createWorld(() => bot.ports.clock);
  bot = await startBot(database.database, world.registry, { readLoss: async () => loss });
});
afterEach(() => bot.stop());

const turn = (id: string, more: Partial<Step> = {}) => step(id, { uses: 'world/turn', ...more });
const pip = { person: 'UPIP', name: 'Pip', slots: [0], unknownSlots: [], typed: null, via: 'slack' as const };
const rita = { person: 'URITA', name: 'Rita' };

const tell = async (run: RunState, make: (now: RunState) => RunEvent[]): Promise<RunState> => {
  const handle = await bot.store.open(run.created.run);
  await handle.refresh();
  return handle.commit(make, { actor: 'slack:URITA' });
};
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

describe('pausing', () => {
  test('begins nothing more, and what is in flight is observed to its end', async () => {
    world.fates.set('one', [{ slowSeconds: 30 }]);
    const run = await bot.start([step('one'), step('two', { needs: ['one'] })]);
    await until(run, () => world.accepted.includes('one'));
    await tell(run, (now) => pause(now, 'URITA', 'wait for the caterers'));
    const paused = await until(run, ({ steps }) => steps['one']!.state === 'succeeded');
    await sleep(300);
    expect(phases(paused)).toEqual({ one: 'succeeded', two: 'pending' });
    expect(summarise(paused).standing).toBe('paused');
    expect(world.calls).toEqual(['one']);
    await tell(run, (now) => resume(now, 'URITA', 'they are here'));
    expect((await quiet(run)).outcome).toBe('succeeded');
    const said = (await eventsOf(bot, run.created.run)).filter(({ type }) => /paused|resumed/.test(type));
    expect(said.map(({ type, actor }) => [type, actor])).toEqual([
      ['run.paused', 'slack:URITA'],
      ['run.resumed', 'slack:URITA'],
    ]);
  });

  test('in the moment between the look and the act holds the act back', async () => {
    const lamp = step('lamp', { require: [{ uses: 'world/says', version: 1, input: { thing: 'gate' } }] });
    const { ask } = world.registry.checks.get('world/says')!;
    let handle: Awaited<ReturnType<typeof bot.store.open>>;
    world.registry.checks.get('world/says')!.ask = async (input, context) => {
      handle = await bot.store.open(run.created.run);
      await handle.commit((now) => pause(now, 'URITA', 'hold it'), { actor: 'slack:URITA' });
      return ask(input, context);
    };
    const run = await bot.start([lamp]);
    const held = await until(run, ({ paused, steps }) => paused !== null && steps['lamp']!.state === 'pending');
    expect(held.steps['lamp']).toMatchObject({ acts: 0, seen: expect.stringContaining('paused') });
    expect(world.calls).toEqual([]);
    world.registry.checks.get('world/says')!.ask = ask;
    await tell(run, (now) => resume(now, 'URITA', 'go'));
    expect((await quiet(run)).outcome).toBe('succeeded');
    expect(world.calls).toEqual(['lamp']);
  });

  test('lets messages go on, and a run with a failed step halts only when it goes on', async () => {
    world.fates.set('bad', ['refused']);
    world.fates.set('slow', [{ slowSeconds: 20 }]);
    const run = await bot.start([
      step('bad'),
      step('slow'),
      step('later', { needs: ['slow'] }),
      step('word', { uses: 'world/tell', after: ['slow'] }),
    ]);
    await until(run, () => world.accepted.includes('slow'));
    await tell(run, (now) => pause(now, 'URITA', 'hold'));
    const held = await until(run, ({ steps }) => steps['word']!.state === 'succeeded');
    expect(phases(held)).toMatchObject({ bad: 'failed', slow: 'succeeded', later: 'pending', word: 'succeeded' });
    expect(held.haltedAt).toBeNull();
    await tell(run, (now) => resume(now, 'URITA', 'go'));
    expect(phases(await until(run, ({ haltedAt }) => haltedAt !== null))).toMatchObject({ later: 'succeeded' });
  });

  test('a run that is not paused cannot be resumed, and pausing twice says it once', async () => {
    const run = await bot.start([approvalStep(), step('lamp', { needs: ['approve'] })]);
    await expect(tell(run, (now) => resume(now, 'URITA', 'x'))).rejects.toThrow('is not paused');
    await tell(run, (now) => pause(now, 'URITA', 'a'));
    await tell(run, (now) => pause(now, 'UPIP', 'b'));
    const told = (await eventsOf(bot, run.created.run)).filter(({ type }) => type === 'run.paused');
    expect(told).toHaveLength(1);
    expect((await tell(run, (now) => cancel(now, 'URITA', 'never mind'))).outcome).toBe('cancelled');
  });
});

describe('passing over a step', () => {
  const halted = async (more: Step[] = [step('after', { needs: ['bad'] })]): Promise<RunState> => {
    world.fates.set('bad', ['refused']);
    const run = await bot.start([step('bad'), ...more]);
    return until(run, ({ haltedAt }) => haltedAt !== null);
  };

  test('needs a second person, and what needed it goes on without it', async () => {
    const run = await halted();
    await tell(run, (now) => askWaiver(now, 'skip', 'bad', rita, 'the vendor does it by hand'));
    await expect(tell(run, (now) => allowWaiver(now, 'bad', { ...pip, ...rita }))).rejects.toThrow(/somebody else/);
    expect(world.calls).toEqual(['bad']);
    await tell(run, (now) => allowWaiver(now, 'bad', pip));
    const after = await quiet(run);
    expect(after.outcome).toBe('succeeded');
    expect(after.steps['bad']).toMatchObject({
      state: 'skipped',
      message: 'left out by Rita and Pip: the vendor does it by hand',
    });
    expect(phases(after)).toMatchObject({ after: 'succeeded' });
  });

  test('what refers to its output is left out as well', async () => {
    const input = { thing: 'after', value: { $step: 'bad', $output: 'value' } };
    const run = await halted([step('after', { needs: ['bad'], input }), step('other')]);
    await tell(run, (now) => askWaiver(now, 'skip', 'bad', rita, 'not today'));
    await tell(run, (now) => allowWaiver(now, 'bad', pip));
    const after = await quiet(run);
    expect(after.steps['after']).toMatchObject({ state: 'skipped', message: expect.stringContaining('left out') });
    expect(after.outcome).toBe('failed');
  });

  test('can be refused, and a step that goes on meanwhile is not passed over', async () => {
    const run = await halted();
    await tell(run, (now) => askWaiver(now, 'skip', 'bad', rita, 'x'));
    await tell(run, (now) => refuseWaiver(now, 'bad', rita, 'no'));
    await expect(tell(run, (now) => allowWaiver(now, 'bad', pip))).rejects.toThrow(/Nobody asks/);
    await tell(run, (now) => askWaiver(now, 'skip', 'bad', rita, 'x'));
    await tell(run, (now) => retry(now, 'the quota was raised', 'bad'));
    await expect(tell(run, (now) => allowWaiver(now, 'bad', pip))).rejects.toThrow(/Nobody asks/);
    expect((await quiet(run)).outcome).toBe('succeeded');
  });

  test('what can never be taken back is forced only by those whom the rule wants together, with their second proof', async () => {
    const rule = {
      name: 'always',
      slots: ['vp', 'operator', 'operator'].map((name) => ({ name, people: [], live: null, offline: [] })),
      ways: [[0], [1, 2]],
      requesterCounts: false,
      typedWord: null,
      expiresSeconds: 900,
      tell: [],
      stepUp: ['totp' as const],
    };
    world.answers.set('fuse', { answer: 'no', because: 'it is open' });
    const require = [{ name: 'fuse', uses: 'world/says', version: 1, input: { thing: 'fuse' } }];
    const approve = approvalStep('approve', rule as never);
    const lamp = turn('lamp', { needs: ['approve'], require, stays: 'it is one-way' });
    let run = await bot.start([approve, lamp]);
    await until(run, ({ steps }) => steps['approve']!.state === 'waiting');
    const operator = { ...pip, slots: [1, 2], stepUp: 'totp' as const };
    const yes = (who: typeof operator) => () => [
      {
        type: 'approval.given' as const,
        data: {
          step: 'approve',
          person: who.person,
          name: who.name,
          slots: who.slots,
          hash: '',
          typed: null,
          via: who.via,
        },
      },
    ];
    run = await tell(run, yes({ ...operator, person: 'UVP', slots: [0] }));
    await until(run, ({ steps }) => steps['lamp']!.state === 'blocked');
    run = await tell(run, (now) => askWaiver(now, 'force', 'lamp', rita, 'the boss wants it'));
    const allow = (approver: Parameters<typeof allowWaiver>[2], asker: number[]) => () =>
      allowWaiver(run, 'lamp', approver, rule, asker);
    expect(allow(operator, [])).toThrow(
      /who asks to force it and who allows it must together be those who may approve it: vp, or 2 different people of operator/,
    );
    const { stepUp: _, ...unproven } = operator;
    expect(allow(unproven, [1, 2])).toThrow(/prove once more who you are/);
    expect(allow(operator, [1, 2])()).toMatchObject([{ type: 'waiver.granted' }]);
    expect(allow({ ...operator, slots: [0] }, [])()).toMatchObject([{ type: 'waiver.granted' }]);
    expect(world.calls).toEqual([]);
  });

  test('a blocked step is forced by two, and acts although its requirement does not hold', async () => {
    world.answers.set('gate', { answer: 'no', because: 'the gate is shut' });
    const run = await bot.start([
      step('lamp', { require: [{ uses: 'world/says', version: 1, input: { thing: 'gate' } }] }),
    ]);
    const blocked = await until(run, ({ haltedAt }) => haltedAt !== null);
    expect(blocked.steps['lamp']).toMatchObject({ state: 'blocked' });
    await tell(run, (now) => askWaiver(now, 'force', 'lamp', rita, 'we see it is open'));
    await tell(run, (now) => allowWaiver(now, 'lamp', pip));
    expect((await quiet(run)).outcome).toBe('succeeded');
    expect(world.accepted).toEqual(['lamp']);
  });

  test.each([
    ['skip', 'approve', /never left out/],
    ['skip', 'nothing', /no step "nothing"/],
    ['force', 'lamp', /only a step that is blocked/],
  ] as const)('%s of %s is refused with the reason', async (deed, id, why) => {
    const run = await bot.start([approvalStep(), step('lamp', { needs: ['approve'] })]);
    await expect(tell(run, (now) => askWaiver(now, deed, id, rita, 'x'))).rejects.toThrow(why);
    await tell(run, (now) => abort(now, 'URITA', 'enough'));
  });
});

describe('a fence that cannot be proven', () => {
  const reading = (more: Partial<LossReading>): LossReading => ({
    component: 'crates',
    seconds: 5,
    upperBoundSeconds: 10,
    sourceAnswers: false,
    lastSeenAliveAt: null,
    lastReplayedAt: null,
    because: 'at most 10 s',
    ...more,
  });
  const fenced = (whenUnreachable: Step['whenUnreachable']) => {
    world.values.set('wall', 'silent');
    return bot.start([step('wall', { phase: 'fence', whenUnreachable }), step('raise', { needs: ['wall'] })]);
  };
  const upTo60 = { rule: 'accept-up-to', seconds: 60, loss: {} as never } as const;

  test('is passed over when the plan accepts as much as can be lost, and says what is owed', async () => {
    loss = reading({});
    const state = await quiet(await fenced(upTo60));
    expect(state.steps['wall']).toMatchObject({
      state: 'succeeded',
      changed: false,
      output: { fenced: false, unfenced: `north ${state.created.run}` },
    });
    expect(state.steps['wall']!.seen).toMatch(/at most 10 s can be lost, and the plan accepts up to 60 s/);
    expect(world.calls).toEqual(['raise']);
  });

  test.each([
    ['more can be lost than the plan accepts', reading({ upperBoundSeconds: 61, because: 'up to 61 s' })],
    ['nobody knows what can be lost', reading({ upperBoundSeconds: null, because: 'never seen alive' })],
  ])('stops the run when %s', async (_, given) => {
    loss = given;
    const run = await fenced(upTo60);
    const state = await until(run, ({ haltedAt }) => haltedAt !== null);
    expect(state.steps['wall']!.state).toBe('blocked');
    expect(world.calls).toEqual([]);
  });

  test('is asked about after several looks, left out by nobody, and forced only by typing the words', async () => {
    const run = await fenced({ rule: 'ask' });
    await until(run, ({ haltedAt }) => haltedAt !== null);
    expect(world.looks.filter((thing) => thing === 'wall').length).toBeGreaterThanOrEqual(3);
    await expect(tell(run, (now) => askWaiver(now, 'skip', 'wall', rita, 'x'))).rejects.toThrow(/it is a fence/);
    await tell(run, (now) => askWaiver(now, 'force', 'wall', rita, 'the Region burns'));
    await expect(tell(run, (now) => allowWaiver(now, 'wall', pip))).rejects.toThrow(/type ACCEPT DATA LOSS/);
    await tell(run, (now) => allowWaiver(now, 'wall', { ...pip, typed: acceptance }));
    const state = await quiet(run);
    expect(state.outcome).toBe('succeeded');
    expect(state.steps['wall']!.output).toEqual({ fenced: false, unfenced: `north ${run.created.run}` });
  });

  test('is waited for where the plan has time, however long', async () => {
    const run = await fenced({ rule: 'wait' });
    await until(run, ({ steps }) => steps['wall']!.state === 'waiting');
    world.values.set('wall', 'off');
    expect((await quiet(run)).outcome).toBe('succeeded');
    expect(world.calls).toEqual(['wall', 'raise']);
  });
});

describe('taking back', () => {
  const chain = () => {
    const [one, two, three] = [turn('one'), turn('two', { needs: ['one'] }), turn('three', { needs: ['two'] })];
    const bad = step('bad', { needs: ['three'] });
    return [one, two, three, bad, undoStep(one, ['two', 'three']), undoStep(two, ['three']), undoStep(three)];
  };

  test('goes in reverse when a step fails and the plan says so', async () => {
    world.values.set('two', 'dim');
    world.fates.set('bad', ['refused']);
    const state = await quiet(await bot.start(chain(), [], ['failed']));
    expect(state.outcome).toBe('failed');
    expect(world.calls).toEqual(['one', 'two', 'three', 'bad', 'three', 'two', 'one']);
    expect(Object.fromEntries(world.values)).toEqual({ one: 'off', two: 'dim', three: 'off' });
    expect(summarise(state)).toMatchObject({ touched: [], takenBack: ['world:one', 'world:two', 'world:three'] });
  });

  test('does not begin where the plan does not say so', async () => {
    world.fates.set('bad', ['refused']);
    const run = await bot.start(chain(), [], ['aborted']);
    const state = await until(run, ({ haltedAt }) => haltedAt !== null);
    expect(world.values.get('one')).toBe('on');
    expect(state.unwinding).toBeNull();
    await tell(run, (now) => abort(now, 'URITA', 'take it back'));
    expect((await quiet(run)).outcome).toBe('aborted');
    expect(world.values.get('one')).toBe('off');
  });

  test('waits for what is under way, and takes that back as well', async () => {
    world.fates.set('two', [{ slowSeconds: 20 }]);
    const run = await bot.start(chain(), [], ['aborted']);
    await until(run, () => world.accepted.includes('two'));
    await tell(run, (now) => abort(now, 'URITA', 'wrong Region'));
    const state = await quiet(run);
    expect(state.outcome).toBe('aborted');
    expect(world.calls).toEqual(['one', 'two', 'two', 'one']);
    expect(phases(state)).toMatchObject({ three: 'skipped', bad: 'skipped', 'undo-three': 'skipped' });
  });

  test('takes back an act whose answer was lost, whether it was made or not', async () => {
    for (const fate of ['lost-after', 'lost-before'] as const) {
      world.values.clear();
      world.fates.set('lamp', [fate]);
      const lamp = turn('lamp');
      // Something comes after it, so that there is still a run to abort.
      const after = step('after', { uses: 'engine/wait', lane: 'look', needs: ['lamp'], input: { seconds: 600 } });
      const run = await bot.start([lamp, after, undoStep(lamp)], [], ['failed', 'aborted']);
      await until(run, () => world.calls.includes('lamp'));
      await tell(run, (now) => abort(now, 'URITA', 'enough'));
      expect((await quiet(run)).steps['undo-lamp']!.state).toMatch(/succeeded|skipped/);
      expect(world.values.get('lamp') ?? 'off').toBe('off');
      world.calls.length = 0;
    }
  });

  test('leaves what belongs to a change that cannot be undone, and says so', async () => {
    const before = turn('before');
    const promote = step('promote', { needs: ['before'], stays: 'it never becomes a replica again' });
    const built = turn('built', { needs: ['promote'] });
    const aside = turn('aside');
    const bad = step('bad', { needs: ['built', 'aside'] });
    world.fates.set('bad', ['refused']);
    const steps = [before, promote, built, aside, bad];
    const undo = [undoStep(before, ['built']), undoStep(built), undoStep(aside)];
    const state = await quiet(await bot.start([...steps, ...undo], [], ['failed']));
    expect(Object.fromEntries(world.values)).toEqual({ before: 'on', promote: 'on', built: 'on', aside: 'off' });
    expect(state.steps['undo-built']!.message).toMatch(/it stays, because it belongs to “promote”.*never becomes/);
    const { touched, takenBack, stays } = summarise(state);
    expect(touched.sort()).toEqual(['world:before', 'world:built', 'world:promote']);
    expect(takenBack).toEqual(['world:aside']);
    expect(stays).toEqual([{ title: 'promote', why: 'it never becomes a replica again' }]);
  });

  test('a change that was refused is no point of no return', async () => {
    const before = turn('before');
    const promote = step('promote', { needs: ['before'], stays: 'one way' });
    world.fates.set('promote', ['refused']);
    const state = await quiet(await bot.start([before, promote, undoStep(before)], [], ['failed']));
    expect(world.values.get('before')).toBe('off');
    expect(summarise(state).stays).toEqual([]);
  });

  test('an undo that fails stops for a human; a second abort keeps the rest', async () => {
    world.fates.set('bad', ['refused']);
    world.fates.set('three', ['ok', 'refused']);
    const run = await bot.start(chain(), [], ['failed']);
    const state = await until(run, ({ haltedAt }) => haltedAt !== null);
    expect(state.steps['undo-three']!.state).toBe('failed');
    await tell(run, (now) => abort(now, 'URITA', 'leave the rest'));
    const ended = await quiet(run);
    expect(ended.outcome).toBe('aborted');
    expect(ended.steps['undo-one']!.message).toBe('a person stopped the taking back');
    expect(world.values.get('one')).toBe('on');
  });

  test('what somebody else has changed since is left, and a human is asked', async () => {
    world.fates.set('bad', [{ slowSeconds: 60 }]);
    const run = await bot.start(chain(), [], ['aborted']);
    await until(run, () => world.accepted.includes('bad'));
    world.values.set('two', 'purple');
    await tell(run, (now) => abort(now, 'URITA', 'enough'));
    const state = await until(run, ({ haltedAt }) => haltedAt !== null);
    expect(state.steps['undo-two']).toMatchObject({ state: 'failed', message: 'somebody made two purple' });
    expect(world.values.get('two')).toBe('purple');
  });
});
