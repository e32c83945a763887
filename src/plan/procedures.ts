import type { Phase, RequirementDraft, StepDraft } from '../define.ts';
import { MaydayError } from '../errors.ts';
import { faultAt } from './faults.ts';
import { didYouMean } from './nearest.ts';
import { mostSteps, type Plan } from './plan.ts';
import { fill, isReference } from './references.ts';
import type { IncludeText, ProcedureText, StepText } from './schema.ts';
import { type Path, planError } from './source.ts';

/** What a name in `{{ … }}` stands for: a place, an argument, a block's parameter, an entry of a for-each. */
export type Values = Record<string, unknown>;

/** A step that has not been named for good: those made by one for-each are known by a common name as well. */
interface Made extends StepDraft {
  groups: string[];
}

export interface ProcedureTools {
  plan: Plan;
  /** A check by the name that the plan gives it, or `loss-below 1h [of database]`, by itself for the step's component. */
  requirement(written: string, step: { with?: Record<string, unknown> }, values: Values): RequirementDraft;
  /** Where a component's settings stand. Throws with the nearest name. */
  settingsOf(component: string): Record<string, unknown>;
  /** The procedure of another plan, in that plan's own names. */
  nested(plan: string, flow: string, scope: string, values: Values, phase: Phase): StepDraft[];
}

/** Where steps are written: in the plan itself, or in a block of its own file. */
interface Written {
  values: Values;
  source: (string | number)[];
  phase: Phase;
  block?: string;
}

/** A fault with its place in the plan that says it, which need not be the one that is run. */
const faultIn = ({ plan }: ProcedureTools, source: Path, message: string): MaydayError =>
  planError([faultAt(plan.source, source, message)]);

/** A fault of a step: in the file of the block that it comes from, if it comes from one. */
const faultOfStep = (
  { plan }: ProcedureTools,
  { source, block }: Pick<Written, 'source' | 'block'>,
  id: string,
  key: string,
  message: string,
): MaydayError =>
  planError([
    block === undefined
      ? faultAt(plan.source, [...source, key], message)
      : faultAt(plan.blocks[block]!.source, ['steps', id, key], `${id}, as ${plan.text.plan} includes it: ${message}`),
  ]);

/**
 * Expands a procedure into steps: includes, blocks, other plans, one step for each entry, and the criteria by which a
 * run rolls back by itself. Throws `plan/invalid` with the place of the fault.
 */
