import { canonical, sha256 } from '../canonical.ts';
import type {
  Action,
  Check,
  FlowPlan,
  GraphDraft,
  Json,
  Lane,
  Phase,
  RequirementDraft,
  StageView,
  StepDraft,
  TakesBack,
  TierView,
  Unwind,
  WhenUnreachable,
} from '../define.ts';
import { didYouMean } from './nearest.ts';
import { mostSteps, type Plan } from './plan.ts';
import { type Reference, referencesIn, substitute } from './references.ts';
import type { Registry } from './registry.ts';
import { type Path, type PlanFault, planError } from './source.ts';
import { viewPlan } from './view.ts';

/** A node of a frozen graph: everything resolved, so that nobody reads the plan file again. */
export interface Step {
  id: string;
  title: string;
  phase: Phase;
  lane: Lane;
  kind: 'action' | 'check' | 'engine' | 'undo';
  uses: string;
  version: number;
  effect: 'change' | 'notice' | 'read';
  /** Concrete input; other steps' outputs stand as references. */
  input: Json;
  needs: string[];
  after: string[];
  require: Requirement[];
  unless: Requirement | null;
  withinSeconds: number | null;
  timeoutSeconds: number;
  expectedSeconds: number;
  onHalt: boolean;
  optional: boolean;
  informative: boolean;
  onFailure: boolean;
  record: { name: string; from: string } | null;
  resources: string[];
  /** API operations by which it may change something. */
  changes: string[];
  /** The step that this one takes back. */
  undoes?: string;
  /** Why it stays when the run unwinds: it cannot be taken back. Absent: it can. */
  stays?: string;
  whenUnreachable?: WhenUnreachable;
  /** The plan's phase whose target its time counts for. */
  stage?: string;
  /** Brings back what a step of an earlier run found before it changed it. */
  takesBack?: TakesBack;
  /** In an unwinding it is taken back whatever else stays, unless this step has succeeded. */
  goodOnce?: string;
}

export interface Requirement {
  /** What the plan calls the check. */
  name?: string;
  uses: string;
  version: number;
  input: Json;
}

export interface Graph {
  plan: string;
  title: string;
  account: string | null;
  planDigest: string;
  flow: string;
  scope: string;
  from: string | null;
  to: string | null;
  regions: Record<string, string>;
  arguments: Json;
  objectives: { rtoSeconds: number; rpoSeconds: number };
  targetSeconds: number | null;
  steps: Step[];
  /** The plan's own phases that steps of this graph belong to, in their order. */
  stages?: StageView[];
  /** How much the components that the run touches matter. */
  tiers?: TierView[];
  /** When the run takes back what it did. Absent in graphs of before there was unwinding. */
  unwind?: Unwind[];
  /** Components and resources that the run holds for its life, sorted. */
  claims: string[];
  /** SHA-256 over all of the above: what an approval is bound to. */
  hash: string;
}

/** Which queue carries an engine's own step; those that are not named only wait. */
const engineLanes: Record<string, Lane> = {
  'engine/preview': 'recover',
  'engine/reach': 'recover',
  'engine/in-time': 'tell',
  'engine/who': 'tell',
};

/** Steps of the engine's that serve only messages: that one is late or fails holds up nothing else. */
const tellingEngineSteps: ReadonlySet<string> = new Set(['engine/in-time', 'engine/who']);

/** Names under `engine/` that the engine itself understands; the rest are actions and checks. */
export const engineSteps = [
  'engine/approval',
  'engine/assess',
  'engine/caught-up',
  'engine/criteria',
  'engine/deadline',
  'engine/in-time',
  'engine/manual',
  'engine/preview',
  'engine/reach',
  'engine/wait',
  'engine/who',
] as const;

/** Steps of the engine's that are part of the work: nobody goes on with them once a run is ended early. */
export const workingEngineSteps: ReadonlySet<string> = new Set([
  'engine/caught-up',
  'engine/wait',
  'engine/manual',
  'engine/deadline',
  'engine/criteria',
]);

export interface FreezeOptions {
  flow: string;
  scope: string;
  from: string | null;
  to: string | null;
  arguments: Json;
  targetSeconds?: number;
  objectives?: { rtoSeconds: number; rpoSeconds: number };
  /** Read-only flows work in the queue of looks, so that they never stand before recovery. */
  readOnly?: boolean;
}

/**
 * Resolves a flow's draft into the graph that a run will keep: names become targets, references become edges, inputs
 * are checked against their actions' schemas. Throws `plan/invalid` with every fault and its place.
 */
