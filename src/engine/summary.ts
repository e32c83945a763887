import { measureStepId, type StageView } from '../define.ts';
import { type Step, undoIdOf } from '../plan/graph.ts';
import type { LossReading } from './ports.ts';
import type { PreviewOutput } from './preview.ts';
import { hasEnded, isSatisfied, isStopped, mayHaveChanged, type RunState, type StepState } from './state.ts';
import { whatStays } from './unwinding.ts';

/** The parts of the time from the outage to the proof. `detect` is null when nothing was seen to stop. */
export type PhaseName = 'detect' | 'declare' | 'decide' | 'approve' | 'execute' | 'verify';

export interface PhaseTime {
  name: PhaseName;
  /** World seconds; null while it has not ended, or when it cannot be known. */
  seconds: number | null;
}

export type Standing =
  | 'running'
  | 'waiting for approval'
  | 'halted'
  | 'paused'
  | 'unwinding'
  | 'succeeded'
  | 'failed'
  | 'aborted'
  | 'cancelled'
  | 'rejected'
  | 'expired'
  | 'voided';

/** One of the plan's own phases, held against its target. */
export interface StageTime {
  name: string;
  title: string;
  targetSeconds: number;
  /** From the first of its steps that began to the last that ended; null before it began. */
  seconds: number | null;
  /** Every step of it has ended. */
  over: boolean;
}

/** A step that took longer than the plan wants. */
export interface LateStep {
  id: string;
  title: string;
  seconds: number;
  withinSeconds: number;
}

export interface TierResult {
  title: string;
  rtoSeconds: number;
  rpoSeconds: number;
  /** Null while it is not known. */
  rtoMet: boolean | null;
  rpoMet: boolean | null;
}

export interface RunSummary {
  standing: Standing;
  stages: StageTime[];
  late: LateStep[];
  tiers: TierResult[];
  phases: PhaseTime[];
  /** From when the system was last seen alive (or, when it never stopped, from the command) to the last proof. */
  rtoSeconds: number | null;
  /** The most that can have been lost, measured from data after the promote; null when there is no such data. */
  rpoSeconds: number | null;
  expectedLossSeconds: number | null;
  stopped: (Step & { current: StepState })[];
  touched: string[];
  /** Changed by this run and brought back. */
  takenBack: string[];
  /** Changes that cannot be taken back, with why; said when a run ends badly. */
  stays: { title: string; why: string }[];
  /** Sent, but its effect was not seen. */
  maybeTouched: string[];
  notTouched: string[];
  approvers: string[];
  done: number;
  total: number;
}

/** What a run's state says to people and reports. Pure. */
export const summarise = (state: RunState): RunSummary => {
  const { steps } = state.created.graph;
  const current = (step: Step): StepState => state.steps[step.id]!;
  const changing = steps.filter((step) => step.effect === 'change' && step.undoes === undefined);
  const isBack = (step: Step) => state.steps[undoIdOf(step.id)]?.state === 'succeeded';
  const resources = (which: (step: StepState, back: boolean) => boolean) => [
    ...new Set(changing.filter((step) => which(current(step), isBack(step))).flatMap((step) => step.resources)),
  ];
  const told = steps.filter(
    (step) => step.effect !== 'notice' && (step.undoes === undefined || state.unwinding !== null),
  );
  const timed = times(state);
  const rpoSeconds = achievedLoss(state);
  return {
    standing: standingOf(state),
    stages: (state.created.graph.stages ?? []).map((stage) => timeOfStage(state, stage)),
    late: steps.flatMap((step) => lateness(step, current(step))),
    tiers: (state.created.graph.tiers ?? []).map(({ title, ...target }) => ({
      title,
      rtoSeconds: target.rtoSeconds,
      rpoSeconds: target.rpoSeconds,
      rtoMet: timed.rtoSeconds === null ? null : timed.rtoSeconds <= target.rtoSeconds,
      rpoMet: rpoSeconds === null ? null : rpoSeconds <= target.rpoSeconds,
    })),
    ...timed,
    rpoSeconds,
    expectedLossSeconds: expectedLosses(state).reduce<number | null>(
      (most, loss) => (loss.seconds === null ? most : Math.max(most ?? 0, loss.seconds)),
      null,
    ),
    stopped: steps
      .filter(
        (step) => isStopped(current(step)) || (state.outcome !== null && current(step).message.startsWith('given up')),
      )
      .map((step) => ({ ...step, current: current(step) })),
    touched: resources((step, back) => step.changed && !back),
    takenBack: resources((step, back) => back && mayHaveChanged(step)),
    stays: whatStays(state).map(({ title, stays }) => ({ title, why: stays! })),
    maybeTouched: resources((step, back) => !step.changed && !back && wasSent(step)),
    notTouched: resources((step) => !step.changed && !wasSent(step)),
    approvers: Object.values(state.approvals).flatMap(({ given }) => given.map(({ name }) => name)),
    done: told.filter((step) => hasEnded(current(step))).length,
    total: told.length,
  };
};

const timeOfStage = (state: RunState, { name, title, targetSeconds }: StageView): StageTime => {
  const own = state.created.graph.steps
    .filter((step) => step.stage === name && step.undoes === undefined)
    .map(({ id }) => state.steps[id]!);
  const starts = own.flatMap(({ startedAt }) => (startedAt ? [Date.parse(startedAt)] : []));
  const ends = own.flatMap(({ endedAt }) => (endedAt ? [Date.parse(endedAt)] : []));
  const over = own.length > 0 && own.every(hasEnded);
  const seconds =
    starts.length === 0 || ends.length === 0 ? null : Math.round((Math.max(...ends) - Math.min(...starts)) / 100) / 10;
  return { name, title, targetSeconds, seconds: over ? seconds : null, over };
};