export const stepsOfProcedure = (
  tools: ProcedureTools,
  flow: string,
  scope: string,
  values: Values,
  phase: Phase,
): StepDraft[] => {
  const { text } = tools.plan;
  const at = (source: Path, message: string) => faultIn(tools, source, message);

  const expand = (ofFlow: string, ofScope: string, seen: string[]): Made[] => {
    const procedure: ProcedureText | undefined = text.procedures[ofFlow]?.[ofScope];
    if (!procedure)
      throw new MaydayError(
        'plan/unknown',
        `${text.plan} has no procedure "${ofFlow}" for "${ofScope}".${didYouMean(ofScope, Object.keys(text.procedures[ofFlow] ?? {}))}`,
      );
    const path = ['procedures', ofFlow, ofScope];
    const name = `${ofFlow}/${ofScope}`;
    if (seen.includes(name))
      throw at([...path, 'include'], `the procedure includes itself: ${[...seen, name].join(' → ')}`);
    const stage = procedure.phase;
    const staged = (steps: Made[]): Made[] => steps.map((step) => ({ ...step, stage: step.stage ?? stage }));
    const steps = [
      ...(procedure.include ?? []).flatMap((included, i) =>
        staged(include(included, [...path, 'include', i], ofFlow, [...seen, name])),
      ),
      ...staged(drafts(procedure.steps ?? {}, { values, source: [...path, 'steps'], phase })),
    ];
    const called = (id: string, key: 'needs' | 'require'): Made[] => {
      const found = steps.filter((step) => step.id === id || step.groups.includes(id));
      if (found.length > 0) return found;
      const ids = steps.map((step) => step.id);
      throw at([...path, key], `no step of this procedure is called "${id}".${didYouMean(id, ids)}`);
    };
    for (const [id, needs] of Object.entries(procedure.needs ?? {}))
      for (const step of called(id, 'needs')) step.needs = [...(step.needs ?? []), ...needs];
    for (const [id, written] of Object.entries(procedure.require ?? {}))
      for (const step of called(id, 'require'))
        try {
          const required = [written]
            .flat()
            .map((check) => tools.requirement(String(fill(check, values)), step, values));
          step.require = [...(step.require ?? []), ...required];
        } catch (error) {
          throw at([...path, 'require', id], (error as Error).message);
        }
    return [...steps, ...rollingBack(procedure, ofScope, steps, path)];
  };

  const include = (included: IncludeText, source: (string | number)[], ofFlow: string, seen: string[]): Made[] => {
    if (typeof included === 'string') {
      const [first, second] = included.split('/');
      return second === undefined ? expand(ofFlow, first!, seen) : expand(first!, second, seen);
    }
    if ('block' in included) {
      const block = tools.plan.blocks[included.block]!;
      const given = included.with ?? {};
      const missing = block.text.parameters.find((parameter) => !(parameter in given));
      if (missing !== undefined)
        throw at(source, `the block "${included.block}" needs "${missing}"; say it under "with"`);
      const unknown = Object.keys(given).find((key) => !block.text.parameters.includes(key));
      if (unknown !== undefined)
        throw at(
          [...source, 'with'],
          `the block "${included.block}" has no parameter "${unknown}".${didYouMean(unknown, block.text.parameters)}`,
        );
      let parameters: Values;
      try {
        parameters = flat(fill(given, values) as Values);
      } catch (error) {
        throw at([...source, 'with'], (error as Error).message);
      }
      const steps = drafts(block.text.steps, {
        values: { ...values, ...parameters },
        source,
        phase,
        block: included.block,
      });
      return included.as === undefined ? steps : prefixed(steps, included.as);
    }
    const nested = tools.nested(included.plan, included.flow ?? ofFlow, included.scope, values, phase);
    const steps = nested.map((step) => ({
      ...step,
      groups: [],
      plan: step.plan ?? included.plan,
      source,
      stage: undefined,
    }));
    return prefixed(steps, included.as ?? included.plan);
  };

  const drafts = (steps: Record<string, StepText>, context: Written): Made[] =>
    Object.entries(steps).flatMap(([id, written]): Made[] => {
      const source = context.block === undefined ? [...context.source, id] : context.source;
      const where = { ...context, source };
      if (written['for-each'] === undefined) return [draft(tools, id, written, where)];
      return entriesOf(tools, id, written['for-each'], where).map(([key, entry]) => ({
        ...draft(tools, id, written, {
          ...where,
          made: `${id}-${key}`,
          values: { ...context.values, ...flat({ each: entry }), each: key },
        }),
        groups: [id],
      }));
    });

  const rollingBack = (procedure: ProcedureText, ofScope: string, steps: Made[], path: (string | number)[]): Made[] => {
    const back = procedure['roll-back-when'];
    if (!back) return [];
    const source = [...path, 'roll-back-when'];
    const ids = steps.map(({ id }) => id);
    const base = { phase, source, groups: [], stage: procedure.phase };
    const made: Made[] = [];
    if (back['takes-longer-than'] !== undefined)
      made.push({
        ...base,
        id: `${ofScope}-in-time`,
        title: 'Roll back when it takes too long',
        uses: 'engine/deadline',
        with: { seconds: back['takes-longer-than'], steps: ids },
        timeoutSeconds: back['takes-longer-than'] + 3600,
      });
    const ask = (names: readonly string[]) => names.map((name) => ({ name, ...tools.requirement(name, {}, values) }));
    if (back.of !== undefined || back.not !== undefined)
      made.push({
        ...base,
        id: `${ofScope}-still-good`,
        title: 'Roll back when it does not hold',
        uses: 'engine/criteria',
        with: {
          some: ask(back.of ?? []),
          moreThan: back['more-than'] ?? 0,
          each: ask(back.not ?? []),
          seconds: back['watched-for'] ?? 0,
        },
        needs: ids,
        timeoutSeconds: (back['watched-for'] ?? 0) + 600,
      });
    return made;
  };

  const all = expand(flow, scope, []);
  const criteria = all.find(({ uses }) => uses === 'engine/deadline' || uses === 'engine/criteria');
  if (criteria && !text.procedures[flow]?.[scope]?.unwind?.includes('failed'))
    throw at(
      ['procedures', flow, scope],
      `it includes what rolls back by itself (${criteria.id}), so it must be able to: add "unwind: [failed, aborted]"`,
    );
  const idsOf = (name: string): string[] => {
    if (all.some((step) => step.id === name)) return [name];
    const made = all.filter((step) => step.groups.includes(name)).map(({ id }) => id);
    return made.length > 0 ? made : [name];
  };
  const steps = all.map(({ groups: _, ...step }) => ({
    ...step,
    needs: step.needs?.flatMap(idsOf),
    after: step.after?.flatMap(idsOf),
  }));
  return withoutOthers(steps, { ...values, scope });
};

