import { dependentsOf, type Graph, type Step } from '../plan/graph.ts';
import { isSatisfied, mayHaveChanged, type RunState } from './state.ts';

/**
 * Why a step is not taken back, in words for the card; undefined when it is.
 *
 * A change that cannot be undone is a point of no return: what led up to it and what was built on it belong together, and
 * taking back a half of that would be worse than leaving it (an application pointed back at a primary that is gone).
 * So all of those stay, and a person is told. A person who aborts a second time keeps the rest as well.
 */
export const whyNotUndone = (state: RunState, id: string): string | undefined => {
  const step = state.graph[id]!;
  if (!mayHaveChanged(state.steps[id]!)) return 'nothing was changed';
  if (state.unwindingStopped) return 'a person stopped the taking back';
  // What moves little by little goes back to the last share that was watched and found good, and no further.
  if (step.goodOnce !== undefined)
    return isSatisfied(state.steps[step.goodOnce]) ? 'it was watched and stayed good, so it stays' : undefined;
  const reason = pointOfNoReturn(state, step);
  return reason && `it stays, because it belongs to “${reason.title}”, which cannot be taken back: ${reason.stays}`;
};

/** A step that was done, cannot be undone, and stands in one line of dependence with this one. */
const pointOfNoReturn = (state: RunState, step: Step): Step | undefined => {
  const bound = boundTo(state.created.graph);
  return bound.get(step.id)!.find((other) => mayHaveChanged(state.steps[other.id]!));
};

/** What a run leaves changed when it has unwound or ended badly: irreversible changes, with why and what they are. */
export const whatStays = (state: RunState): Step[] =>
  state.created.graph.steps.filter(
    (step) => step.stays !== undefined && step.undoes === undefined && mayHaveChanged(state.steps[step.id]!),
  );

const known = new WeakMap<Graph, Map<string, Step[]>>();

/** For each step the irreversible ones that it needs or that need it; a frozen graph never changes, so this is kept. */
const boundTo = (graph: Graph): Map<string, Step[]> => {
  const found = known.get(graph);
  if (found) return found;
  const steps = graph.steps.filter(({ undoes }) => undoes === undefined);
  const dependents = dependentsOf(steps);
  const bound = new Map(
    steps.map((step) => [
      step.id,
      steps.filter(
        (other) =>
          other.effect === 'change' &&
          other.stays !== undefined &&
          (dependents.get(step.id)!.has(other) || dependents.get(other.id)!.has(step)),
      ),
    ]),
  );
  known.set(graph, bound);
  return bound;
};
