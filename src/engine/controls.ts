import type { ApprovalRule } from '../define.ts';
import { MaydayError } from '../errors.ts';
import type { Step } from '../plan/graph.ts';
import { type Approver, missingSlots, sayStepUp, sayWho, stepUpFor } from './approvals.ts';
import type { RunEvent, Waiver } from './events.ts';
import { isStopped, isUnderWay, type RunState } from './state.ts';

/** What a person types to go on without the proof that an old primary takes no more writes. */
export const acceptance = 'ACCEPT DATA LOSS';

const mustBeLive = (state: RunState): void => {
  if (state.outcome !== null)
    throw new MaydayError(
      'run/wrong-state',
      `Run ${state.created.run} has already ended (${state.outcome}). Nothing was changed by this.`,
    );
};

const stepNamed = (state: RunState, id: string): Step => {
  const step = Object.hasOwn(state.graph, id) ? state.graph[id] : undefined;
  if (!step)
    throw new MaydayError(
      'input/invalid',
      `Run ${state.created.run} has no step "${id}". Nothing was done. \`/dr run ${state.created.run}\` lists them.`,
    );
  return step;
};

/** Starts nothing more but notices, until resumed; what is under way is observed to its end. */
export const pause = (state: RunState, person: string, reason: string): RunEvent[] => {
  mustBeLive(state);
  if (state.aborted && (state.unwinding === null || state.unwindingStopped))
    throw new MaydayError(
      'run/wrong-state',
      `Run ${state.created.run} was aborted and begins nothing more, so there is nothing to pause.`,
    );
  return state.paused ? [] : [{ type: 'run.paused', data: { person, reason } }];
};

export const resume = (state: RunState, person: string, reason: string): RunEvent[] => {
  mustBeLive(state);
  if (!state.paused)
    throw new MaydayError('run/wrong-state', `Run ${state.created.run} is not paused. Nothing was changed by this.`);
  return [{ type: 'run.resumed', data: { person, reason } }];
};

/** Tries a stopped step again, or all of them. */
export const retry = (state: RunState, reason: string, id?: string): RunEvent[] => {
  mustBeLive(state);
  const steps = id === undefined ? state.created.graph.steps : [stepNamed(state, id)];
  const stopped = steps.filter((step) => isStopped(state.steps[step.id]!));
  if (stopped.length === 0)
    throw new MaydayError(
      'run/wrong-state',
      id === undefined
        ? `Nothing in run ${state.created.run} has stopped, so there is nothing to retry.`
        : `"${id}" has not stopped (it is ${state.steps[id]!.state}), so there is nothing to retry.`,
    );
  return stopped.map((step) => ({ type: 'step.retried', data: { step: step.id, reason } }));
};

/**
 * Starts nothing more; what is under way is observed to its end. Before the approval this is a cancellation. While what
 * was done is being taken back, it stops that as well.
 */
export const abort = (state: RunState, person: string, reason: string): RunEvent[] => {
  mustBeLive(state);
  if (state.aborted && (state.unwinding === null || state.unwindingStopped)) return [];
  return [{ type: 'run.aborted', data: { person, reason } }];
};

/** Only before anything was approved: afterwards ending a run is an abort, which says what stays. */
export const cancel = (state: RunState, person: string, reason: string): RunEvent[] => {
  const approval = approvalOf(state);
  if (approval && state.steps[approval.id]!.state === 'succeeded')
    throw new MaydayError(
      'run/wrong-state',
      `Run ${state.created.run} is approved and at work, so it cannot be cancelled any more. Nothing was changed by this; abort it to start nothing more.`,
    );
  return abort(state, person, reason);
};

const approvalOf = (state: RunState): Step | undefined =>
  state.created.graph.steps.find(({ uses }) => uses === 'engine/approval');

export const ruleOf = (state: RunState): ApprovalRule | undefined =>
  approvalOf(state)?.input as unknown as ApprovalRule | undefined;

interface Asker {
  person: string;
  name: string;
}

/** A person says that what only a person can do is done. Who said it is the event's actor. */
export const confirmDone = (state: RunState, id: string, by: Asker, note: string): RunEvent[] => {
  mustBeLive(state);
  const step = stepNamed(state, id);
  if (step.uses !== 'engine/manual')
    throw new MaydayError(
      'run/wrong-state',
      `"${id}" is Mayday's own work, and is done when the world says so. To leave it out, ask to skip it. Nothing was changed by this.`,
    );
  const current = state.steps[id]!;
  if (current.state === 'succeeded') return [];
  if (!isUnderWay(current))
    throw new MaydayError(
      'run/wrong-state',
      `"${id}" is not asked for ${current.state === 'pending' ? 'yet' : 'any more'} (it is ${current.state}). Nothing was changed by this.`,
    );
  const { checklist } = step.input as { checklist: string[] };
  return [
    {
      type: 'step.succeeded',
      data: {
        step: id,
        seen: `done, says ${by.name}${note === '' ? '' : `: ${note}`}`,
        changed: false,
        output: { by: by.name, confirmed: checklist },
      },
    },
  ];
};

/**
 * Asks to leave a step out (`skip`), or to go on although what it requires does not hold (`force`). Another person who
 * may approve the run must allow it. Throws `run/wrong-state` when the step is not one for it.
 */