const draft = (
  tools: ProcedureTools,
  id: string,
  written: StepText,
  { values, source, phase, block, made = id }: Written & { made?: string },
): Made => {
  const under = <T>(key: string, read: () => T): T => {
    try {
      return read();
    } catch (error) {
      throw faultOfStep(tools, { source, block }, id, key, (error as Error).message);
    }
  };
  const { unless } = written;
  const filled = under('with', () => fill(written.with ?? {}, values) as Record<string, unknown>);
  const requires = written.require === undefined ? [] : [written.require].flat();
  const base = {
    id: made,
    groups: [],
    title: written.title === undefined ? undefined : under('title', () => String(fill(written.title, values))),
    phase,
    needs: written.needs ?? [],
    after: written.after ?? [],
    when: written.when,
    require: under('require', () =>
      requires.map((name) => tools.requirement(String(fill(name, values)), { with: filled }, values)),
    ),
    unless:
      unless === undefined
        ? undefined
        : under('unless', () => tools.requirement(String(fill(unless, values)), { with: filled }, values)),
    withinSeconds: written.within,
    timeoutSeconds: written.timeout,
    stage: written.phase,
    source,
    ...(block !== undefined && { block: { name: block, path: ['steps', id] } }),
  };
  if (written.wait !== undefined)
    return {
      ...base,
      title: base.title ?? 'Wait',
      uses: 'engine/wait',
      with: {
        seconds: written.wait,
        ...(written.while && {
          while: under('while', () => written.while!.map((name) => ({ name, ...tools.requirement(name, {}, values) }))),
        }),
      },
      timeoutSeconds: written.timeout ?? written.wait + 600,
    };
  if (written.manual !== undefined)
    return {
      ...base,
      title: base.title ?? written.manual.slice(0, 120),
      uses: 'engine/manual',
      with: { text: under('manual', () => String(fill(written.manual, values))), checklist: written.checklist ?? [] },
      timeoutSeconds: written.timeout ?? 86_400,
    };
  return { ...base, uses: written.uses!, with: filled };
};

const entriesOf = (tools: ProcedureTools, id: string, written: string, where: Written): [string, unknown][] => {
  const fault = (message: string) => faultOfStep(tools, where, id, 'for-each', message);
  let setting: string;
  let component: string;
  let settings: Record<string, unknown>;
  try {
    [component = '', setting = ''] = String(fill(written, where.values)).split('.');
    settings = tools.settingsOf(component);
  } catch (error) {
    throw fault((error as Error).message);
  }
  const entries = settings[setting];
  if (typeof entries !== 'object' || entries === null || Array.isArray(entries))
    throw fault(
      `component "${component}" has no entries under "${setting}".${didYouMean(
        setting,
        Object.keys(settings).filter((key) => typeof settings[key] === 'object'),
      )}`,
    );
  const found = Object.entries(entries);
  // Before a step is made of each of them, once for every run that the plan can be asked for.
  if (found.length > mostSteps)
    throw fault(`"${component}.${setting}" has ${found.length} entries; at most ${mostSteps} steps are allowed`);
  return found;
};

/** `{ each: { active: 5 } }` as `each` and `each.active`, which is how a text names them. */
const flat = (values: Values, prefix = ''): Values =>
  Object.fromEntries(
    Object.entries(values).flatMap(([key, value]): [string, unknown][] => [
      [`${prefix}${key}`, value],
      ...(typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.entries(flat(value as Values, `${prefix}${key}.`))
        : []),
    ]),
  );

/** Two inclusions of one text must not give two steps one name; references inside it go along. */
const prefixed = (steps: Made[], prefix: string): Made[] => {
  const known = new Set(steps.flatMap(({ id, groups }) => [id, ...groups]));
  const rename = (id: string) => (known.has(id) ? `${prefix}-${id}` : id);
  const inside = (value: unknown): unknown => {
    if (isReference(value)) return { ...value, $step: rename(value.$step) };
    if (Array.isArray(value)) return value.map(inside);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, inside(member)]));
  };
  const inEngine = (step: Made): Record<string, unknown> | undefined =>
    step.uses === 'engine/deadline'
      ? { ...step.with, steps: (step.with!['steps'] as string[]).map(rename) }
      : (inside(step.with) as Record<string, unknown> | undefined);
  return steps.map((step) => ({
    ...step,
    id: rename(step.id),
    groups: step.groups.map(rename),
    needs: step.needs?.map(rename),
    after: step.after?.map(rename),
    with: inEngine(step),
  }));
};

/**
 * Leaves out the steps whose `when` says otherwise, and the edges to them. What refers to their outputs is found when
 * the graph is frozen: a value that is not there cannot be left out.
 */
const withoutOthers = (steps: StepDraft[], values: Values): StepDraft[] => {
  const holds = ({ when }: StepDraft) =>
    Object.entries(when ?? {}).every(
      ([name, wanted]) => wanted === undefined || wanted.includes(String(values[name] ?? '')),
    );
  const kept = steps.filter(holds);
  const dropped = new Set(steps.filter((step) => !holds(step)).map(({ id }) => id));
  if (dropped.size === 0) return kept;
  const without = (edges: string[] | undefined) => edges?.filter((id) => !dropped.has(id));
  return kept.map((step) => ({ ...step, needs: without(step.needs), after: without(step.after) }));
};