export const freeze = (
  draft: GraphDraft,
  plan: Plan,
  view: FlowPlan,
  registry: Registry,
  options: FreezeOptions,
): Graph => {
  const faults: PlanFault[] = [];
  const fault = (step: StepDraft, inner: Path, message: string, key?: string) => {
    const owner = step.plan === undefined ? plan : plan.nested[step.plan];
    const block = step.block && owner?.blocks[step.block.name];
    if (block) {
      const place = block.source.placeOf([...step.block!.path, ...inner], key);
      faults.push({
        file: block.source.file,
        ...place,
        message: `${step.id}, as ${owner!.text.plan} includes it: ${message}`,
      });
      return;
    }
    const place = step.source ? plan.source.placeOf([...step.source, ...inner], key) : plan.source.placeOf([]);
    faults.push({ file: plan.source.file, ...place, message: `${step.id}: ${message}` });
  };
  if (draft.steps.length > mostSteps)
    throw planError([
      {
        file: plan.source.file,
        line: 1,
        column: 1,
        message: `the graph has ${draft.steps.length} steps; at most ${mostSteps} are allowed`,
      },
    ]);
  const ids = new Set<string>();
  for (const step of draft.steps) {
    if (ids.has(step.id)) fault(step, [], `two steps are called "${step.id}"`);
    ids.add(step.id);
  }
  const uses = new Map(draft.steps.map((step) => [step.id, step.uses]));
  const views = new Map<string, FlowPlan>();
  const viewOf = ({ plan: name }: StepDraft): FlowPlan => {
    if (name === undefined) return view;
    const nested = plan.nested[name];
    if (!nested) throw new Error(`the plan "${name}" is not included here`);
    const known = views.get(name) ?? viewPlan({ ...nested, nested: plan.nested }, registry, view.incident);
    views.set(name, known);
    return known;
  };
  const steps = draft.steps.flatMap((step) => {
    try {
      const context = { view: viewOf(step), registry, uses, ids, readOnly: options.readOnly ?? false, fault };
      return [freezeStep(step, context)];
    } catch (error) {
      if (error !== told) fault(step, [], (error as Error).message);
      return [];
    }
  });
  if (faults.length === 0)
    for (const cycle of cyclesOf(steps))
      fault(
        draft.steps.find(({ id }) => id === cycle[0])!,
        ['needs'],
        `the steps wait for each other: ${cycle.join(' → ')}`,
      );
  if (faults.length === 0)
    for (const { step, notice } of changesThatNeedNotices(steps))
      fault(
        draft.steps.find(({ id }) => id === step.id)!,
        ['needs'],
        `it changes the world but needs the notice "${notice}"; talking must never block recovering: use "after"`,
      );
  if (faults.length === 0)
    for (const step of writersWithoutFence(steps, draft.steps, registry))
      fault(
        draft.steps.find(({ id }) => id === step.id)!,
        ['uses'],
        `it would make a second writer: nothing proves before it that the old one takes no more writes. Say at the component how that is fenced (fence: { when-unreachable: ask }), and run it in a procedure that moves the component`,
      );
  if (faults.length > 0) throw planError(faults);

  const unwind = draft.unwind ?? [];
  const claims = [
    ...draft.claims.map((name) => `component:${name.includes('/') ? name : `${view.plan}/${name}`}`),
    ...steps.flatMap((step) => (step.effect === 'change' ? step.resources : [])),
  ];
  const graph = {
    plan: view.plan,
    title: view.title,
    account: view.account ?? null,
    planDigest: plan.digest,
    flow: options.flow,
    scope: options.scope,
    from: options.from,
    to: options.to,
    regions: Object.fromEntries(view.places.map((place) => [place, view.region(place).aws ?? place])),
    arguments: options.arguments,
    objectives: options.objectives ?? view.objectives,
    targetSeconds: options.targetSeconds ?? null,
    ...stagesAndTiers(steps, draft, view),
    steps: unwind.length > 0 ? [...steps, ...undoing(steps, registry, draft.takenBack)] : steps,
    ...(unwind.length > 0 && { unwind }),
    claims: [...new Set(claims)].sort(),
  };
  return { ...graph, hash: sha256(canonical(graph)) };
};

const knownHashes = new WeakMap<Graph, string>();

/** The hash of a graph as it stands now, whatever it says of itself. */
export const graphHash = (graph: Graph): string => {
  const known = knownHashes.get(graph);
  if (known !== undefined) return known;
  const { hash: _, ...rest } = graph;
  const found = sha256(canonical(rest));
  knownHashes.set(graph, found);
  return found;
};

