import { eventVersion, type RecordedEvent, type RunCreated } from './events.ts';
import { freshStep, mayHaveChanged, type RunState, type StepState } from './state.ts';

/** The state before anything happened. */
export const unborn = null;

/**
 * state = fold(events). Pure, and total once the run was created: an event that this version does not know or cannot
 * read turns into `unknown`, which stops the run for a human, and never throws. Never changes its argument.
 */
export const evolve = (state: RunState | null, event: RecordedEvent, version: number = eventVersion): RunState => {
  if (state === null) {
    if (event.type !== 'run.created')
      throw new Error(`A run's journal begins with ${event.type} instead of run.created.`);
    const created = born(event.data, event.at);
    return version > eventVersion ? { ...created, unknown: newer(event) } : created;
  }
  if (version > eventVersion) return { ...state, unknown: newer(event) };
  if (event.type === 'run.created') return { ...state, unknown: 'The journal says twice that this run was created.' };
  try {
    const id = (event.data as { step?: unknown }).step;
    if (stepEvents.has(event.type) && !Object.hasOwn(state.steps, id as string))
      return { ...state, unknown: `The journal speaks of the step "${id}", which the graph does not have.` };
    if (workEvents.has(event.type) && state.graph[id as string]?.uses === 'engine/approval')
      return { ...state, unknown: `The journal holds a ${event.type} of "${id}", which is an approval.` };
    return apply(state, event);
  } catch (error) {
    return { ...state, unknown: `The journal holds a ${event.type} that cannot be read: ${(error as Error).message}.` };
  }
};

/** What happens to steps that a worker carries out, and never to an approval. */
const workEvents: ReadonlySet<string> = new Set([
  'step.started',
  'step.acting',
  'step.held',
  'step.waiting',
  'step.failed',
  'step.blocked',
  'step.retried',
  'waiver.asked',
  'waiver.granted',
  'waiver.refused',
]);

/** Everything that happens to one step of the graph. */
const stepEvents: ReadonlySet<string> = new Set([
  ...workEvents,
  'step.succeeded',
  'step.skipped',
  'approval.requested',
  'approval.given',
  'approval.withdrawn',
  'approval.rejected',
  'approval.expired',
  'approval.voided',
]);

