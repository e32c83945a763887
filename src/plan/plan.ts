import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { sha256 } from '../canonical.ts';
import type { ComponentView } from '../define.ts';
import { MaydayError } from '../errors.ts';
import { faultsOfRules, namesInRule } from './authority.ts';
import { faultAt, faultsOf } from './faults.ts';
import { didYouMean } from './nearest.ts';
import type { Registry } from './registry.ts';
import { residencyFaults } from './residency.ts';
import { type BlockText, blockSchema, type IncludeText, type PlanText, planSchema } from './schema.ts';
import { secretFaults, secretInFile } from './secrets.ts';
import { type PlanFault, type PlanSource, planError, readSource } from './source.ts';

/** A plan as read from its file, its components understood by their kinds. */
export interface Plan {
  source: PlanSource;
  text: PlanText;
  /** SHA-256 of the file and of the files that it names; approvals are bound to it. */
  digest: string;
  components: Record<string, ComponentView>;
  files: Record<string, string>;
  /** Steps that several plans share, from `blocks/` beside the plan. */
  blocks: Record<string, { source: PlanSource; text: BlockText }>;
  /** Other plans whose procedures this one includes. */
  nested: Record<string, Plan>;
}

/** A plan with more steps than this is a mistake, and would not fit a card either. */
export const mostSteps = 2_000;

/** Reads one plan file. Throws `plan/invalid` naming every fault with file, line, column and what was expected. */
export const readPlan = (path: string, registry: Registry): Plan => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new MaydayError('plan/invalid', `${path}: the plan cannot be read. Nothing was started.`, { cause });
  }
  const plan = parsePlan(path, text, registry, (name) => readFileSync(join(dirname(path), name), 'utf8'));
  if (basename(path, '.yml') !== plan.text.plan)
    throw planError([
      faultAt(
        plan.source,
        ['plan'],
        `the plan is called "${plan.text.plan}" but its file ${basename(path)}; both must agree`,
      ),
    ]);
  return plan;
};

export const parsePlan = (
  file: string,
  yaml: string,
  registry: Registry,
  readBeside: (name: string) => string,
  /** The plans that include this one, outermost first. */
  within: readonly string[] = [],
): Plan => {
  const source = readSource(file, yaml);
  if (source.value === null || source.value === undefined)
    throw planError([
      faultAt(source, [], 'the file is empty; expected a plan, which begins with "plan:" and its name'),
    ]);
  const tooMany = countSteps(source.value);
  if (tooMany > mostSteps)
    throw planError([
      faultAt(source, [], `the plan has ${tooMany} steps; at most ${mostSteps} are allowed`, 'procedures'),
    ]);
  const parsed = planSchema.safeParse(source.value);
  if (!parsed.success) throw planError(faultsOf(source, planSchema, parsed.error));
  const text = parsed.data;
  const faults = namesThatAreNotThere(text, source);
  const components: Record<string, ComponentView> = {};
  for (const [name, written] of Object.entries(text.components)) {
    const read = readComponent(name, written, text, source, registry);
    if (Array.isArray(read)) faults.push(...read);
    else components[name] = read;
  }
  const files: Record<string, string> = {};
  for (const { path, name } of filesNamed(text)) {
    if (normalize(name).startsWith('..') || name.startsWith('/')) {
      faults.push(faultAt(source, path, `"${name}" lies outside the folder of the plans`));
      continue;
    }
    try {
      files[name] = readBeside(name);
    } catch {
      faults.push(faultAt(source, path, `the file "${name}" beside the plan cannot be read`));
      continue;
    }
    const secret = secretInFile(name, files[name]);
    if (secret !== undefined) faults.push(faultAt(source, path, secret));
  }
  faults.push(...secretFaults(source), ...residencyFaults(text, source));
  const blocks: Plan['blocks'] = {};
  const nested: Plan['nested'] = {};
  for (const { path, include } of includesOf(text)) {
    if (typeof include === 'string') continue;
    const name = 'block' in include ? `blocks/${include.block}.yml` : `${include.plan}.yml`;
    if ('plan' in include && [...within, text.plan].includes(include.plan)) {
      faults.push(
        faultAt(source, path, `the plans include each other: ${[...within, text.plan, include.plan].join(' → ')}`),
      );
      continue;
    }
    try {
      files[name] ??= readBeside(name);
    } catch {
      faults.push(faultAt(source, path, `the file "${name}" beside the plan, which it includes, cannot be read`));
      continue;
    }
    if ('block' in include) blocks[include.block] ??= parseBlock(join(dirname(file), name), files[name]);
    else {
      nested[include.plan] ??= parsePlan(join(dirname(file), name), files[name], registry, readBeside, [
        ...within,
        text.plan,
      ]);
      // What those include stands here as well: whoever looks for a plan looks in the outermost.
      for (const [deeper, plan] of Object.entries(nested[include.plan]!.nested)) nested[deeper] ??= plan;
    }
  }
  if (faults.length > 0) throw planError(faults);
  const digest = sha256(
    [
      yaml,
      ...Object.keys(files)
        .sort()
        .map((name) => `${name}\n${files[name]}`),
      ...Object.values(nested).map((plan) => plan.digest),
    ].join('\n\0\n'),
  );
  return { source, text, digest, components, files, blocks, nested };
};