/** Only what has steps here: a phase that a run does not pass through has no time to be held against its target. */
const stagesAndTiers = (steps: readonly Step[], draft: GraphDraft, view: FlowPlan): Pick<Graph, 'stages' | 'tiers'> => {
  const stages = view.stages.filter(({ name }) => steps.some((step) => step.stage === name));
  const tiers = view.tiers.filter(({ components }) => components.some((name) => draft.claims.includes(name)));
  return { ...(stages.length > 0 && { stages }), ...(tiers.length > 0 && { tiers }) };
};

/** Steps after which two could write, without a fence among all that they wait for. */
const writersWithoutFence = (steps: readonly Step[], drafts: readonly StepDraft[], registry: Registry): Step[] => {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const componentOf = new Map(drafts.map((step) => [step.id, step.with?.['component']]));
  return steps.filter((step) => {
    if (!registry.actions.get(step.uses)?.makesWriter || step.takesBack) return false;
    const before = new Set(step.needs);
    for (const id of before) for (const need of byId.get(id)?.needs ?? []) before.add(need);
    return ![...before].some(
      (id) => byId.get(id)?.phase === 'fence' && componentOf.get(id) === componentOf.get(step.id),
    );
  });
};

interface FreezeStepContext {
  view: FlowPlan;
  registry: Registry;
  uses: Map<string, string>;
  ids: ReadonlySet<string>;
  readOnly: boolean;
  fault(step: StepDraft, inner: Path, message: string, key?: string): void;
}

/** Thrown when a step's faults have been told already, each at its place. */
const told = new Error('told already');

const freezeStep = (draft: StepDraft, context: FreezeStepContext): Step => {
  const { registry, view, fault } = context;
  const references = referencesIn(draft.with ?? {});
  const needs = [...new Set([...(draft.needs ?? []), ...references.map(({ reference }) => reference.$step)])];
  for (const need of [...needs, ...(draft.after ?? [])])
    if (!context.ids.has(need))
      fault(draft, ['needs'], `no step is called "${need}".${didYouMean(need, [...context.ids])}`);

  const base = {
    id: draft.id,
    title: draft.title ?? draft.id.replaceAll('-', ' ').replace(/^./, (first) => first.toUpperCase()),
    phase: draft.phase,
    uses: draft.uses,
    needs,
    after: [...new Set(draft.after ?? [])],
    require: (draft.require ?? []).map((requirement) => freezeRequirement(requirement, context)),
    unless: draft.unless ? freezeRequirement(draft.unless, context) : null,
    withinSeconds: draft.withinSeconds ?? null,
    onHalt: draft.onHalt ?? false,
    informative: draft.informative ?? false,
    onFailure: draft.onFailure ?? false,
    record: draft.record ?? null,
    ...(draft.stage !== undefined && { stage: draft.stage }),
    ...(draft.goodOnce !== undefined && { goodOnce: draft.goodOnce }),
  };
  if ((engineSteps as readonly string[]).includes(draft.uses))
    return {
      ...base,
      kind: 'engine',
      version: 1,
      lane: engineLanes[draft.uses] ?? 'look',
      effect: tellingEngineSteps.has(draft.uses) ? 'notice' : 'read',
      input: freezeEngineInput(draft, context),
      timeoutSeconds: draft.timeoutSeconds ?? 600,
      expectedSeconds: draft.uses === 'engine/wait' ? Number(draft.with?.['seconds'] ?? 0) : 0,
      optional: draft.optional ?? tellingEngineSteps.has(draft.uses),
      resources: [],
      changes: [],
    };

  const action = registry.actions.get(draft.uses);
  const check = action ? undefined : registry.checks.get(draft.uses);
  const used: Action | Check | undefined = action ?? check;
  if (!used) {
    const known = [...registry.actions.keys(), ...registry.checks.keys()];
    fault(draft, ['uses'], `no action or check is called "${draft.uses}".${didYouMean(draft.uses, known)}`);
    throw told;
  }
  if (draft.takesBack) return freezeTakingBack(draft, draft.takesBack, base, action);
  for (const { reference, path } of references) {
    if (action?.targets.includes(path[0] as string))
      fault(
        draft,
        ['with', ...path],
        `"${path[0]}" says what is changed, so it must stand in the plan and cannot come from another step`,
      );
    const from = context.uses.get(reference.$step);
    const fields = from === undefined ? undefined : outputFields(from, registry);
    if (fields && !fields.includes(reference.$output))
      fault(
        draft,
        ['with', ...path],
        `the output of "${reference.$step}" has no "${reference.$output}".${didYouMean(reference.$output, fields)}`,
      );
  }
  const written = used.with.safeParse(draft.with ?? {});
  // A reference stands for a value whose type only the other step knows; what is checked here is all the rest.
  const problems = written.success
    ? []
    : written.error.issues.filter((issue) => !references.some(({ path }) => isAt(issue.path, path)));
  if (problems.length > 0) {
    for (const issue of problems) {
      const inner = ['with', ...(issue.path as (string | number)[])];
      if (issue.code === 'unrecognized_keys')
        for (const key of issue.keys)
          fault(draft, inner, `unknown key "${key}" for ${draft.uses}.${didYouMean(key, keysOf(used.with))}`, key);
      else fault(draft, inner, `${inner.slice(1).join('.') || draft.uses}: ${issue.message}`);
    }
    throw told;
  }
  const parsed = written.success ? written.data : draft.with;
  let input: Json;
  try {
    input = used.resolve(parsed, view) as Json;
  } catch (error) {
    fault(draft, ['with'], (error as Error).message);
    throw told;
  }
  const inputReferences = referencesIn(input);
  const sample = inputReferences.length === 0 ? input : substitute(input, sampleOf);
  const checked = used.input.safeParse(sample);
  for (const issue of checked.error?.issues ?? [])
    if (!inputReferences.some(({ path }) => isAt(issue.path, path)))
      fault(draft, ['with'], `${issue.path.join('.')}: ${issue.message}`);
  return {
    ...base,
    kind: action ? 'action' : 'check',
    version: used.version,
    lane: action?.effect === 'notice' ? 'tell' : context.readOnly ? 'look' : 'recover',
    effect: action?.effect ?? 'read',
    input,
    timeoutSeconds: draft.timeoutSeconds ?? action?.longestSeconds ?? 300,
    expectedSeconds: used.expectedSeconds,
    optional: draft.optional ?? action?.effect === 'notice',
    resources: action ? action.resources(sample) : [],
    changes: [...(action?.changes ?? [])],
    ...(action?.effect === 'change' && 'no' in action.reversible && { stays: action.reversible.no }),
    ...(draft.whenUnreachable && { whenUnreachable: draft.whenUnreachable }),
  };
};

