import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Unwind } from '../../src/define.ts';
import { approve, hashToApprove, reject, voidIfChanged } from '../../src/engine/approvals.ts';
import { abort, allowWaiver, askWaiver, pause, resume, retry } from '../../src/engine/controls.ts';
import { decide } from '../../src/engine/decide.ts';
import type { RecordedEvent, RunEvent } from '../../src/engine/events.ts';
import { evolve } from '../../src/engine/evolve.ts';
import { settle } from '../../src/engine/run-store.ts';
import { hasEnded, isStopped, isUnderWay, mayHaveChanged, type RunState } from '../../src/engine/state.ts';
import { summarise } from '../../src/engine/summary.ts';
import { MaydayError } from '../../src/errors.ts';
import { dependentsOf, type Step } from '../../src/plan/graph.ts';
import { approvalStep, createdOf, graphOf, step, undoStep } from '../support/engine-world.ts';

const begin = new Date('2026-03-01T12:00:00Z');

const deepFreeze = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
};

/** A graph without cycles: each step waits only for steps before it. With an approval, every change needs it. */
const graphs = fc
  .record({
    approval: fc.boolean(),
    unwind: fc.subarray<Unwind>(['failed', 'aborted']),
    nodes: fc.array(
      fc.record({
        uses: fc.constantFrom('world/set', 'world/turn', 'world/says', 'world/tell', 'engine/wait'),
        needs: fc.array(fc.nat(30), { maxLength: 3 }),
        after: fc.array(fc.nat(30), { maxLength: 2 }),
        onHalt: fc.boolean(),
        onFailure: fc.boolean(),
        optional: fc.boolean(),
      }),
      { minLength: 1, maxLength: 14 },
    ),
  })
  .map(({ approval, nodes, unwind }): Drawn => {
    const steps: Step[] = approval ? [approvalStep()] : [];
    for (const [i, node] of nodes.entries()) {
      const earlier = (picks: number[]) => [...new Set(picks.filter((pick) => pick < i).map((pick) => `s${pick}`))];
      const notice = node.uses === 'world/tell';
      const needs = earlier(node.needs).filter((id) => {
        // As the lint of graphs has it: what changes the world never needs a notice, nor a step that only a halt begins.
        const needed = steps.find((each) => each.id === id)!;
        return (notice || needed.effect !== 'notice') && !needed.onHalt;
      });
      steps.push(
        step(`s${i}`, {
          uses: node.uses,
          needs: approval && changes.includes(node.uses) ? [...needs, 'approve'] : needs,
          ...(node.uses === 'world/set' && { stays: 'it is set for good' }),
          after: earlier(node.after).filter((id) => !steps.find((each) => each.id === id)!.onHalt),
          onHalt: notice && node.onHalt,
          onFailure: notice && node.onFailure && !node.onHalt && node.after.some((pick) => pick < i),
          optional: notice || node.optional,
          ...(node.uses === 'engine/wait' ? { lane: 'look' as const, input: { seconds: 5 } } : {}),
        }),
      );
    }
    // As `freeze` does it: in reverse, each after the undoing of what was built on its step.
    const dependents = dependentsOf(steps);
    const turns = steps.filter(({ uses }) => uses === 'world/turn');
    const undoing = turns.map((turn) =>
      undoStep(
        turn,
        turns.filter((other) => dependents.get(turn.id)!.has(other)).map(({ id }) => id),
      ),
    );
    return { steps: unwind.length > 0 ? [...steps, ...undoing] : steps, unwind };
  });

const changes = ['world/set', 'world/turn'];

interface Drawn {
  steps: Step[];
  unwind: Unwind[];
}

type Deed = { kind: string; pick: number };
const deeds = fc.array(
  fc.record({
    kind: fc.constantFrom(
      'succeed',
      'succeed',
      'succeed',
      'succeed',
      'act',
      'wait',
      'fail',
      'block',
      'approve',
      'reject',
      'expire',
      'void',
      'abort',
      'retry',
      'pause',
      'resume',
      'hold',
      'skip',
      'force',
      'allow',
      'time',
    ),
    pick: fc.nat(1000),
  }),
  { maxLength: 80 },
);

/** A run on paper: what the store does with a journal, without any journal. */
const createRun = ({ steps, unwind }: Drawn) => {
  const created = createdOf(graphOf(steps, [], unwind), 'r-paper');
  const journal: RecordedEvent[] = [];
  let now = begin;
  let state: RunState;
  const started = new Map<string, number>();
  const append = (before: RunState | null, events: RunEvent[]) => {
    const settled = settle(before && deepFreeze(before), deepFreeze(events), now, 'somebody', journal.length);
    for (const event of settled.events) {
      const { at, event: data } = event.data as { at: string; event: never };
      journal.push({ type: event.type, data, at, actor: event.actor, seq: journal.length + 1 } as RecordedEvent);
    }
    state = deepFreeze(settled.state);
    for (const event of settled.events) {
      if (event.type !== 'step.started') continue;
      const id = (event.data as { event: { step: string } }).event.step;
      started.set(id, (started.get(id) ?? 0) + 1);
    }
  };
  append(null, [{ type: 'run.created', data: created }]);
  return {
    journal,
    started,
    get state() {
      return state;
    },
    get now() {
      return now;
    },
    later(ms: number) {
      now = new Date(now.getTime() + ms);
    },
    append: (events: RunEvent[]) => append(state, events),
  };
};
type Run = ReturnType<typeof createRun>;

