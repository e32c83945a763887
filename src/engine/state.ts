import type { Json, Unwind } from '../define.ts';
import type { Step } from '../plan/graph.ts';
import type { LossBound } from './bounds.ts';
import type { Outcome, RunCreated, Via, Waiver } from './events.ts';

/**
 * pending   not begun
 * looking   a worker reads the world, or is about to
 * acting    the intent is durable; the change may or may not have been sent
 * waiting   a change is under way, or an answer is awaited; `lookAt` says when to look again
 * failed    stopped; a human may retry or abort
 * blocked   a requirement was not met; nothing was done; a human may retry or abort
 * The rest have ended for good.
 */
export type StepPhase =
  | 'pending'
  | 'looking'
  | 'acting'
  | 'waiting'
  | 'failed'
  | 'blocked'
  | 'succeeded'
  | 'skipped'
  | 'refused';

export interface StepState {
  state: StepPhase;
  tries: number;
  /** How often the intent to act was recorded since the last retry by a human. */
  acts: number;
  /** The service said that it accepted the last act. */
  accepted: boolean;
  /** Passing faults in a row. */
  faults: number;
  startedAt: string | null;
  actedAt: string | null;
  endedAt: string | null;
  lookAt: string | null;
  seen: string;
  message: string;
  code: string;
  /** What is known of a failed step's change. */
  effect: 'not-made' | 'maybe-made' | null;
  changed: boolean;
  /** What was read right before the last act and belongs to the record, such as the expected loss. */
  facts: Json;
  /** Something was sent for it before a person began it again, and it is not known to have been refused. */
  sentBefore: boolean;
  /** What was there before the first act, for the undo. */
  before: Json;
  /** Left out by two people: what needs it goes on without it. */
  waived: boolean;
  /** Two people said to go on although what it requires does not hold. */
  forced: boolean;
  /** Asked for and not answered yet. */
  waiver: { deed: Waiver; person: string; name: string; reason: string } | null;
  /** Null until it has succeeded. */
  output: Json;
}

export interface Approval {
  person: string;
  name: string;
  /** Indexes of the rule's slots that this person could fill when they said yes. */
  slots: number[];
  at: string;
  via: Via;
  /** How they proved a second time who they are. */
  stepUp?: string;
}

export interface ApprovalState {
  requestedAt: string;
  expiresAt: string;
  /** What a yes must name. */
  hash: string;
  /** Empty where nothing can be lost, and in journals of before there were any. */
  bounds: LossBound[];
  given: Approval[];
  withdrawn: { person: string; name: string; reason: string; at: string }[];
}

export interface RunState {
  created: RunCreated;
  createdAt: string;
  /** Steps of the graph by id, so that nothing has to search. */
  graph: Record<string, Step>;
  steps: Record<string, StepState>;
  approvals: Record<string, ApprovalState>;
  /** Items of checklists that people ticked by hand. */
  ticks: Record<string, { person: string; name: string; at: string }>;
  haltedAt: string | null;
  paused: { person: string; reason: string; at: string } | null;
  /** When people last let it go on after a pause. */
  resumedAt: string | null;
  /** Why what was done is being taken back; null while nothing is. */
  unwinding: Unwind | null;
  /** A second abort, while unwinding: nothing more is taken back. */
  unwindingStopped: boolean;
  aborted: { person: string; reason: string } | null;
  rejected: { person: string; reason: string } | null;
  outcome: Outcome | null;
  finishedAt: string | null;
  /** Why nothing may be done with this run any more, when its journal says what this version does not know. */
  unknown: string | null;
}

export const freshStep = (): StepState => ({
  state: 'pending',
  tries: 0,
  acts: 0,
  accepted: false,
  faults: 0,
  startedAt: null,
  actedAt: null,
  endedAt: null,
  lookAt: null,
  seen: '',
  message: '',
  code: '',
  effect: null,
  changed: false,
  facts: null,
  sentBefore: false,
  before: null,
  waived: false,
  forced: false,
  waiver: null,
  output: null,
});

const ended: ReadonlySet<StepPhase> = new Set(['succeeded', 'skipped', 'refused']);

/** Ended for good; a failed step has not: a human may still retry it. */
export const hasEnded = (step: StepState | undefined): boolean => step !== undefined && ended.has(step.state);

/** What needs this step may go on: it has succeeded, or two people left it out. */
export const isSatisfied = (step: StepState | undefined): boolean =>
  step?.state === 'succeeded' || step?.waived === true;

/** It is changed, or something was sent whose effect is neither seen nor ruled out. */
export const mayHaveChanged = (step: StepState): boolean =>
  step.changed || step.sentBefore || (step.acts > 0 && step.effect !== 'not-made');

export const isStopped = (step: StepState): boolean => step.state === 'failed' || step.state === 'blocked';
export const isUnderWay = (step: StepState): boolean => ['looking', 'acting', 'waiting'].includes(step.state);

/** True also for a run that needs no approval: it could change things from the start. */
export const wasApproved = (state: RunState): boolean =>
  state.created.graph.steps.every(
    (step) => step.uses !== 'engine/approval' || state.steps[step.id]!.state === 'succeeded',
  );
