import { canonical } from '../canonical.ts';
import type { Json } from '../define.ts';
import { messageOf } from '../errors.ts';
import { sayDuration } from '../plan/duration.ts';
import type { Graph, Step } from '../plan/graph.ts';
import type { Plan } from '../plan/plan.ts';
import type { Registry } from '../plan/registry.ts';
import { viewPlan } from '../plan/view.ts';
import { layout } from './layout.ts';
import { graphOf, type Variant, variantsOf } from './variants.ts';

/** What an edit changes in what would be done, not in the text: two files that say the same differ in nothing. */
export const diffPlans = (before: Plan, after: Plan, registry: Registry): string[] => {
  const [old, now] = [graphsOf(before, registry), graphsOf(after, registry)];
  const lines: string[] = [];
  const names = [...new Set([...old.keys(), ...now.keys()])];
  const same = new Map<string, string[]>();
  for (const name of names) {
    const a = old.get(name);
    const b = now.get(name);
    const changes = !a ? ['  + the whole of it is new'] : !b ? ['  - it is gone'] : diffGraphs(a, b);
    if (changes.length === 0) continue;
    const key = changes.join('\n');
    // One edit often changes many graphs in the same way; that is said once.
    same.set(key, [...(same.get(key) ?? []), name]);
  }
  for (const [changes, where] of same) lines.push(`${sayWhere(where)}:`, changes);
  return lines.length > 0 ? lines : ['Nothing that would be done differs.'];
};

const sayWhere = (names: string[]): string =>
  names.length <= 4 ? names.join('; ') : `${names.slice(0, 3).join('; ')} and ${names.length - 3} more`;

const graphsOf = (plan: Plan, registry: Registry): Map<string, Graph> => {
  const graphs = new Map<string, Graph>();
  for (const variant of variantsOf(viewPlan(plan, registry))) {
    // In an incident that is known already a graph holds fewer messages and the same work.
    if (Object.keys(variant.incident).length > 0) continue;
    try {
      const graph = graphOf(plan, registry, variant);
      graphs.set(nameOf(variant, graph), graph);
    } catch (error) {
      throw new Error(`${plan.source.file}: ${messageOf(error)}`);
    }
  }
  return graphs;
};

const nameOf = ({ flow, scope, from, to }: Variant, graph: Graph): string => {
  const rule = (graph.steps.find(({ uses }) => uses === 'engine/approval')?.input as { name?: string } | undefined)
    ?.name;
  const places = from && to && from !== to ? ` ${from} → ${to}` : to ? ` in ${to}` : '';
  return `${flow.name} of ${scope}${places}${rule ? ` (${rule})` : ''}`;
};

export const diffGraphs = (before: Graph, after: Graph): string[] => {
  const [old, now] = [stepsOf(before), stepsOf(after)];
  const lines: string[] = [];
  for (const [id, step] of now) if (!old.has(id)) lines.push(`  + ${id}: ${step.title} (${step.uses})`);
  for (const [id, step] of old) if (!now.has(id)) lines.push(`  - ${id}: ${step.title} (${step.uses})`);
  for (const [id, step] of now) {
    const was = old.get(id);
    if (was) lines.push(...diffStep(was, step).map((line) => `  ~ ${id}: ${line}`));
  }
  const [a, b] = [layout(before.steps).seconds, layout(after.steps).seconds];
  if (a !== b) lines.push(`  expected duration: ${sayDuration(a)} → ${sayDuration(b)}`);
  if (before.objectives.rtoSeconds !== after.objectives.rtoSeconds)
    lines.push(`  RTO: ${sayDuration(before.objectives.rtoSeconds)} → ${sayDuration(after.objectives.rtoSeconds)}`);
  if (before.objectives.rpoSeconds !== after.objectives.rpoSeconds)
    lines.push(`  RPO: ${sayDuration(before.objectives.rpoSeconds)} → ${sayDuration(after.objectives.rpoSeconds)}`);
  if (canonical(before.unwind ?? []) !== canonical(after.unwind ?? []))
    lines.push(
      `  taken back when: ${(before.unwind ?? []).join(', ') || 'never'} → ${(after.unwind ?? []).join(', ') || 'never'}`,
    );
  const gained = after.claims.filter((claim) => !before.claims.includes(claim));
  const lost = before.claims.filter((claim) => !after.claims.includes(claim));
  if (gained.length > 0) lines.push(`  holds besides: ${gained.join(', ')}`);
  if (lost.length > 0) lines.push(`  holds no longer: ${lost.join(', ')}`);
  return lines;
};

const stepsOf = (graph: Graph): Map<string, Step> => new Map(graph.steps.map((step) => [step.id, step]));

const diffStep = (before: Step, after: Step): string[] => {
  const fields: (keyof Step)[] = [
    'title',
    'uses',
    'phase',
    'stage',
    'optional',
    'withinSeconds',
    'timeoutSeconds',
    'whenUnreachable',
  ];
  const lines = fields.flatMap((field) =>
    canonical((before[field] ?? null) as Json) === canonical((after[field] ?? null) as Json)
      ? []
      : [`${field}: ${show(before[field])} → ${show(after[field])}`],
  );
  lines.push(...diffValue('', before.input, after.input));
  for (const field of ['needs', 'after'] as const) {
    const gained = after[field].filter((id) => !before[field].includes(id));
    const lost = before[field].filter((id) => !after[field].includes(id));
    if (gained.length > 0) lines.push(`waits for ${gained.join(', ')} as well`);
    if (lost.length > 0) lines.push(`waits for ${lost.join(', ')} no longer`);
  }
  if (canonical(before.require as never) !== canonical(after.require as never))
    lines.push(
      `requires: ${before.require.map(sayCheck).join(', ') || 'nothing'} → ${after.require.map(sayCheck).join(', ') || 'nothing'}`,
    );
  return lines;
};

const sayCheck = ({ name, uses, input }: Step['require'][number]): string => {
  const limit = (input as { limitSeconds?: number }).limitSeconds;
  return limit === undefined ? (name ?? uses) : `loss below ${sayDuration(limit)}`;
};

const diffValue = (path: string, before: Json, after: Json): string[] => {
  if (canonical(before) === canonical(after)) return [];
  const isGroup = (value: Json): value is { [key: string]: Json } =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isGroup(before) || !isGroup(after)) return [`${path || 'input'}: ${show(before)} → ${show(after)}`];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
    diffValue(path === '' ? key : `${path}.${key}`, before[key] ?? null, after[key] ?? null),
  );
};

const show = (value: unknown): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  return text === 'null' ? 'nothing' : text.length > 120 ? `${text.slice(0, 119)}…` : text;
};
