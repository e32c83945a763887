import type { Action, Clock, Json, Log, LookContext, LossInput, ResourceChange, Undo } from '../define.ts';
import { messageOf } from '../errors.ts';
import type { Graph, Step } from '../plan/graph.ts';
import { substitute } from '../plan/references.ts';
import type { Registry } from '../plan/registry.ts';
import { expectLoss } from './bounds.ts';
import { within } from './in-time.ts';
import type { PerformOptions } from './perform.ts';
import type { LossReading } from './ports.ts';

export interface PreviewOutput {
  /** Per resource what it is now and what it would become. */
  changes: (ResourceChange & { step: string })[];
  losses: LossReading[];
  /** The last moment at which what is left behind can have committed anything; the time of reading while it lives. */
  stoppedAt: string;
}

/** Wall time that reading one resource may take; a resource that cannot be read is shown as such. */
const patienceMs = 8_000;

/**
 * What is to be fenced is gone more often than not, and nobody may wait for it to see the card; whether it answers at
 * all is asked by a probe of its own.
 */
const fencePatienceMs = 300;

/** What is there now, and that it becomes what an earlier run found. */
const previewBack = async (
  step: Step,
  action: Action,
  input: unknown,
  context: LookContext,
): Promise<PreviewOutput['changes'][number]> => {
  const [now] = await action.preview(input, context);
  const { undo } = action.reversible as Undo;
  return {
    step: step.id,
    ...now!,
    resource: now?.resource ?? step.resources.join(', '),
    now: now?.now ?? 'not known',
    then: `${undo}: ${inWords(step.takesBack!.before)}`,
  };
};

/** Reads, for every step of a run that would change something, what is there now. Changes nothing. */
export const preview = ({ ports, registry, state, step, signal }: PerformOptions): Promise<PreviewOutput> => {
  const { losses } = step.input as unknown as { losses?: LossInput[] };
  const readLoss = (plan: string, loss: LossInput, stop: AbortSignal) => ports.readLoss(plan, loss, stop);
  return previewGraph(state.created.graph, losses ?? [], {
    registry,
    clock: ports.clock,
    log: ports.log,
    readLoss,
    signal,
  });
};

export interface PreviewOptions {
  registry: Registry;
  clock: Clock;
  log: Log;
  readLoss(plan: string, input: LossInput, signal: AbortSignal): Promise<LossReading>;
  signal: AbortSignal;
}

export const previewGraph = async (
  graph: Graph,
  losses: readonly LossInput[],
  { registry, clock, log, readLoss, signal }: PreviewOptions,
): Promise<PreviewOutput> => {
  const changing = graph.steps.filter((other) => other.effect === 'change' && other.undoes === undefined);
  const changes = changing.map(async (other): Promise<PreviewOutput['changes']> => {
    const action = registry.actions.get(other.uses);
    if (!action)
      return [
        {
          step: other.id,
          resource: other.resources.join(', '),
          now: 'unknown',
          then: `${other.uses} is not known here`,
        },
      ];
    const input = substitute(other.input, ({ $step, $output }): Json => `(${$output} of ${$step})`);
    const context = {
      clock,
      log,
      signal: within(signal, other.whenUnreachable ? fencePatienceMs : patienceMs),
    };
    try {
      if (other.takesBack) return [await previewBack(other, action, input, context)];
      const found = await action.preview(input, context);
      return found.map((change) => ({ step: other.id, account: graph.account ?? undefined, ...change }));
    } catch (error) {
      return other.resources.map((resource) => ({
        step: other.id,
        resource,
        now: `could not be read (${messageOf(error)})`,
        then: other.title,
      }));
    }
  });
  const [read, readLosses] = await Promise.all([
    Promise.all(changes),
    Promise.all(losses.map((loss) => expectLoss(graph.plan, loss, readLoss, signal))),
  ]);
  const ends = readLosses.flatMap((loss) =>
    loss.sourceAnswers === false && loss.lastReplayedAt && loss.upperBoundSeconds !== null
      ? [Date.parse(loss.lastReplayedAt) + loss.upperBoundSeconds * 1000]
      : [],
  );
  const stoppedAt = ends.length > 0 ? new Date(Math.max(...ends)) : clock.now();
  return { changes: read.flat(), losses: readLosses, stoppedAt: stoppedAt.toISOString() };
};

/** `replicas 2, image web:3` instead of braces and quotes. */
const inWords = (value: Json): string => {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.map(inWords).join(', ') || 'none';
  if (typeof value !== 'object') return String(value);
  return Object.entries(value)
    .map(([key, inner]) => `${key} ${inWords(inner)}`)
    .join(', ');
};