const lateness = (step: Step, current: StepState): LateStep[] => {
  if (step.withinSeconds === null || !current.startedAt || !current.endedAt) return [];
  const seconds = Math.round((Date.parse(current.endedAt) - Date.parse(current.startedAt)) / 100) / 10;
  return seconds > step.withinSeconds
    ? [{ id: step.id, title: step.title, seconds, withinSeconds: step.withinSeconds }]
    : [];
};

/** Something was sent whose effect is neither seen nor ruled out. */
const wasSent = (step: StepState): boolean => step.state !== 'succeeded' && mayHaveChanged(step);

const standingOf = (state: RunState): Standing => {
  if (state.outcome !== null) return state.outcome;
  const refused = Object.values(state.steps).find((step) => step.state === 'refused');
  if (refused) return refused.code as Standing;
  if (state.haltedAt !== null) return 'halted';
  if (state.unwinding !== null) return 'unwinding';
  // A question stays a question while the run is paused: it can still be answered.
  const isAsked = Object.keys(state.approvals).some((id) => state.steps[id]!.state === 'waiting');
  if (state.paused !== null && !isAsked) return 'paused';
  if (state.aborted) return 'aborted';
  const work = state.created.graph.steps.filter((step) => step.effect !== 'notice' && step.undoes === undefined);
  if (work.some((step) => isStopped(state.steps[step.id]!))) return 'failed';
  if (work.length > 0 && work.every((step) => isSatisfied(state.steps[step.id]))) return 'succeeded';
  return Object.keys(state.approvals).some((id) => state.steps[id]!.state === 'waiting')
    ? 'waiting for approval'
    : 'running';
};

export const expectedLosses = (state: RunState): LossReading[] => previewOf(state)?.losses ?? [];

export const previewOf = (state: RunState): PreviewOutput | null => {
  const step = state.created.graph.steps.find(({ uses }) => uses === 'engine/preview');
  return step ? (state.steps[step.id]!.output as unknown as PreviewOutput | null) : null;
};

const times = (state: RunState): { phases: PhaseTime[]; rtoSeconds: number | null } => {
  const { steps } = state.created.graph;
  const ms = (text: string | null | undefined): number | null => (text ? Date.parse(text) : null);
  const endOf = (which: (step: Step) => boolean): number | null => {
    const ends = steps.filter((step) => which(step) && step.effect !== 'notice').map((step) => state.steps[step.id]!);
    if (ends.length === 0 || ends.some((step) => !isSatisfied(step))) return null;
    return Math.max(...ends.map((step) => Date.parse(step.endedAt!)));
  };
  const approval = steps.find(({ uses }) => uses === 'engine/approval');
  const page = steps.find(({ uses }) => uses === 'pagerduty/page');
  const requested = Date.parse(state.created.requestedAt);
  const asked = approval ? ms(state.approvals[approval.id]?.requestedAt) : null;
  const declared = Math.min(
    ms(page && state.steps[page.id]!.endedAt) ?? Date.parse(state.createdAt),
    asked ?? Number.POSITIVE_INFINITY,
  );
  const marks: [PhaseName, number | null][] = [
    ['detect', requested],
    ['declare', declared],
    ['decide', asked],
    [
      'approve',
      approval && state.steps[approval.id]!.state === 'succeeded' ? ms(state.steps[approval.id]!.endedAt) : null,
    ],
    ['execute', endOf((step) => step.phase === 'execute' || step.phase === 'fence')],
    ['verify', endOf((step) => step.phase === 'verify')],
  ];
  const start = ms(state.created.lastSeenAliveAt);
  let previous = start;
  const phases = marks.map(([name, end]): PhaseTime => {
    const seconds = previous === null || end === null ? null : Math.max(0, Math.round((end - previous) / 100) / 10);
    if (end !== null) previous = Math.max(end, previous ?? end);
    return { name, seconds };
  });
  const end =
    marks.findLast(([name]) => name === 'verify')![1] ??
    (steps.some(({ phase }) => phase === 'verify') ? null : marks[4]![1]);
  return { phases, rtoSeconds: end === null ? null : Math.round((end - (start ?? requested)) / 100) / 10 };
};

/**
 * Loss counted from data: the newest row that survived, against the last moment at which the source can have committed
 * one. Measured after the promote by the check that the loss was expected by. While the source lived there is no such
 * moment, so nothing is said.
 */
const achievedLoss = (state: RunState): number | null => {
  const preview = previewOf(state);
  if (!preview || preview.losses.length === 0 || preview.losses.some(({ sourceAnswers }) => sourceAnswers !== false))
    return null;
  const losses = preview.losses.map(({ component }) => {
    const output = state.steps[measureStepId(component)]?.output as { newest?: string } | null | undefined;
    return output?.newest
      ? Math.max(0, Math.round((Date.parse(preview.stoppedAt) - Date.parse(output.newest)) / 100) / 10)
      : null;
  });
  return losses.reduce<number | null>(
    (most, loss) => (most === null || loss === null ? null : Math.max(most, loss)),
    0,
  );
};
