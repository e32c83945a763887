import { canonical, sha256 } from '../canonical.ts';
import type { Json, LossInput, WhenUnreachable } from '../define.ts';
import { inTime } from './in-time.ts';
import type { EnginePorts, LossReading } from './ports.ts';
import type { RunState } from './state.ts';

/** The most that a component may lose by what is approved: the approval holds no further than that. */
export interface LossBound {
  component: string;
  /** World seconds; null: nobody knows what would be lost, and who approves accepts that. */
  seconds: number | null;
  /** `plan`: its own limit. `seen`: more was to be expected than that when people were asked, and the card says so. */
  from: 'plan' | 'seen';
}

/** What was read when somebody was asked, or said yes: on record beside the approval, and no part of its hash. */
export interface MeasuredLoss {
  component: string;
  upperBoundSeconds: number | null;
  because: string;
}

export const measuredOf = (losses: readonly LossReading[]): MeasuredLoss[] =>
  losses.map(({ component, upperBoundSeconds, because }) => ({ component, upperBoundSeconds, because }));

/**
 * The bounds of an approval that is asked for now: for each component that can lose something the limit of the plan (its
 * `loss-below`, or what its fence accepts), or else its objective. When more than that is to be expected already, people are asked
 * for what is expected, with room for as much again; else their yes would be void as soon as it was given.
 */
export const boundsOf = (state: RunState, losses: readonly LossReading[]): LossBound[] => {
  const { steps, objectives } = state.created.graph;
  return losses.map(({ component, upperBoundSeconds }) => {
    const limits = steps.flatMap(({ require, whenUnreachable }) => [
      ...require.flatMap(({ uses, input }) => limitOf(uses, input, component)),
      ...acceptedBy(whenUnreachable, component),
    ]);
    if (upperBoundSeconds === null) return { component, seconds: null, from: 'seen' };
    if (limits.length > 0 && upperBoundSeconds <= Math.min(...limits))
      return { component, seconds: Math.min(...limits), from: 'plan' };
    const withRoom = Math.ceil((upperBoundSeconds * 2) / 10) * 10;
    if (limits.length === 0 && withRoom <= objectives.rpoSeconds)
      return { component, seconds: objectives.rpoSeconds, from: 'plan' };
    return { component, seconds: Math.max(withRoom, 60), from: 'seen' };
  });
};

const limitOf = (uses: string, input: Json, component: string): number[] => {
  if (uses !== 'engine/loss-below') return [];
  const { component: named, limitSeconds } = input as unknown as { component: string; limitSeconds: number };
  return named === component ? [limitSeconds] : [];
};

const acceptedBy = (rule: WhenUnreachable | undefined, component: string): number[] =>
  rule?.rule === 'accept-up-to' && rule.loss.component === component ? [rule.seconds] : [];

/** What an approval is bound to: the graph with its targets, inputs and rule, until when it is asked, and the bounds. */
export const approvalHash = (graphHash: string, expiresAt: string, bounds: readonly LossBound[]): string =>
  sha256(canonical({ graph: graphHash, expiresAt, bounds }));

/** Which bound is broken, in one sentence; null while all hold, or where it cannot be told. */
export const brokenBound = (bounds: readonly LossBound[], losses: readonly MeasuredLoss[]): string | null => {
  for (const { component, seconds } of bounds) {
    const now = losses.find((loss) => loss.component === component)?.upperBoundSeconds;
    if (seconds !== null && typeof now === 'number' && now > seconds)
      return `${component} could lose up to ${Math.round(now)} s now, and what was asked for was at most ${seconds} s`;
  }
  return null;
};

/** The bound of a component under which the run was approved; undefined: none was asked for. */
export const approvedBound = (state: RunState, component: string): LossBound | undefined =>
  Object.values(state.approvals)
    .flatMap(({ bounds }) => bounds)
    .find((bound) => bound.component === component);

/**
 * What a run that is asked for would lose. Of what is caught up before it takes over that is nothing, however far behind
 * its other place still is: that is measured when it has caught up, just before it takes over.
 */
export const expectLoss = async (
  plan: string,
  loss: LossInput,
  readLoss: EnginePorts['readLoss'],
  signal: AbortSignal,
): Promise<LossReading> => {
  if (!loss.caughtUp) return readLoss(loss.plan ?? plan, loss, signal);
  return {
    component: loss.component,
    seconds: 0,
    upperBoundSeconds: 0,
    sourceAnswers: null,
    lastSeenAliveAt: null,
    lastReplayedAt: null,
    because: `nothing of ${loss.component} would be lost, as ${loss.to} takes over only when it has everything`,
  };
};

/** Wall milliseconds for which a click waits; what is not known by then is read again before anything is done. */
const patienceMs = 1_500;

/** What would be lost now of what a run leaves. */
export const measureLosses = async (state: RunState, readLoss: EnginePorts['readLoss']): Promise<MeasuredLoss[]> => {
  const step = state.created.graph.steps.find(({ uses }) => uses === 'engine/preview');
  const { losses = [] } = (step?.input ?? {}) as unknown as { losses?: LossInput[] };
  const signal = AbortSignal.timeout(patienceMs);
  const read = losses.map((loss) =>
    inTime(signal, expectLoss(state.created.graph.plan, loss, readLoss, signal)).then(
      (reading) => measuredOf([reading]),
      () => [],
    ),
  );
  return (await Promise.all(read)).flat();
};
