import type { ApprovalRule, Lane } from '../define.ts';
import { type Step, workingEngineSteps } from '../plan/graph.ts';
import { referencesIn } from '../plan/references.ts';
import { missingSlots } from './approvals.ts';
import { approvalHash, boundsOf, measuredOf } from './bounds.ts';
import type { Outcome, RunEvent } from './events.ts';
import { hasEnded, isSatisfied, isStopped, isUnderWay, type RunState, wasApproved } from './state.ts';
import { expectedLosses } from './summary.ts';
import { whyNotUndone } from './unwinding.ts';

export interface Decision {
  /** To be appended before anything else is done. */
  events: RunEvent[];
  /** Steps that a worker should look at now, by the queue that carries them. */
  start: Record<Lane, string[]>;
  /** World time when to decide again without anything having happened; null when only an event can change it. */
  lookAt: Record<Lane, Date | null>;
}

/**
 * next = decide(state, now). Pure: the same state and time always give the same answer, and a state in which the
 * events have been applied gives no further events (a fixed point), so that any number of workers may decide at once.
 */
export const decide = (state: RunState, now: Date): Decision => {
  const decision: Decision = {
    events: [],
    start: { recover: [], tell: [], look: [] },
    lookAt: { recover: null, tell: null, look: null },
  };
  if (state.outcome !== null || state.unknown !== null) return decision;

  for (const step of state.created.graph.steps) {
    const current = state.steps[step.id]!;
    if (current.state === 'pending') decidePending(state, step, now, decision);
    else if (isStopped(current) && (step.optional || isGivenUp(state, step)))
      decision.events.push({
        type: 'step.skipped',
        data: { step: step.id, why: step.optional ? current.message : `given up: ${current.message}` },
      });
    else if (isUnderWay(current)) decideUnderWay(state, step, now, decision);
  }
  if (decision.events.length > 0) return decision;

  const stopped = Object.entries(state.steps).filter(([, step]) => isStopped(step));
  if (beginsUnwinding(state))
    decision.events.push({ type: 'run.unwinding', data: { why: state.aborted ? 'aborted' : 'failed' } });
  else if (isHalting(state)) decision.events.push({ type: 'run.halted', data: { steps: stopped.map(([id]) => id) } });
  else if (Object.values(state.steps).every(hasEnded))
    decision.events.push({ type: 'run.finished', data: { outcome: outcomeOf(state) } });
  return decision;
};

/** Nobody will try it again: the run was aborted, or takes back what it did and goes on with nothing else. */
const isGivenUp = (state: RunState, step: Step): boolean =>
  step.undoes === undefined ? state.aborted !== null || state.unwinding !== null : state.unwindingStopped;

const decidePending = (state: RunState, step: Step, now: Date, { events }: Decision): void => {
  const skip = (why: string) => events.push({ type: 'step.skipped', data: { step: step.id, why } });
  const { steps } = state.created.graph;
  if (step.onHalt && state.haltedAt === null) {
    // Waits for a halt; when none came until all else has ended, it was not needed.
    if (steps.every((other) => other.onHalt || hasEnded(state.steps[other.id]))) skip('the run was not halted');
    return;
  }
  if (step.undoes !== undefined && state.unwinding === null) {
    // Waits for the unwinding in the same way; while that may still begin, so does this.
    if (steps.every((other) => other.onHalt || other.undoes !== undefined || hasEnded(state.steps[other.id])))
      if (!beginsUnwinding(state)) skip('nothing had to be taken back');
    return;
  }
  const lost = step.needs.find((id) => hasEnded(state.steps[id]) && !isSatisfied(state.steps[id]));
  if (lost !== undefined) return void skip(`it needs "${lost}", which did not succeed`);
  const missing = missingOutput(state, step);
  if (missing !== undefined) return void skip(`it needs the output of "${missing}", which was left out`);
  if (step.undoes !== undefined) {
    const why = whyNotUndone(state, step.undoes);
    if (why !== undefined) return void skip(why);
  } else if (isWork(step)) {
    if (state.unwinding !== null) return void skip('the run takes back what it did');
    if (state.aborted) return void skip('the run was aborted');
    // What is about to be taken back is not added to.
    if (state.created.graph.unwind?.includes('failed') && hasStopped(state) && hasToTakeBack(state)) return;
  }
  const ready =
    step.needs.every((id) => isSatisfied(state.steps[id])) && step.after.every((id) => hasEnded(state.steps[id]));
  if (!ready) return;
  if (step.onFailure && step.after.every((id) => isSatisfied(state.steps[id]))) return void skip('nothing had failed');
  if (step.uses === 'engine/approval' && state.aborted) return void skip('the run was aborted');
  // Talking goes on: a paused run still says what it has done.
  if (state.paused !== null && step.effect !== 'notice') return;
  if (step.uses !== 'engine/approval') return void events.push({ type: 'step.started', data: { step: step.id } });
  const { expiresSeconds } = step.input as unknown as ApprovalRule;
  const expiresAt = new Date(now.getTime() + expiresSeconds * 1000).toISOString();
  const losses = expectedLosses(state);
  const bounds = boundsOf(state, losses);
  const hash = approvalHash(state.created.graph.hash, expiresAt, bounds);
  const measured = measuredOf(losses);
  events.push({ type: 'approval.requested', data: { step: step.id, expiresAt, hash, bounds, measured } });
};

