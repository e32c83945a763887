import { flows } from '../../flows/index.ts';
import type { Flow, FlowPlan, MoveRecord, Place, RecordedChange } from '../define.ts';
import { MaydayError } from '../errors.ts';
import type { Graph } from '../plan/graph.ts';
import { didYouMean } from '../plan/nearest.ts';
import type { Plan } from '../plan/plan.ts';
import { substitute } from '../plan/references.ts';
import type { Registry } from '../plan/registry.ts';
import { viewPlan } from '../plan/view.ts';
import { build } from '../run-service.ts';
import { layout } from './layout.ts';

/** One question that a plan may be asked: which flow, of what, between which places, at what hour, in which incident. */
export interface Variant {
  flow: Flow;
  scope: string;
  from: Place | null;
  to: Place | null;
  at: Date;
  incident: Record<string, string>;
}

/** What an incident knows once its channel, page and status page incident have been made. */
const knownIncident = { channel: 'C00000000', pagerduty: 'Q00000000', statuspage: 'incident00' };

/**
 * `usual`: one rule and no incident, for a start that must not wait; what else there is differs in who is asked and told.
 *
 * Every variant of a plan: each flow, each of its scopes, each pair of places, each approval rule, both incidents.
 */
export const variantsOf = (view: FlowPlan, depth: 'every' | 'usual' = 'every'): Variant[] =>
  flows.flatMap((flow) =>
    scopesOf(flow, view).flatMap((scope) =>
      placesOf(flow, view, scope).flatMap((places) =>
        (depth === 'every' ? momentsOf(flow, view) : momentsOf(flow, view).slice(0, 1)).flatMap((at) =>
          (depth === 'every' ? [{}, knownIncident] : [{}]).map((incident) => ({
            flow,
            scope,
            ...places,
            at,
            incident,
          })),
        ),
      ),
    ),
  );

/** The one variant that a person means who says no more than a flow and a scope: away from home, or at home. */
export const usualVariant = (view: FlowPlan, flowName: string, scope: string | undefined, to?: string): Variant => {
  const flow = flows.find(({ name }) => name === flowName);
  if (!flow) {
    const names = flows.map(({ name }) => name);
    throw new MaydayError('input/invalid', `There is no flow "${flowName}".${didYouMean(flowName, names)}`);
  }
  const scopes = scopesOf(flow, view);
  const wanted = scope ?? (scopes.includes('region') ? 'region' : scopes[0]);
  if (wanted === undefined || !scopes.includes(wanted))
    throw new MaydayError(
      'plan/unknown',
      `${view.plan} has no ${flow.name} for "${wanted ?? 'anything'}".${didYouMean(wanted ?? '', scopes)}`,
    );
  const all = placesOf(flow, view, wanted);
  const places = to === undefined ? all[0] : all.find((each) => each.to === to);
  if (!places && to !== undefined)
    throw new MaydayError(
      'plan/unknown',
      `${flow.name} of ${wanted} of ${view.plan} does not go to "${to}".${didYouMean(
        to,
        all.flatMap((each) => each.to ?? []),
      )}`,
    );
  if (!places)
    throw new MaydayError('plan/unknown', `${wanted} of ${view.plan} stands in one place only, so it cannot be moved.`);
  return { flow, scope: wanted, ...places, at: momentsOf(flow, view)[0]!, incident: {} };
};

/** Stands where each run puts a part of its own into a name. */
export const sampleStamp = 'stamp0';

/** Builds and freezes what a variant asks for, with sample words in place of a person's. Throws `plan/invalid`. */
export const graphOf = (plan: Plan, registry: Registry, variant: Variant): Graph => {
  const { flow, scope, from, to, at, incident } = variant;
  return build(flow, plan, viewPlan(plan, registry, incident), registry, {
    scope,
    from,
    to,
    time: at.toISOString(),
    text: flow.approval === undefined && flow.readOnly ? '' : 'sample words',
    reason: 'sample reason',
    requester: { slack: 'U00000000', name: 'Sample Person' },
    severity: viewPlan(plan, registry).severityOf(flow.name, scope) ?? 'P1',
    requestedAt: at.toISOString(),
    stamp: sampleStamp,
    ...(flow.locate === 'record' && { record: sampleRecord(plan, registry, variant) }),
  });
};