const parseBlock = (file: string, yaml: string): Plan['blocks'][string] => {
  const source = readSource(file, yaml);
  const parsed = blockSchema.safeParse(source.value);
  if (!parsed.success) throw planError(faultsOf(source, blockSchema, parsed.error));
  const faults = secretFaults(source);
  if (basename(file, '.yml') !== parsed.data.block)
    faults.push(
      faultAt(source, ['block'], `the block is called "${parsed.data.block}" but its file ${basename(file)}`),
    );
  if (faults.length > 0) throw planError(faults);
  return { source, text: parsed.data };
};

const includesOf = (text: PlanText): { path: (string | number)[]; include: IncludeText }[] =>
  Object.entries(text.procedures).flatMap(([flow, procedures]) =>
    Object.entries(procedures).flatMap(([scope, { include }]) =>
      (include ?? []).map((each, i) => ({ path: ['procedures', flow, scope, 'include', i], include: each })),
    ),
  );

/** Every `*.yml` of a folder, by plan name. Throws one error with the faults of all of them. */
export const readPlans = (folder: string, registry: Registry): Map<string, Plan> => {
  let entries: string[];
  try {
    entries = readdirSync(folder)
      .filter((name) => name.endsWith('.yml'))
      .sort();
  } catch (cause) {
    throw new MaydayError(
      'config/invalid',
      `The folder of the plans, ${folder}, cannot be read. Set MAYDAY_PLANS to the folder that holds one YAML file per protected system.`,
      { cause },
    );
  }
  const plans = new Map<string, Plan>();
  const faults: string[] = [];
  for (const entry of entries) {
    try {
      const plan = readPlan(join(folder, entry), registry);
      plans.set(plan.text.plan, plan);
    } catch (error) {
      if (!(error instanceof MaydayError)) throw error;
      faults.push(error.message);
    }
  }
  if (faults.length > 0) throw new MaydayError('plan/invalid', faults.join('\n'));
  return plans;
};

/** Before anything looks at them one by one. */
const countSteps = (value: unknown): number => {
  const members = (of: unknown): unknown[] => (typeof of === 'object' && of !== null ? Object.values(of) : []);
  return members((value as { procedures?: unknown } | null)?.procedures)
    .flatMap(members)
    .reduce<number>((sum, procedure) => sum + members((procedure as { steps?: unknown } | null)?.steps).length, 0);
};

const readComponent = (
  name: string,
  written: { kind: string; [key: string]: unknown },
  text: PlanText,
  source: PlanSource,
  registry: Registry,
): ComponentView | PlanFault[] => {
  const path = ['components', name];
  const kind = registry.kinds.get(written.kind);
  if (!kind)
    return [
      faultAt(
        source,
        [...path, 'kind'],
        `no kind of component is called "${written.kind}".${didYouMean(written.kind, [...registry.kinds.keys()])}`,
      ),
    ];
  const places = Object.keys(text.regions);
  const faults: PlanFault[] = [];
  const at: Record<string, unknown> = {};
  const rest: Record<string, unknown> = {};
  const { only } = written as { only?: unknown };
  if (only !== undefined && !(Array.isArray(only) && only.length > 0 && only.every((place) => places.includes(place))))
    return [faultAt(source, [...path, 'only'], `expected places of the plan: ${places.join(', ')}`)];
  const standing: string[] = (only as string[] | undefined) ?? places;
  for (const [key, value] of Object.entries(written)) {
    if (key === 'kind' || key === 'only' || key === 'residency') continue;
    if (places.includes(key) && !standing.includes(key))
      faults.push(faultAt(source, path, `"${name}" is said to stand only in ${standing.join(', ')}`, key));
    if (!places.includes(key)) {
      rest[key] = value;
      continue;
    }
    const parsed = kind.at.safeParse(value);
    if (parsed.success) at[key] = parsed.data;
    else faults.push(...faultsOf(source, kind.at, parsed.error, [...path, key]));
  }
  for (const place of standing)
    if (!(place in at) && !kind.at.safeParse(undefined).success)
      faults.push(
        faultAt(
          source,
          path,
          `${kind.name} "${name}" has no "${place}": expected what it is called there, or "only" with the places where it stands`,
        ),
      );
  const settings = kind.settings.safeParse(rest);
  if (!settings.success) faults.push(...faultsOf(source, kind.settings, settings.error, path));
  else
    for (const [place, value] of Object.entries(at)) {
      const wrong = kind.wrongAt?.(value, settings.data);
      if (wrong) faults.push(faultAt(source, [...path, place], wrong));
    }
  return faults.length > 0
    ? faults
    : { name, kind: kind.name, at, places: standing, settings: settings.data as Record<string, unknown> };
};