const pip = { person: 'UPIP', name: 'Pip', slots: [0], unknownSlots: [], typed: null, via: 'slack' as const };

const carryOut = (run: Run, { kind, pick }: Deed): void => {
  const { state } = run;
  const underWay = state.created.graph.steps.filter(
    ({ id, uses }) => isUnderWay(state.steps[id]!) && uses !== 'engine/approval',
  );
  const chosen = underWay[pick % Math.max(1, underWay.length)];
  const of = (): RunEvent[] => {
    if (kind === 'time') run.later(60_000);
    if (kind === 'expire') run.later(1_000_000);
    if (kind === 'time' || kind === 'expire') return [];
    if (kind === 'abort') return abort(state, 'UPIP', 'enough');
    if (kind === 'retry') return retry(state, 'again');
    if (kind === 'pause') return pause(state, 'UPIP', 'a moment');
    if (kind === 'resume') return resume(state, 'UPIP', 'go');
    const any = state.created.graph.steps[pick % state.created.graph.steps.length]!.id;
    if (kind === 'skip' || kind === 'force')
      return askWaiver(state, kind, any, { person: 'URITA', name: 'Rita' }, 'so it is');
    if (kind === 'allow') {
      const asked = Object.keys(state.steps).find((id) => state.steps[id]!.waiver) ?? any;
      return allowWaiver(state, asked, pip);
    }
    if (kind === 'approve') return approve(state, pip, hashToApprove(state), run.now);
    if (kind === 'reject') return reject(state, 'UPIP', 'not now', run.now);
    if (kind === 'void') return voidIfChanged(state, 'another digest', [], run.now);
    if (!chosen) return [];
    const { id } = chosen;
    if (kind === 'hold') return state.paused ? [{ type: 'step.held', data: { step: id, seen: 'held' } }] : [];
    if (kind === 'act') return [{ type: 'step.acting', data: { step: id, seen: 'todo' } }];
    if (kind === 'wait')
      return [
        {
          type: 'step.waiting',
          data: { step: id, seen: 'on its way', lookAt: new Date(run.now.getTime() + 5000).toISOString() },
        },
      ];
    if (kind === 'fail')
      return [{ type: 'step.failed', data: { step: id, message: 'no', code: 'system/refused', effect: 'not-made' } }];
    if (kind === 'block') return [{ type: 'step.blocked', data: { step: id, message: 'the fuse is out' } }];
    return [{ type: 'step.succeeded', data: { step: id, seen: 'done', changed: true, output: {} } }];
  };
  run.later(1_000);
  try {
    run.append(of());
  } catch (error) {
    // People may click what makes no sense just now; they are told so, and nothing happens.
    if (!(error instanceof MaydayError)) throw error;
  }
};

/** Finishes what is under way, so that only a human could still bring the run on. */
const runDry = (run: Run): void => {
  for (let turn = 0; turn < 500; turn += 1) {
    const { state } = run;
    const { start, lookAt } = decide(state, run.now);
    const due = Object.values(start).flat();
    const next = Object.values(lookAt).filter((at) => at !== null);
    if (due.length > 0)
      run.append(
        due.map((id) => ({ type: 'step.succeeded', data: { step: id, seen: 'done', changed: false, output: {} } })),
      );
    else if (next.length > 0) {
      run.later(Math.min(...next.map((at) => at.getTime())) - run.now.getTime());
      run.append([]);
    } else return;
  }
  throw new Error('the run goes on for ever');
};

test('whatever happens in whatever order, a run ends or waits for a human, and breaks no rule on the way', () => {
  fc.assert(
    fc.property(graphs, deeds, (drawn, schedule) => {
      const { steps } = drawn;
      const run = createRun(drawn);
      const check = () => {
        const { state } = run;
        for (const each of steps) {
          const current = state.steps[each.id]!;
          if (['pending', 'skipped'].includes(current.state)) continue;
          for (const need of each.needs)
            if (!state.steps[need]!.waived)
              expect(state.steps[need]!.state, `${each.id} needs ${need}`).toBe('succeeded');
          for (const after of each.after) expect(hasEnded(state.steps[after])).toBe(true);
          if (each.undoes !== undefined) {
            expect(state.unwinding, `${each.id} begins only when the run unwinds`).not.toBeNull();
            expect(mayHaveChanged(state.steps[each.undoes]!), `${each.id} has something to undo`).toBe(true);
          }
          if (each.effect === 'change' && state.steps['approve'])
            expect(state.steps['approve'].state, 'changed before the approval').toBe('succeeded');
        }
        // A fixed point: what follows has followed.
        const decision = decide(state, run.now);
        expect(decision.events).toEqual([]);
        expect(decide(state, run.now)).toEqual(decision);
        summarise(state);
      };
      check();
      for (const deed of schedule) {
        carryOut(run, deed);
        check();
      }
      runDry(run);
      check();
      const { state } = run;
      const stopped = Object.values(state.steps).some(isStopped);
      if (state.outcome === null)
        expect((stopped && state.haltedAt !== null) || state.paused !== null, 'it hangs, and nobody is asked').toBe(
          true,
        );
      else expect(Object.values(state.steps).every(hasEnded)).toBe(true);
    }),
    { numRuns: 600 },
  );
}, 120_000);

