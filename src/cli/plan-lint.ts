import { basename, join } from 'node:path';
import { flows } from '../../flows/index.ts';
import type { FlowPlan } from '../define.ts';
import { MaydayError, messageOf } from '../errors.ts';
import { faultAt } from '../plan/faults.ts';
import type { Graph } from '../plan/graph.ts';
import { didYouMean } from '../plan/nearest.ts';
import { type Plan, readPlan } from '../plan/plan.ts';
import { fill } from '../plan/references.ts';
import type { Registry } from '../plan/registry.ts';
import { type PlanFault, sayFault } from '../plan/source.ts';
import { viewPlan } from '../plan/view.ts';
import { templateEscapes } from '../plan-language.ts';
import { aloneRules, approvalFaults } from '../plan-tools/approval-faults.ts';
import { graphOf, variantsOf } from '../plan-tools/variants.ts';
import { lintTemplates } from '../templates/lint.ts';
import { createTemplates } from '../templates/render.ts';
import { type Offline, openOffline, shortest } from './offline.ts';
import { print } from './print.ts';

/**
 * Finds now what would stop a run later. Needs no tokens and no network: every flow is built for every scope, pair of
 * places and rule, as the bot will build it.
 */
export const lint = async (files: string[]): Promise<void> => {
  const offline = openOffline();
  if (files.length === 0 && offline.files().length === 0)
    throw new MaydayError(
      'plan/invalid',
      `There is no plan in ${offline.settings.MAYDAY_PLANS}; it holds one YAML file per protected system.`,
    );
  const lines = [...lintWording(offline)];
  const good: string[] = [];
  for (const file of files.length > 0 ? files : offline.files()) {
    const result = lintPlan(file, offline);
    lines.push(...result.faults);
    if (result.faults.length === 0) good.push(result.summary);
  }
  print(...good, ...lines);
  if (lines.length === 0) return;
  print(`${lines.length} ${lines.length === 1 ? 'fault' : 'faults'}.`);
  process.exitCode = 1;
};

export const lintWording = ({ settings }: Offline): string[] =>
  lintTemplates(settings.MAYDAY_TEMPLATES, templateEscapes).map((fault) =>
    sayFault({ ...fault, file: shortest(join(settings.MAYDAY_TEMPLATES, fault.file)) }),
  );

export const lintPlan = (
  file: string,
  offline: Offline,
  depth: 'every' | 'usual' = 'every',
): { faults: string[]; summary: string } => {
  const faults = new Set<string>();
  let plan: Plan | undefined;
  // A fault of a plan carries its place already; anything else is said at the plan's first line.
  const note = (error: unknown) => {
    const source = (error as { cause?: { source?: (string | number)[] } }).cause?.source;
    const text = plan && source ? sayFault(faultAt(plan.source, source, messageOf(error))) : messageOf(error);
    for (const line of text.split('\n')) faults.add(/^.+:\d+:\d+: /.test(line) ? line : `${file}:1:1: ${line}`);
  };
  try {
    plan = readPlan(file, offline.registry);
  } catch (error) {
    note(error);
    return { faults: [...faults], summary: '' };
  }
  for (const fault of [
    ...misplaced(plan, file, offline.registry),
    ...brokenChecks(plan, offline),
    ...approvalFaults(plan, offline.registry),
  ])
    faults.add(sayFault(fault));
  const templates = new Set(createTemplates(offline.settings.MAYDAY_TEMPLATES).names());
  const view = viewPlan(plan, offline.registry);
  let graphs = 0;
  let steps = 0;
  try {
    for (const variant of variantsOf(view, depth)) {
      try {
        const graph = graphOf(plan, offline.registry, variant);
        graphs += 1;
        steps = Math.max(steps, graph.steps.length);
        for (const line of notCovered(view, graph)) note(line);
        for (const step of graph.steps) {
          const template = (step.input as { template?: unknown } | null)?.template;
          if (typeof template === 'string' && !templates.has(template))
            note(`${step.id}: there is no template "${template}".${didYouMean(template, [...templates])}`);
        }
      } catch (error) {
        note(error);
      }
    }
  } catch (error) {
    note(error);
  }
  const { text } = plan;
  const alone = aloneRules(plan, offline.registry);
  const procedures = Object.values(text.procedures).flatMap((scopes) => Object.keys(scopes)).length;
  const summary = `${file}: ${text.plan} is good: ${count(Object.keys(text.people).length, 'person', 'people')}, ${count(Object.keys(text.components).length, 'component')}, ${count(procedures, 'procedure')}, ${count(graphs, 'graph')} built, the longest of ${count(steps, 'step')}.${alone.length > 0 ? ` One person alone may ask and approve: ${alone.join('; ')}.` : ''}`;
  return { faults: [...faults], summary };
};

/** A component that stands in one place has no other to be named by. */
const standsAlone = (plan: Plan, component: unknown): boolean =>
  plan.components[String(component)]?.places.length === 1;

