import type { Step } from '../plan/graph.ts';

/** For each step, everything that what it waits for waits for already. */
export const impliedBy = (steps: readonly Step[]): ((step: Step) => ReadonlySet<string>) => {
  const known = new Map(steps.map((step) => [step.id, step]));
  const above = new Map<string, Set<string>>();
  const before = (step: Step | undefined): string[] => (step ? [...step.needs, ...step.after] : []);
  const aboveOf = (id: string): Set<string> => {
    const done = above.get(id);
    if (done) return done;
    const all = new Set(before(known.get(id)).flatMap((each) => [each, ...aboveOf(each)]));
    above.set(id, all);
    return all;
  };
  return (step) => new Set(before(step).flatMap((id) => [...aboveOf(id)]));
};

export interface Layout {
  layers: Step[][];
  /** From the first step to the last one that is no notice. */
  critical: Step[];
  seconds: number;
  /** Steps that a run in which all goes well never begins. */
  only: Step[];
}

/** Steps come in their order already, as a frozen graph has no cycles; `needs` and `after` both make a step wait. */
export const layout = (all: readonly Step[]): Layout => {
  const isExtra = (step: Step) => step.onHalt || step.onFailure || step.undoes !== undefined;
  const steps = all.filter((step) => !isExtra(step));
  const known = new Map(steps.map((step) => [step.id, step]));
  const placed = new Map<string, { layer: number; end: number; before: Step | undefined }>();
  const place = (step: Step): { layer: number; end: number; before: Step | undefined } => {
    const done = placed.get(step.id);
    if (done) return done;
    const before = [...step.needs, ...step.after].flatMap((id) => known.get(id) ?? []);
    const places = before.map((one) => ({ step: one, ...place(one) }));
    const last = places.reduce<(typeof places)[number] | undefined>((a, b) => (a && a.end >= b.end ? a : b), undefined);
    const made = {
      layer: 1 + Math.max(-1, ...places.map(({ layer }) => layer)),
      end: (last?.end ?? 0) + step.expectedSeconds,
      before: last?.step,
    };
    placed.set(step.id, made);
    return made;
  };
  const layers: Step[][] = [];
  for (const step of steps) {
    const { layer } = place(step);
    layers[layer] ??= [];
    layers[layer].push(step);
  }
  let end = steps
    .filter(({ effect }) => effect !== 'notice')
    .reduce<Step | undefined>((a, b) => (a && place(a).end >= place(b).end ? a : b), undefined);
  const seconds = end ? place(end).end : 0;
  const critical: Step[] = [];
  for (; end; end = place(end).before) critical.unshift(end);
  return { layers, critical, seconds, only: all.filter(isExtra) };
};