const apply = (state: RunState, event: Exclude<RecordedEvent, { type: 'run.created' }>): RunState => {
  const step = (id: string, change: Partial<StepState>): RunState => ({
    ...state,
    steps: { ...state.steps, [id]: { ...state.steps[id]!, ...change } },
  });
  const { data, at } = event;
  switch (event.type) {
    case 'step.started': {
      const before = state.steps[event.data.step];
      return step(event.data.step, {
        state: 'looking',
        tries: (before?.tries ?? 0) + 1,
        startedAt: before?.startedAt ?? at,
        lookAt: null,
      });
    }
    case 'step.acting': {
      const before = state.steps[event.data.step];
      return step(event.data.step, {
        state: 'acting',
        acts: (before?.acts ?? 0) + 1,
        accepted: false,
        actedAt: at,
        seen: event.data.seen,
        facts: event.data.facts ?? null,
        // What the first act found is what an undo must bring back, not what an act of our own left.
        before: before?.before ?? event.data.before ?? null,
      });
    }
    case 'step.held':
      return step(event.data.step, { state: 'pending', seen: event.data.seen, lookAt: null });
    case 'step.waiting': {
      const { seen, lookAt, accepted, error, sent } = event.data;
      const before = state.steps[event.data.step];
      const acts = Math.max(0, (before?.acts ?? 0) - (sent === false ? 1 : 0));
      return step(event.data.step, {
        state: 'waiting',
        acts,
        actedAt: acts === 0 ? null : (before?.actedAt ?? null),
        seen,
        lookAt: moment(lookAt),
        accepted: accepted ?? before?.accepted ?? false,
        faults: error === undefined ? 0 : (before?.faults ?? 0) + 1,
        // What went wrong last stays in mind until the step has ended: it is the reason when it ends badly.
        message: error ?? before?.message ?? '',
      });
    }
    case 'step.succeeded': {
      const { seen, changed, output } = event.data;
      return step(event.data.step, {
        state: 'succeeded',
        seen,
        changed,
        output,
        endedAt: at,
        lookAt: null,
        message: '',
        code: '',
        waiver: null,
      });
    }
    case 'step.failed':
      return step(event.data.step, {
        state: 'failed',
        message: event.data.message,
        code: event.data.code,
        effect: event.data.effect,
        endedAt: at,
        lookAt: null,
      });
    case 'step.blocked':
      return step(event.data.step, {
        state: 'blocked',
        message: event.data.message,
        code: 'blocked',
        endedAt: at,
        lookAt: null,
      });
    case 'step.skipped':
      return step(event.data.step, { state: 'skipped', message: event.data.why, endedAt: at, lookAt: null });
    case 'step.retried':
      return {
        ...step(event.data.step, begunAnew(state.steps[event.data.step])),
        haltedAt: null,
      };
    case 'waiver.asked': {
      const { step: id, ...waiver } = event.data;
      return step(id, { waiver });
    }
    case 'waiver.refused':
      return step(event.data.step, { waiver: null });
    case 'waiver.granted': {
      const { step: id, name } = event.data;
      const waiver = state.steps[id]?.waiver;
      if (!waiver) return { ...state, unknown: `Somebody allowed "${id}" to be passed over before anybody asked.` };
      const why = `${waiver.name} and ${name}: ${waiver.reason}`;
      if (waiver.deed === 'force')
        return {
          ...step(id, { ...begunAnew(state.steps[id]), forced: true, seen: `forced by ${why}` }),
          haltedAt: null,
        };
      const skipped = { state: 'skipped', waived: true, waiver: null, endedAt: at, lookAt: null } as const;
      return { ...step(id, { ...skipped, message: `left out by ${why}` }), haltedAt: null };
    }
    case 'approval.requested': {
      const { step: id, expiresAt, hash, bounds = [] } = event.data;
      const asked = { requestedAt: at, expiresAt, hash: hash ?? state.created.graph.hash, bounds };
      return {
        ...step(id, { state: 'waiting', lookAt: moment(expiresAt), seen: 'waiting for approval' }),
        approvals: { ...state.approvals, [id]: { ...asked, given: [], withdrawn: [] } },
      };
    }
    case 'approval.given': {
      const { step: id, person, name, slots, via, stepUp } = event.data;
      const approval = state.approvals[id];
      if (!approval) return { ...state, unknown: `An approval was given for "${id}" before it was asked for.` };
      return {
        ...state,
        approvals: {
          ...state.approvals,
          [id]: {
            ...approval,
            given: [...approval.given, { person, name, slots, at, via, ...(stepUp !== undefined && { stepUp }) }],
          },
        },
      };
    }
    case 'approval.withdrawn': {
      const { step: id, person, name, reason } = event.data;
      const approval = state.approvals[id];
      if (!approval) return { ...state, unknown: `An approval of "${id}" was taken back before it was asked for.` };
      const left = approval.given.filter((each) => each.person !== person);
      const withdrawn = [...approval.withdrawn, { person, name, reason, at }];
      const asked = step(id, {
        state: 'waiting',
        lookAt: approval.expiresAt,
        endedAt: null,
        output: null,
        seen: 'waiting for approval',
      });
      const wasGiven = state.steps[id]?.state === 'succeeded';
      return {
        ...asked,
        ...(wasGiven && { steps: { ...asked.steps, ...remindingAgain(state, id, at) } }),
        approvals: { ...state.approvals, [id]: { ...approval, given: left, withdrawn } },
      };
    }
    case 'approval.rejected': {
      const { step: id, person, reason } = event.data;
      return {
        ...step(id, { state: 'refused', message: reason, code: 'rejected', endedAt: at, lookAt: null }),
        rejected: { person, reason },
      };
    }
    case 'approval.expired':
      return step(event.data.step, {
        state: 'refused',
        message: 'nobody answered in time',
        code: 'expired',
        endedAt: at,
        lookAt: null,
      });
    case 'approval.voided':
      return step(event.data.step, {
        state: 'refused',
        message: event.data.why,
        code: 'voided',
        endedAt: at,
        lookAt: null,
      });
    case 'view.made':
    case 'view.given-up':
      return state;
    case 'checklist.ticked': {
      const { item, person, name } = event.data;
      return { ...state, ticks: { ...state.ticks, [item]: { person, name, at } } };
    }
    case 'run.halted':
      return { ...state, haltedAt: at };
    case 'run.paused':
      return { ...state, paused: { ...event.data, at } };
    case 'run.resumed':
      return { ...state, paused: null, resumedAt: at };
    case 'run.aborted':
      return {
        ...state,
        aborted: state.aborted ?? event.data,
        unwindingStopped: state.unwinding !== null,
        paused: null,
        haltedAt: null,
      };
    case 'run.unwinding':
      return { ...state, unwinding: event.data.why, haltedAt: null };
    case 'run.finished':
      return { ...state, outcome: event.data.outcome, finishedAt: at };
    default:
      return {
        ...state,
        unknown: `The journal holds a ${(event as { type: string }).type} (${JSON.stringify(data).slice(0, 80)}), which this version does not know.`,
      };
  }
};

/**
 * A question that is open again is silent again: who watched whether it is answered in time goes on, by the time at which it
 * began, and what follows from silence may still be done.
 */
const remindingAgain = (state: RunState, approval: string, at: string): Record<string, StepState> => {
  const { steps } = state.created.graph;
  const anew: Record<string, StepState> = {};
  for (const { id, uses, input } of steps) {
    const current = state.steps[id]!;
    if (uses === 'engine/in-time' && (input as { step: string }).step === approval && current.state === 'succeeded')
      anew[id] = {
        ...current,
        state: 'waiting',
        seen: `waiting for ${approval}`,
        lookAt: at,
        endedAt: null,
        output: null,
      };
  }
  // Steps need not stand in the order in which they wait for each other.
  for (let grown = true; grown; ) {
    grown = false;
    for (const { id, needs, after } of steps)
      if (!anew[id] && state.steps[id]!.state === 'skipped' && [...needs, ...after].some((before) => anew[before])) {
        anew[id] = freshStep();
        grown = true;
      }
  }
  return anew;
};

/** A step that a person begins again keeps the count of its tries, and what was there before its first act. */
const begunAnew = (step: StepState | undefined): StepState => ({
  ...freshStep(),
  tries: step?.tries ?? 0,
  sentBefore: step !== undefined && mayHaveChanged(step),
  before: step?.before ?? null,
});

const moment = (text: string): string => {
  if (Number.isNaN(Date.parse(text))) throw new Error(`"${text}" is no time`);
  return text;
};

const newer = (event: { type: string }) => `The journal holds a ${event.type} of a newer version than this one knows.`;

const born = (created: RunCreated, at: string): RunState => ({
  created,
  createdAt: at,
  graph: Object.fromEntries(created.graph.steps.map((step) => [step.id, step])),
  steps: Object.fromEntries(created.graph.steps.map((step) => [step.id, freshStep()])),
  approvals: {},
  ticks: {},
  haltedAt: null,
  paused: null,
  resumedAt: null,
  unwinding: null,
  unwindingStopped: false,
  aborted: null,
  rejected: null,
  outcome: null,
  finishedAt: null,
  unknown: null,
});