/** A step whose output this one refers to and which two people left out. */
const missingOutput = (state: RunState, step: Step): string | undefined => {
  if (!step.needs.some((id) => state.steps[id]?.waived)) return undefined;
  return referencesIn(step.input).find(({ reference }) => state.steps[reference.$step]?.waived)?.reference.$step;
};

const decideUnderWay = (state: RunState, step: Step, now: Date, decision: Decision): void => {
  const current = state.steps[step.id]!;
  if (step.uses === 'engine/approval') {
    decideApproval(state, step, now, decision);
    return;
  }
  // Time that only passes, and what only a person can end, is not waited for once the run is ended early.
  if (workingEngineSteps.has(step.uses) && (state.aborted !== null || state.unwinding !== null))
    return void decision.events.push({
      type: 'step.skipped',
      data: { step: step.id, why: state.aborted ? 'the run was aborted' : 'the run takes back what it did' },
    });
  const due = current.state !== 'waiting' || current.lookAt === null || new Date(current.lookAt) <= now;
  if (due) decision.start[step.lane].push(step.id);
  else sooner(decision, step.lane, new Date(current.lookAt!));
};

const decideApproval = (state: RunState, step: Step, now: Date, decision: Decision): void => {
  const rule = step.input as unknown as ApprovalRule;
  const { given, expiresAt } = state.approvals[step.id]!;
  if (missingSlots(rule, given).length === 0) {
    const names = given.map(({ name }) => name);
    decision.events.push({
      type: 'step.succeeded',
      data: { step: step.id, seen: `approved by ${names.join(' and ')}`, changed: false, output: { approvers: names } },
    });
  } else if (state.aborted)
    decision.events.push({ type: 'step.skipped', data: { step: step.id, why: 'the run was cancelled' } });
  else if (new Date(expiresAt) <= now) decision.events.push({ type: 'approval.expired', data: { step: step.id } });
  else sooner(decision, step.lane, new Date(expiresAt));
};

/** What a run is for, and nothing that only looks, asks or tells. */
const isWork = (step: Step): boolean =>
  step.effect !== 'notice' && (!step.uses.startsWith('engine/') || workingEngineSteps.has(step.uses));

const sooner = (decision: Decision, lane: Lane, at: Date): void => {
  const known = decision.lookAt[lane];
  if (known === null || at < known) decision.lookAt[lane] = at;
};

const isAtWork = (state: RunState): boolean =>
  state.created.graph.steps.some(
    (step) => step.effect !== 'notice' && !workingEngineSteps.has(step.uses) && isUnderWay(state.steps[step.id]!),
  );

const hasStopped = (state: RunState): boolean =>
  state.created.graph.steps.some((step) => !step.optional && isStopped(state.steps[step.id]!));

/** Something has failed, and nothing that could still go on by itself is left, notices apart. */
const isHalting = (state: RunState): boolean => {
  const isOver = state.unwinding === null ? state.aborted !== null : state.unwindingStopped;
  return state.haltedAt === null && !isOver && state.paused === null && hasStopped(state) && !isAtWork(state);
};

/** The plan wants what was done taken back now, there is something to take back, and nothing is under way any more. */
const beginsUnwinding = (state: RunState): boolean => {
  const { unwind = [] } = state.created.graph;
  if (unwind.length === 0 || state.unwinding !== null || state.paused !== null) return false;
  const wanted = state.aborted ? unwind.includes('aborted') : unwind.includes('failed') && hasStopped(state);
  return wanted && !isAtWork(state) && hasToTakeBack(state);
};

const hasToTakeBack = (state: RunState): boolean =>
  state.created.graph.steps.some(({ undoes }) => undoes !== undefined && whyNotUndone(state, undoes) === undefined);

const outcomeOf = (state: RunState): Outcome => {
  const refused = Object.values(state.steps).find((step) => step.state === 'refused');
  if (refused) return refused.code as 'rejected' | 'expired' | 'voided';
  if (state.aborted) {
    return wasApproved(state) ? 'aborted' : 'cancelled';
  }
  const lost = state.created.graph.steps.some(
    (step) => !step.optional && !step.onHalt && step.undoes === undefined && !isSatisfied(state.steps[step.id]),
  );
  return lost ? 'failed' : 'succeeded';
};