test('a halted run ends when a human aborts it, and when a human retries until it works', () => {
  fc.assert(
    fc.property(graphs, deeds, fc.boolean(), (steps, schedule, giveUp) => {
      const run = createRun(steps);
      for (const deed of schedule) carryOut(run, deed);
      for (let turn = 0; turn < 50; turn += 1) {
        runDry(run);
        if (run.state.outcome !== null) return;
        if (run.state.paused && !giveUp) run.append(resume(run.state, 'UPIP', 'go'));
        else run.append(giveUp ? abort(run.state, 'UPIP', 'enough') : retry(run.state, 'again'));
      }
      throw new Error('no human can end it');
    }),
    { numRuns: 300 },
  );
}, 120_000);

test('replaying the journal from scratch gives the same state, whole or in two parts', () => {
  fc.assert(
    fc.property(graphs, deeds, fc.nat(100), (steps, schedule, cut) => {
      const run = createRun(steps);
      for (const deed of schedule) carryOut(run, deed);
      const replay = (from: RunState | null, events: RecordedEvent[]) =>
        events.reduce<RunState | null>((state, event) => evolve(state && deepFreeze(state), deepFreeze(event)), from);
      expect(replay(null, run.journal)).toEqual(run.state);
      const at = cut % run.journal.length;
      expect(replay(replay(null, run.journal.slice(0, at)), run.journal.slice(at))).toEqual(run.state);
    }),
    { numRuns: 200 },
  );
}, 120_000);

test('a step that never failed is begun once', () => {
  fc.assert(
    fc.property(graphs, deeds, (steps, schedule) => {
      const run = createRun(steps);
      const again = ['retry', 'hold', 'force', 'pause'];
      for (const deed of schedule) if (!again.includes(deed.kind)) carryOut(run, deed);
      runDry(run);
      for (const [id, times] of run.started) expect(times, id).toBe(1);
    }),
    { numRuns: 200 },
  );
});

const eventTypes = [
  'run.created',
  'step.started',
  'step.acting',
  'step.held',
  'waiver.asked',
  'waiver.granted',
  'waiver.refused',
  'run.paused',
  'run.resumed',
  'run.unwinding',
  'step.waiting',
  'step.succeeded',
  'step.failed',
  'step.blocked',
  'step.skipped',
  'step.retried',
  'approval.requested',
  'approval.given',
  'approval.rejected',
  'approval.expired',
  'approval.voided',
  'run.halted',
  'run.aborted',
  'run.finished',
  'step.teleported',
  'constructor',
];

test('no journal makes the fold throw: what it does not know or cannot read stops the run for a human', () => {
  const ids = fc.constantFrom('a', 'b', 'approve', 'nobody', '__proto__', 'constructor', 'toString');
  const datas = fc.oneof(
    fc.record(
      {
        step: ids,
        seen: fc.string(),
        lookAt: fc.constantFrom('2026-03-01T12:00:05Z', 'soon'),
        person: fc.string(),
        slots: fc.array(fc.nat(3)),
        expiresAt: fc.constant('2026-03-01T13:00:00Z'),
        outcome: fc.constantFrom('succeeded', 'odd'),
      },
      { requiredKeys: [] },
    ),
    fc.constantFrom(null, undefined, 7, 'text', []),
  );
  const events = fc.array(
    fc.record({ type: fc.constantFrom(...eventTypes), data: datas, version: fc.constantFrom(1, 1, 1, 1, 2) }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(events, (given) => {
      const first = { type: 'run.created', data: createdOf(graphOf([approvalStep(), step('a'), step('b')])) } as const;
      let state = evolve(null, { ...first, seq: 1, at: begin.toISOString(), actor: 'somebody' });
      for (const [i, { version, ...event }] of given.entries()) {
        const before = state;
        state = evolve(
          deepFreeze(state),
          { ...event, seq: i + 2, at: begin.toISOString(), actor: 'x' } as never,
          version,
        );
        if (version > 1 || ['step.teleported', 'constructor', 'run.created'].includes(event.type))
          expect(state.unknown).not.toBeNull();
        if (before.unknown !== null) expect(state.unknown).not.toBeNull();
        expect(Object.keys(state.steps).sort()).toEqual(['a', 'approve', 'b']);
        const decision = decide(deepFreeze(state), begin);
        if (state.unknown !== null) expect(decision.events).toEqual([]);
        for (const at of Object.values(decision.lookAt)) expect(at?.getTime()).not.toBeNaN();
      }
    }),
    { numRuns: 2_000 },
  );
});