/** Parts of a plan that nothing would ever read, or under a name that nothing asks for. */
const misplaced = (plan: Plan, file: string, registry: Registry): PlanFault[] => {
  const { source, text } = plan;
  const approved = flows.filter(({ approval }) => approval !== undefined);
  const asked = approved.map(({ approval }) => approval!);
  // `declare` and `verify` are the parts that a failover adds before and after.
  const parts = [...approved.map(({ name }) => name), 'declare', 'verify'];
  const faults: PlanFault[] = [];
  if (basename(file, '.yml') !== text.plan)
    faults.push(
      faultAt(source, ['plan'], `the plan is called "${text.plan}" but its file ${basename(file)}; both must agree`),
    );
  for (const name of Object.keys(text.procedures))
    if (!parts.includes(name))
      faults.push(
        faultAt(source, ['procedures'], `no flow runs a procedure "${name}".${didYouMean(name, parts)}`, name),
      );
  if (text.procedures['failback'])
    faults.push(
      faultAt(
        source,
        ['procedures'],
        'a failback is made from the record of the failover, so it has no procedure of its own; say how under the key "failback" of the plan',
        'failback',
      ),
    );
  for (const [flow, scopes] of Object.entries(text.procedures))
    for (const [scope, { steps }] of Object.entries(scopes))
      for (const [id, { uses }] of Object.entries(steps ?? {}))
        if (uses !== undefined && registry.actions.get(uses)?.isPublic)
          faults.push(
            faultAt(
              source,
              ['procedures', flow, scope, 'steps', id, 'uses'],
              `${uses} speaks to customers, and a drill of this procedure would reach them; say under "announce" what they are told, and the flow tells it, except in a drill`,
            ),
          );
  // What moves goes to whatever place is asked for; a place by name would send it to one that may be lost.
  for (const flow of ['failover', 'switchover', 'declare', 'verify'])
    for (const [scope, { steps, 'in-place': inPlace }] of Object.entries(text.procedures[flow] ?? {}))
      for (const [id, written] of Object.entries(steps ?? {}))
        for (const [key, value] of Object.entries(written.with ?? {}))
          if (
            !inPlace &&
            !written.when?.to &&
            !standsAlone(plan, written.with?.['component']) &&
            typeof value === 'string' &&
            Object.hasOwn(text.regions, value)
          )
            faults.push(
              faultAt(
                source,
                ['procedures', flow, scope, 'steps', id, 'with', key],
                `"${value}" is a fixed place; say {{ from }}, {{ to }} or {{ standby }}, so that the same steps go there, back and elsewhere`,
              ),
            );
  for (const [i, { propose }] of text.triggers.entries()) {
    const flow = propose?.split(' ')[0];
    if (flow !== undefined && !approved.some(({ name }) => name === flow))
      faults.push(
        faultAt(
          source,
          ['triggers', i, 'propose'],
          `no flow is called "${flow}".${didYouMean(
            flow,
            approved.map(({ name }) => name),
          )}`,
        ),
      );
  }
  for (const [name, { rules }] of Object.entries(text.approvals)) {
    if (!asked.includes(name)) {
      faults.push(
        faultAt(source, ['approvals'], `no flow asks for an approval "${name}".${didYouMean(name, asked)}`, name),
      );
      continue;
    }
    const named = rules.map(({ when }) => when);
    if (named.includes('always') && named.includes('otherwise'))
      faults.push(
        faultAt(source, ['approvals', name], 'with "always" beside it, "otherwise" is never in force', 'otherwise'),
      );
  }
  return faults;
};

/** Parts of the plan that a procedure changes although its scope does not name them: another run could move them meanwhile. */
const notCovered = (view: FlowPlan, graph: Graph): MaydayError[] => {
  if (!view.hasScope(graph.scope)) return [];
  const covered = view.componentsOf(graph.scope);
  const changed = new Set(
    graph.steps
      .filter(({ effect, kind, phase }) => effect === 'change' && kind === 'action' && phase !== 'fence')
      .flatMap(({ resources }) => resources),
  );
  const places = [graph.from, graph.to].filter((place) => place !== null);
  return (
    view.components
      // What stands in one place cannot be named by a scope that moves.
      .filter((name) => !covered.includes(name) && places.every((place) => view.component(name).places.includes(place)))
      .filter((name) => places.some((place) => view.resourcesOf(name, place).some((id) => changed.has(id))))
      .map(
        (name) =>
          new MaydayError(
            'plan/invalid',
            `${graph.flow} of "${graph.scope}" changes "${name}", which the scope does not name; add it there, so that no other run moves it meanwhile`,
            { cause: { source: ['scopes', graph.scope] } },
          ),
      )
  );
};

/** Checks are asked by the watch and by steps in every direction, so each must resolve in every direction. */
const brokenChecks = (plan: Plan, { registry }: Offline): PlanFault[] => {
  const view = viewPlan(plan, registry);
  return Object.entries(plan.text.checks).flatMap(([name, written]): PlanFault[] => {
    const path = ['checks', name];
    const check = registry.checks.get(written.uses);
    if (!check) {
      const message = `no check is called "${written.uses}".${didYouMean(written.uses, [...registry.checks.keys()])}`;
      return [faultAt(plan.source, [...path, 'uses'], message)];
    }
    const standing = plan.components[String(written.with?.['component'])]?.places ?? view.places;
    for (const from of view.places)
      for (const to of view.places.filter((place) => place !== from || view.places.length === 1))
        try {
          const filled = fill(written.with ?? {}, { from, to }) as Record<string, unknown>;
          // Of a component that does not stand everywhere a check says nothing in some directions.
          if (
            Object.values(filled).some(
              (value) => view.places.includes(value as string) && !standing.includes(value as string),
            )
          )
            continue;
          const parsed = check.with.safeParse(filled);
          if (!parsed.success) {
            const [issue] = parsed.error.issues;
            const inner = ['with', ...(issue!.path as (string | number)[])];
            return [
              faultAt(plan.source, [...path, ...inner], `${name}: ${inner.slice(1).join('.')}: ${issue!.message}`),
            ];
          }
          check.resolve(parsed.data, view);
        } catch (error) {
          return [faultAt(plan.source, [...path, 'with'], `${name}: ${messageOf(error)}`)];
        }
    return [];
  });
};

const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;