export const askWaiver = (state: RunState, deed: Waiver, id: string, asker: Asker, reason: string): RunEvent[] => {
  mustBeLive(state);
  const step = stepNamed(state, id);
  if (reason.trim() === '')
    throw new MaydayError(
      'input/invalid',
      `Say why "${id}" is to be passed over: the others must know. Nothing was done.`,
    );
  const why = deed === 'skip' ? whyNotSkip(state, step) : whyNotForce(state, step);
  if (why)
    throw new MaydayError(
      'run/wrong-state',
      `"${id}" cannot be ${deed === 'skip' ? 'left out' : 'forced'}: ${why}. Nothing was changed.`,
    );
  return [{ type: 'waiver.asked', data: { step: id, deed, ...asker, reason } }];
};

const whyNotSkip = (state: RunState, step: Step): string | undefined => {
  const current = state.steps[step.id]!;
  const approval = approvalOf(state);
  if (approval && state.steps[approval.id]!.state !== 'succeeded' && step.id !== approval.id)
    return 'the run is not approved, and what is approved must be what was shown; cancel it and type the command again';
  if (step.uses === 'engine/approval') return 'an approval is given or refused, never left out';
  if (step.whenUnreachable) return 'it is a fence; force it, which accepts what may be lost';
  if (isStopped(current) || current.state === 'pending') return undefined;
  if (isUnderWay(current) && (step.kind === 'check' || step.uses === 'engine/wait')) return undefined;
  return isUnderWay(current) ? 'it is under way; wait for it, or pause the run' : `it has ended (${current.state})`;
};

const whyNotForce = (state: RunState, step: Step): string | undefined =>
  state.steps[step.id]!.state === 'blocked'
    ? undefined
    : 'only a step that is blocked by what it requires can be forced; retry or skip it';

/** What must be typed to allow it, beyond what the rule asks of every approval. */
export const wordToAllow = (state: RunState, id: string): string | null => {
  const isFence = state.steps[id]?.waiver?.deed === 'force' && state.graph[id]?.whenUnreachable !== undefined;
  return isFence ? acceptance : (ruleOf(state)?.typedWord ?? null);
};

/** Allows what somebody else asked for. Throws `authority/refused` with the rule, or `run/wrong-state`. */
export const allowWaiver = (
  state: RunState,
  id: string,
  approver: Approver,
  rule: ApprovalRule | undefined = ruleOf(state),
  /** Slots of the rule that who asked could fill. */
  askerSlots: number[] = [],
): RunEvent[] => {
  mustBeLive(state);
  stepNamed(state, id);
  const waiver = state.steps[id]!.waiver;
  if (!waiver) throw nothingAsked(id);
  const names = rule ? [...new Set(rule.slots.map(({ name }) => name))].join(' or ') : 'anybody';
  const alone = rule?.requesterCounts === true && state.graph[id]!.whenUnreachable === undefined;
  if (waiver.person === approver.person && !alone)
    throw new MaydayError(
      'authority/refused',
      `You asked for this, so somebody else must allow it: ${names}. Rule "${rule?.name ?? 'two people'}". Nothing was changed.`,
    );
  if (rule && approver.slots.length === 0)
    throw new MaydayError(
      'authority/refused',
      `Only those who may approve this run may allow it: ${names}. Rule "${rule.name}". Nothing was changed.`,
    );
  const step = state.graph[id]!;
  const isForGood = waiver.deed === 'force' && step.stays !== undefined && step.whenUnreachable === undefined;
  // What people did not say yes to, and what can never be taken back, takes as many of them as the rule wants.
  if (rule && isForGood && missingSlots(rule, [{ slots: askerSlots }, { slots: approver.slots }]).length > 0)
    throw new MaydayError(
      'authority/refused',
      `"${step.title}" can never be taken back, so who asks to force it and who allows it must together be those who may approve it: ${sayWho(rule)}. Rule "${rule.name}". Nothing was changed.`,
    );
  const again = stepUpFor(state);
  if (again && (isForGood || step.whenUnreachable !== undefined) && approver.stepUp === undefined)
    throw new MaydayError(
      'authority/refused',
      `The rule "${rule?.name}" asks you to prove once more who you are before this (${again.ways.map(sayStepUp).join(' or ')}). Nothing was changed. Allow it on the card with a code, or signed on the command line.`,
    );
  const word = wordToAllow(state, id);
  if (word !== null && approver.typed?.trim() !== word)
    throw new MaydayError('input/invalid', `To allow this, type ${word}. Nothing was changed.`);
  const why = waiver.deed === 'skip' ? whyNotSkip(state, state.graph[id]!) : whyNotForce(state, state.graph[id]!);
  if (why) throw new MaydayError('run/wrong-state', `It is too late to allow this: ${why}. Nothing was changed.`);
  const { person, name, via } = approver;
  return [{ type: 'waiver.granted', data: { step: id, person, name, via } }];
};

export const refuseWaiver = (state: RunState, id: string, by: Asker, reason: string): RunEvent[] => {
  mustBeLive(state);
  stepNamed(state, id);
  if (!state.steps[id]!.waiver) throw nothingAsked(id);
  return [{ type: 'waiver.refused', data: { step: id, ...by, reason } }];
};

const nothingAsked = (id: string) =>
  new MaydayError('run/wrong-state', `Nobody asks to pass over "${id}" (any more). Nothing was changed.`);