/** References between the parts of a plan that lead nowhere. */
const namesThatAreNotThere = (text: PlanText, source: PlanSource): PlanFault[] => {
  const faults: PlanFault[] = [];
  const must = (path: (string | number)[], name: string, what: string, valid: string[]) => {
    if (!valid.includes(name))
      faults.push(faultAt(source, path, `no ${what} is called "${name}".${didYouMean(name, valid)}`));
  };
  const people = Object.keys(text.people);
  const groups = Object.keys(text.groups);
  for (const [i, place] of text.prefer.entries()) must(['prefer', i], place, 'region', Object.keys(text.regions));
  for (const [scope, components] of Object.entries(text.scopes))
    for (const [i, component] of components.entries())
      must(['scopes', scope, i], component, 'component', Object.keys(text.components));
  for (const [name, group] of Object.entries(text.groups)) {
    for (const [i, person] of (group.people ?? []).entries())
      must(['groups', name, 'people', i], person, 'person', people);
    for (const [i, person] of (group.offline ?? []).entries())
      must(['groups', name, 'offline', i], person, 'person', people);
    if (people.includes(name))
      faults.push(
        faultAt(source, ['groups'], `"${name}" is a person and a group; approvals could not tell them apart`, name),
      );
  }
  for (const [flow, { rules }] of Object.entries(text.approvals)) {
    const place = ['approvals', flow];
    for (const { path, rule } of rules) {
      const at = [...place, ...path];
      for (const { name, path: inner } of namesInRule(rule))
        must([...at, ...inner], name, 'person or group', [...people, ...groups]);
      for (const scope of rule.scope ?? []) must([...at, 'scope'], scope, 'scope', Object.keys(text.scopes));
    }
    for (const { path, message } of faultsOfRules(rules)) faults.push(faultAt(source, [...place, ...path], message));
  }
  for (const [name, { person }] of Object.entries(text.stakeholders))
    must(['stakeholders', name, 'person'], person, 'person', people);
  for (const [name, { person, by }] of Object.entries(text.stakeholders)) {
    const known = text.people[person];
    // A person who is not there is told of already.
    if (!known) continue;
    const cannot = (way: string, missing: string) =>
      faults.push(faultAt(source, ['stakeholders', name, 'by'], `"${person}" cannot be told by ${way}: ${missing}`));
    if (by.includes('email') && !known.email) cannot('email', 'the person has no e-mail address');
    if (by.includes('email') && !text.announce.mail) cannot('email', 'announce.mail does not say in whose name');
    if (by.includes('phone') && !known.pagerduty)
      cannot('phone', 'the person has no PagerDuty id, through which phones ring');
    if ((by.includes('phone') || by.includes('pagerduty')) && !text.announce.pagerduty)
      cannot('PagerDuty', 'announce.pagerduty does not name a service');
  }
  const owners = new Map<string, string>();
  for (const [name, { slack }] of Object.entries(text.people)) {
    if (slack === undefined) continue;
    const other = owners.get(slack);
    if (other !== undefined)
      faults.push(
        faultAt(
          source,
          ['people', name],
          `"${name}" and "${other}" have one Slack id; two people who approve must be two`,
        ),
      );
    owners.set(slack, name);
  }
  const checks = Object.keys(text.checks);
  for (const [i, check] of text.triage.entries()) must(['triage', i], check, 'check', checks);
  for (const [i, row] of text.triggers.entries()) {
    for (const key of ['when', 'while', 'wait-for'] as const)
      for (const check of row[key] ?? []) must(['triggers', i, key], check, 'check', checks);
    if (row.propose === undefined) continue;
    const [flow = '', scope = ''] = row.propose.split(' ');
    // A failback has no text of its own: it is made from the record of what it brings back.
    const source = flow === 'failback' ? 'failover' : flow;
    const path = ['triggers', i, 'propose'];
    const procedures = text.procedures[source];
    if (procedures) must(path, scope, `procedure of ${flow}`, Object.keys(procedures));
    else must(path, flow, 'flow with procedures', Object.keys(text.procedures));
  }
  for (const [i, check] of (text.failback?.healthy ?? []).entries())
    must(['failback', 'healthy', i], check, 'check', checks);
  for (const [tier, { components }] of Object.entries(text.tiers))
    for (const [i, component] of components.entries())
      must(['tiers', tier, 'components', i], component, 'component', Object.keys(text.components));
  const bySeverity = new Map<string, string>();
  for (const [level, { severity }] of Object.entries(text.levels)) {
    const other = bySeverity.get(severity);
    if (other !== undefined)
      faults.push(faultAt(source, ['levels', level, 'severity'], `"${other}" and "${level}" are both ${severity}`));
    bySeverity.set(severity, level);
  }
  const steps = Object.values(text.procedures).flatMap((procedures) =>
    Object.values(procedures).flatMap((each) => Object.keys(each.steps ?? {})),
  );
  for (const [list, { items }] of Object.entries(text.checklists))
    for (const [i, item] of items.entries()) {
      const path = ['checklists', list, 'items', i];
      for (const check of item.checks ?? []) must([...path, 'checks'], check, 'check', checks);
      if (item.by !== undefined) must([...path, 'by'], item.by, 'person or group', [...people, ...groups]);
      // Steps of blocks and of for-each have names that are made: those are held against the graphs by the linter.
      if (Object.keys(text.procedures).length > 0 && !hasMadeSteps(text))
        for (const step of item.steps ?? []) must([...path, 'steps'], step, 'step', steps);
    }
  for (const [flow, procedures] of Object.entries(text.procedures))
    for (const [scope, procedure] of Object.entries(procedures)) {
      const path = ['procedures', flow, scope];
      const own = Object.keys(procedures);
      for (const [i, included] of (procedure.include ?? []).entries()) {
        if (typeof included !== 'string') continue;
        const [other, name] = included.includes('/') ? (included.split('/') as [string, string]) : [flow, included];
        const valid = other === flow ? own : Object.keys(text.procedures[other] ?? {});
        if (other !== flow && text.procedures[other] === undefined)
          must([...path, 'include', i], other, 'flow with procedures', Object.keys(text.procedures));
        else must([...path, 'include', i], name, `procedure of ${other}`, valid);
      }
      const phases = Object.keys(text.phases);
      if (procedure.phase !== undefined) must([...path, 'phase'], procedure.phase, 'phase', phases);
      for (const [id, step] of Object.entries(procedure.steps ?? {})) {
        if (step.phase !== undefined) must([...path, 'steps', id, 'phase'], step.phase, 'phase', phases);
        for (const [i, check] of (step.while ?? []).entries())
          must([...path, 'steps', id, 'while', i], check, 'check', checks);
      }
      const back = procedure['roll-back-when'];
      for (const key of ['of', 'not'] as const)
        for (const [i, check] of (back?.[key] ?? []).entries())
          must([...path, 'roll-back-when', key, i], check, 'check', checks);
      if (back && !procedure.unwind?.includes('failed'))
        faults.push(
          faultAt(
            source,
            path,
            'what rolls back by itself must be able to: add "unwind: [failed, aborted]"',
            'roll-back-when',
          ),
        );
      // These are parts of other flows' runs.
      if (procedure.unwind && ['declare', 'verify'].includes(flow))
        faults.push(
          faultAt(
            source,
            [...path, 'unwind'],
            `"unwind" is said for what a run is started and approved for, which "${flow}" is not; say it there`,
          ),
        );
    }
  return faults;
};

const hasMadeSteps = (text: PlanText): boolean =>
  Object.values(text.procedures).some((procedures) =>
    Object.values(procedures).some(
      ({ include, steps }) =>
        include?.some((each) => typeof each !== 'string') ||
        Object.values(steps ?? {}).some((step) => step['for-each'] !== undefined),
    ),
  );

const filesNamed = (text: PlanText): { path: string[]; name: string }[] =>
  Object.entries(text.procedures).flatMap(([flow, procedures]) =>
    Object.entries(procedures).flatMap(([scope, { steps }]) =>
      Object.entries(steps ?? {}).flatMap(([step, written]) => {
        const name = written.with?.['file'];
        return typeof name === 'string'
          ? [{ path: ['procedures', flow, scope, 'steps', step, 'with', 'file'], name }]
          : [];
      }),
    ),
  );
