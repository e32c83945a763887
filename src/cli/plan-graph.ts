import { sayDuration } from '../plan/duration.ts';
import type { Step } from '../plan/graph.ts';
import { viewPlan } from '../plan/view.ts';
import { openOffline } from './offline.ts';
import { print, printJson } from './open.ts';
import { graphOf, usualVariant } from './plan-graphs.ts';

/** The steps of a flow layer by layer; what stands in one layer runs side by side. The longest path is marked. */
export const graph = async (
  name: string,
  flow: string,
  scope: string | undefined,
  options: { json: boolean },
): Promise<void> => {
  const { plan: find, registry } = openOffline();
  const plan = find(name);
  const frozen = graphOf(plan, registry, usualVariant(viewPlan(plan, registry), flow, scope));
  const { layers, critical, seconds, only } = layout(frozen.steps);
  const implied = impliedBy(frozen.steps);
  const draw = (step: Step) => line(step, critical.includes(step), implied(step));
  if (options.json)
    return printJson({
      plan: frozen.plan,
      flow: frozen.flow,
      scope: frozen.scope,
      from: frozen.from,
      to: frozen.to,
      expectedSeconds: seconds,
      criticalPath: critical.map(({ id }) => id),
      layers: layers.map((layer) => layer.map(({ id }) => id)),
      steps: frozen.steps.map(({ id, title, phase, uses, effect, needs, after, expectedSeconds }) => ({
        id,
        title,
        phase,
        uses,
        effect,
        needs,
        after,
        expectedSeconds,
        critical: critical.some((step) => step.id === id),
      })),
    });
  const places = frozen.from && frozen.to ? `, ${frozen.from} → ${frozen.to}` : '';
  print(
    `${frozen.flow} of ${frozen.scope} of ${frozen.title}${places}: ${frozen.steps.length} steps in ${layers.length} layers.`,
    `Longest path (*), notices and people's answers not counted: ${sayDuration(seconds)}.`,
    ...layers.flatMap((layer, i) => ['', `${i + 1}`, ...layer.map(draw)]),
    ...(only.length > 0 ? ['', 'Only when something stops', ...only.map(draw)] : []),
  );
};

/** A step with what it waits for directly; what those wait for themselves is left out. `(x)`: however x has ended. */
const line = (step: Step, isCritical: boolean, implied: ReadonlySet<string>): string => {
  const waits = [
    ...step.needs.filter((id) => !implied.has(id)),
    ...step.after.filter((id) => !implied.has(id) && !step.needs.includes(id)).map((id) => `(${id})`),
  ];
  const time = step.uses.startsWith('engine/') ? '' : sayDuration(step.expectedSeconds);
  return `  ${isCritical ? '*' : ' '} ${step.id.padEnd(36)} ${step.uses.padEnd(32)} ${time.padStart(9)}${waits.length > 0 ? `  ← ${waits.join(', ')}` : ''}`;
};

/** For each step, everything that what it waits for waits for already. */
const impliedBy = (steps: readonly Step[]): ((step: Step) => ReadonlySet<string>) => {
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