/** Lists of checks inside what an engine's step is given, resolved as requirements are. */
const freezeEngineInput = (draft: StepDraft, context: FreezeStepContext): Json =>
  Object.fromEntries(
    Object.entries(draft.with ?? {}).map(([key, value]) => [
      key,
      ['while', 'some', 'each'].includes(key) && Array.isArray(value)
        ? (value as (RequirementDraft & { name: string })[]).map((each) => ({
            name: each.name,
            ...freezeRequirement(each, context),
          }))
        : value,
    ]),
  ) as Json;

/** A step whose target another run has resolved and changed already: nothing of it is read from the plan again. */
const freezeTakingBack = (
  draft: StepDraft,
  takesBack: TakesBack,
  base: Omit<
    Step,
    | 'kind'
    | 'version'
    | 'lane'
    | 'effect'
    | 'input'
    | 'timeoutSeconds'
    | 'expectedSeconds'
    | 'optional'
    | 'resources'
    | 'changes'
  >,
  action: Action | undefined,
): Step => {
  if (!action || 'no' in action.reversible || action.version !== takesBack.version)
    throw new Error(`what ${takesBack.step} of run ${takesBack.run} did cannot be taken back by this Mayday`);
  const input = action.input.parse(takesBack.input);
  return {
    ...base,
    kind: 'undo',
    version: action.version,
    lane: 'recover',
    effect: 'change',
    input: takesBack.input,
    timeoutSeconds: draft.timeoutSeconds ?? action.longestSeconds,
    expectedSeconds: action.expectedSeconds,
    optional: draft.optional ?? false,
    resources: action.resources(input),
    changes: [...new Set([...action.changes, ...(action.reversible.changes ?? [])])],
    stays: 'it brought back what was there before the failover',
    takesBack,
  };
};

/**
 * The steps that take others back, in reverse: each begins when whatever was built on its step has been taken back.
 * They stand in the graph from the start, so that who approves the run approves them too.
 */
const undoing = (steps: readonly Step[], registry: Registry, only: readonly string[] | undefined): Step[] => {
  const dependents = dependentsOf(steps);
  const isUndone = (step: Step) =>
    step.effect === 'change' && step.stays === undefined && (only === undefined || only.includes(step.id));
  return steps.filter(isUndone).map((step): Step => {
    const { reversible } = registry.actions.get(step.uses)!;
    const { undo, changes = [] } = reversible as { undo: string; changes?: readonly string[] };
    return {
      ...step,
      id: undoIdOf(step.id),
      title: `Take back “${step.title}”: ${undo}`,
      phase: 'unwind',
      kind: 'undo',
      undoes: step.id,
      needs: [],
      after: [step.id, ...[...dependents.get(step.id)!].filter((id) => isUndone(id)).map(({ id }) => undoIdOf(id))],
      require: [],
      unless: null,
      withinSeconds: null,
      optional: false,
      record: null,
      changes: [...new Set([...step.changes, ...changes])],
    };
  });
};