const scopesOf = (flow: Flow, view: FlowPlan): string[] =>
  flow.approval === undefined ? ['all'] : view.scopes(flow.name);

/** From where to where, the usual way first: away from home, or at home. */
const placesOf = (flow: Flow, view: FlowPlan, scope: string): { from: Place | null; to: Place | null }[] => {
  const { locate } = flow;
  if (locate === 'none') return [{ from: null, to: null }];
  const covered = flow.approval !== undefined ? view.placesOf(scope) : view.places;
  const standing = view.prefer.filter((place) => covered.includes(place));
  if (view.isInPlace(flow.name, scope)) return standing.map((place) => ({ from: place, to: place }));
  if (locate === 'active' || locate === 'named') return standing.map((to) => ({ from: null, to }));
  if (locate === 'home') return [{ from: view.prefer[0] ?? null, to: view.prefer[1] ?? view.prefer[0] ?? null }];
  const pairs = standing.flatMap((from) => standing.filter((to) => to !== from).map((to) => ({ from, to })));
  // A failback goes the other way round.
  return locate === 'record' ? pairs.map(({ from, to }) => ({ from: to, to: from })) : pairs;
};

/** What a failover would have recorded: each of its changes, and that something was there before. */
export const sampleRecord = (
  plan: Plan,
  registry: Registry,
  { scope, from, to, at }: Pick<Variant, 'scope' | 'from' | 'to' | 'at'>,
): MoveRecord => {
  const failover = flows.find(({ name }) => name === 'failover')!;
  const graph = graphOf(plan, registry, { flow: failover, scope, from: to, to: from, at, incident: {} });
  // A run records them as they end; the order in which a plan happens to say them must not show.
  const inOrder = layout(graph.steps).layers.flatMap((layer) => layer.toSorted((a, b) => a.id.localeCompare(b.id)));
  const changed = inOrder
    .filter(({ kind, effect }) => kind === 'action' && effect === 'change')
    .map(
      (step): RecordedChange => ({
        step: step.id,
        title: step.title,
        phase: step.phase,
        uses: step.uses,
        version: step.version,
        input: substitute(step.input, () => 'a value of another step'),
        before: {},
        output: null,
        resources: step.resources,
        stays: step.stays ?? null,
      }),
    );
  return { run: 'r-sample', flow: 'failover', scope, from: to!, to: from!, changed };
};

const weekStart = Date.UTC(2026, 0, 5);
const quarterHourMs = 900_000;

/** For each rule that is ever in force over a week, one moment at which it is; the rule of the first hour comes first. */
export const momentsOf = (flow: Flow, view: FlowPlan): Date[] => {
  const known = knownMoments.get(view) ?? new Map<string, Date[]>();
  knownMoments.set(view, known);
  const found = known.get(flow.name) ?? findMoments(flow, view);
  known.set(flow.name, found);
  return found;
};

/** A week has many quarters of an hour, and a plan many scopes that are asked about them. */
const knownMoments = new WeakMap<FlowPlan, Map<string, Date[]>>();

const findMoments = (flow: Flow, view: FlowPlan): Date[] => {
  if (flow.approval === undefined || view.scopes(flow.name).length === 0) return [new Date(weekStart)];
  const moments = new Map<string, Date>();
  for (let quarter = 0; quarter < 7 * 24 * 4; quarter += 1) {
    const at = new Date(weekStart + quarter * quarterHourMs);
    const { name } = view.approvalRule(flow.approval, at);
    if (!moments.has(name)) moments.set(name, at);
  }
  return [...moments.values()];
};
