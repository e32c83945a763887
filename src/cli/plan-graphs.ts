import { flows } from '../../flows/index.ts';
import type { Flow, FlowPlan, Place } from '../define.ts';
import { MaydayError } from '../errors.ts';
import type { Graph } from '../plan/graph.ts';
import { didYouMean } from '../plan/nearest.ts';
import type { Plan } from '../plan/plan.ts';
import type { Registry } from '../plan/registry.ts';
import { viewPlan } from '../plan/view.ts';
import { build } from '../run-service.ts';

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

/** Every variant of a plan: each flow, each of its scopes, each pair of places, each approval rule, both incidents. */
export const variantsOf = (view: FlowPlan): Variant[] =>
  flows.flatMap((flow) =>
    scopesOf(flow, view).flatMap((scope) =>
      placesOf(flow, view).flatMap((places) =>
        momentsOf(flow, view).flatMap((at) =>
          [{}, knownIncident].map((incident) => ({ flow, scope, ...places, at, incident })),
        ),
      ),
    ),
  );

/** The one variant that a person means who says no more than a flow and a scope: away from home, or at home. */
export const usualVariant = (view: FlowPlan, flowName: string, scope: string | undefined): Variant => {
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
  const [home = null, away = null] = view.prefer;
  const places = {
    target: { from: home, to: away },
    active: { from: null, to: home },
    named: { from: null, to: home },
    none: { from: null, to: null },
  };
  return { flow, scope: wanted, ...places[flow.locate], at: momentsOf(flow, view)[0]!, incident: {} };
};

/** Builds and freezes what a variant asks for, with sample words in place of a person's. Throws `plan/invalid`. */
export const graphOf = (plan: Plan, registry: Registry, variant: Variant): Graph => {
  const { flow, scope, from, to, at, incident } = variant;
  return build(flow, plan, viewPlan(plan, registry, incident), registry, {
    scope,
    from,
    to,
    time: at.toISOString(),
    text: 'sample words',
    reason: 'sample reason',
    requester: { slack: 'U00000000', name: 'Sample Person' },
    severity: 'P1',
    requestedAt: at.toISOString(),
    stamp: 'sample',
  });
};

const scopesOf = (flow: Flow, view: FlowPlan): string[] =>
  flow.approval === undefined ? ['all'] : view.scopes(flow.name);

const placesOf = (flow: Flow, view: FlowPlan): { from: Place | null; to: Place | null }[] => {
  if (flow.locate === 'none') return [{ from: null, to: null }];
  if (flow.locate === 'active' || flow.locate === 'named') return view.places.map((to) => ({ from: null, to }));
  return view.places.flatMap((from) => view.places.filter((to) => to !== from).map((to) => ({ from, to })));
};

const weekStart = Date.UTC(2026, 0, 5);
const quarterHourMs = 900_000;

/** For each rule that is ever in force over a week, one moment at which it is; the rule of the first hour comes first. */
export const momentsOf = (flow: Flow, view: FlowPlan): Date[] => {
  if (flow.approval === undefined || view.scopes(flow.name).length === 0) return [new Date(weekStart)];
  const moments = new Map<string, Date>();
  for (let quarter = 0; quarter < 7 * 24 * 4; quarter += 1) {
    const at = new Date(weekStart + quarter * quarterHourMs);
    const { name } = view.approvalRule(flow.approval, at);
    if (!moments.has(name)) moments.set(name, at);
  }
  return [...moments.values()];
};