export const undoIdOf = (id: string): string => `undo-${id}`;

/** Every step that needs a step, directly or by way of others. */
export const dependentsOf = (steps: readonly Step[]): Map<string, Set<Step>> => {
  const direct = new Map<string, Step[]>(steps.map(({ id }) => [id, []]));
  for (const step of steps) for (const id of [...step.needs, ...step.after]) direct.get(id)?.push(step);
  return new Map(
    steps.map(({ id }) => {
      const reached = new Set<Step>(direct.get(id));
      for (const step of reached) for (const further of direct.get(step.id)!) reached.add(further);
      return [id, reached];
    }),
  );
};

const freezeRequirement = (
  draft: { uses: string; with: Record<string, unknown> },
  { registry, view }: FreezeStepContext,
): Requirement => {
  if (draft.uses === 'engine/loss-below' || draft.uses === 'engine/loss-as-approved')
    return { uses: draft.uses, version: 1, input: draft.with as Json };
  const check = registry.checks.get(draft.uses);
  if (!check)
    throw new Error(`no check is called "${draft.uses}".${didYouMean(draft.uses, [...registry.checks.keys()])}`);
  if (referencesIn(draft.with).length > 0)
    throw new Error(
      `what is required, ${draft.uses}, is asked before acting and cannot refer to another step's output`,
    );
  const written = check.with.safeParse(draft.with);
  if (!written.success) {
    const [issue] = written.error.issues;
    throw new Error(`${draft.uses}, which it requires: ${[...(issue?.path ?? []), issue?.message].join(': ')}`);
  }
  return { uses: draft.uses, version: check.version, input: check.resolve(written.data, view) as Json };
};

/** What stands for a reference while the other values are checked. */
const sampleOf = (_: Reference): Json => 'a-value-of-another-step';

const isAt = (path: readonly PropertyKey[], reference: readonly string[]): boolean =>
  reference.every((key, i) => String(path[i]) === key) || path.every((key, i) => String(key) === reference[i]);

const keysOf = (schema: unknown): string[] => Object.keys((schema as { shape?: object }).shape ?? {});

const outputFields = (uses: string, registry: Registry): string[] | undefined => {
  const action = registry.actions.get(uses);
  if (action) return keysOf(action.output);
  const check = registry.checks.get(uses);
  return check ? Object.keys(check.facts) : undefined;
};

/** Steps that change the world and, directly or by way of others, need a notice to have succeeded. */
const changesThatNeedNotices = (steps: readonly Step[]): { step: Step; notice: string }[] => {
  const needers = new Map<string, Step[]>(steps.map(({ id }) => [id, []]));
  for (const step of steps) for (const need of step.needs) needers.get(need)?.push(step);
  const found = new Map<Step, string>();
  for (const notice of steps.filter(({ effect }) => effect === 'notice')) {
    const reached = new Set<string>([notice.id]);
    for (const id of reached)
      for (const step of needers.get(id) ?? []) {
        // What waits for another notice is that one's to name.
        if (step.effect === 'notice') continue;
        reached.add(step.id);
        if (step.effect === 'change' && !found.has(step)) found.set(step, notice.id);
      }
  }
  return [...found].map(([step, notice]) => ({ step, notice }));
};

/** Each cycle once, as the ids on it; depth-first over `needs` and `after` together. */
const cyclesOf = (steps: readonly Step[]): string[][] => {
  const edges = new Map(steps.map((step) => [step.id, [...step.needs, ...step.after]]));
  const state = new Map<string, 'open' | 'done'>();
  const cycles: string[][] = [];
  for (const { id } of steps) {
    // An explicit stack: a chain of thousands of steps must not overflow this one.
    const stack: { id: string; next: number }[] = state.has(id) ? [] : [{ id, next: 0 }];
    if (stack.length > 0) state.set(id, 'open');
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const next = edges.get(top.id)?.[top.next];
      top.next += 1;
      if (next === undefined) {
        state.set(top.id, 'done');
        stack.pop();
      } else if (state.get(next) === 'open') {
        const path = stack.map((entry) => entry.id);
        cycles.push([...path.slice(path.indexOf(next)), next]);
      } else if (!state.has(next) && edges.has(next)) {
        state.set(next, 'open');
        stack.push({ id: next, next: 0 });
      }
    }
  }
  return cycles;
};
