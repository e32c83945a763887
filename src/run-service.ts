import type pg from 'pg';
import type { Clock, Flow, FlowPlan, GroupView, Log, MoveRecord, PersonView, Place, StartFlow } from './define.ts';
import { inTime } from './engine/in-time.ts';
import type { EnginePorts } from './engine/ports.ts';
import { incidentStream, type RunStore } from './engine/run-store.ts';
import { runIdFor, startRun } from './engine/start-run.ts';
import type { RunState } from './engine/state.ts';
import { summarise } from './engine/summary.ts';
import { whatStays } from './engine/unwinding.ts';
import { MaydayError, messageOf } from './errors.ts';
import { cadenceSeconds, followUps } from './incident/due.ts';
import { type IncidentEvent, incidentAfter, severities } from './incident/incident.ts';
import { moveRecord } from './move-record.ts';
import { openObligations } from './obligations.ts';
import { sayDuration } from './plan/duration.ts';
import { freeze } from './plan/graph.ts';
import { didYouMean } from './plan/nearest.ts';
import { noPlan } from './plan/no-plan.ts';
import type { Plan } from './plan/plan.ts';
import type { PlanStore } from './plan/plan-store.ts';
import type { Registry } from './plan/registry.ts';
import { planError } from './plan/source.ts';
import { viewPlan } from './plan/view.ts';
import { liveness, type Watch } from './watch/watch.ts';

export interface Requester {
  slack: string;
  name: string;
  team: string;
}

export interface RunServiceOptions {
  pool: pg.Pool;
  clock: Clock;
  log: Log;
  plans: PlanStore;
  registry: Registry;
  flows: readonly Flow[];
  ports: EnginePorts;
  store: RunStore;
  watch: Watch;
  /** As `FlowRequest.channelPattern`. */
  channelPattern?: string;
  /** Where every incident has its headline, so that nothing else need be said of it there. */
  digestChannel?: string;
  /** PagerDuty ids of who is on call for a schedule. */
  onCallNow?(schedule: string): Promise<string[]>;
}

export type Started = { state: RunState; isNew: boolean } | { nothingToDo: string };

export interface RunService {
  /** Observes, builds and makes a run durable. Throws with one sentence for the person when it cannot be started. */
  start(request: StartFlow, by: { requester: Requester; requestKey: string; receivedAt: Date }): Promise<Started>;
  /** Why there would be nothing to do, in one sentence; null when there would be, or it cannot be told. */
  nothingToDo(request: Pick<StartFlow, 'plan' | 'flow' | 'scope'>): Promise<string | null>;
}

/** How long words wait for an incident's channel, in wall milliseconds. */
const channelPatienceMs = 5_000;
/** How long it is waited for who is on call, in wall milliseconds: those who stand in are known without asking. */
const onCallPatienceMs = 2_000;

export const createRunService = (options: RunServiceOptions): RunService => {
  const { pool, plans, registry, clock, log } = options;

  const flowNamed = (name: string): Flow => {
    const flow = options.flows.find((candidate) => candidate.name === name);
    if (!flow)
      throw new MaydayError(
        'input/invalid',
        `There is no flow "${name}".${didYouMean(
          name,
          options.flows.map((candidate) => candidate.name),
        )}`,
      );
    return flow;
  };

  const incidentFor = async (
    request: StartFlow,
    plan: string,
  ): Promise<{ id: string; facts: Record<string, string>; severity: string } | undefined> => {
    const { rows } = await pool.query(
      `SELECT id, facts, severity FROM incidents WHERE ${request.incident ? 'id = $1' : `plan = $1 AND status = 'open'`} ORDER BY declared_at DESC LIMIT 1`,
      [request.incident ?? plan],
    );
    return rows[0];
  };

  /** Slack ids of who is on call for a plan, and of those who stand in where nobody can say. */
  const onCallFor = async ({ text }: Plan): Promise<string[]> => {
    const slackOf = (wanted: (person: PersonText) => boolean) =>
      Object.values(text.people).flatMap((person) => (person.slack && wanted(person) ? [person.slack] : []));
    const asked = Object.values(text.groups).map(async (group): Promise<string[]> => {
      const schedule = group['pagerduty-schedule'];
      if (schedule === undefined) return [];
      try {
        const asking: Promise<string[]> = options.onCallNow?.(schedule) ?? Promise.resolve([]);
        const ids = await inTime(AbortSignal.timeout(onCallPatienceMs), asking);
        return slackOf(({ pagerduty }) => pagerduty !== undefined && ids.includes(pagerduty));
      } catch (error) {
        log.warn({ schedule }, `who is on call could not be looked up: ${messageOf(error)}`);
        return (group.offline ?? []).flatMap((name) => text.people[name]?.slack ?? []);
      }
    });
    return [...new Set((await Promise.all(asked)).flat())];
  };

  return {
    async nothingToDo({ plan: name, flow: flowName, scope: asked }) {
      const flow = flowNamed(flowName);
      const view = viewPlan(plans.find(name ?? ''), registry);
      const context = { clock, log, signal: AbortSignal.timeout(15_000) };
      const request = { flow: flowName, plan: name, reason: '' };
      return await locate(flow, view, scopeOf(flow, view, asked), request, undefined, undefined, context).then(
        (located) => ('nothingToDo' in located ? located.nothingToDo : null),
        () => null,
      );
    },

    async start(request, { requester, requestKey, receivedAt }) {
      const flow = flowNamed(request.flow);
      // Only what tells others can belong to no plan: there is nothing else to do then.
      const isWithoutPlan = request.plan === undefined && flow.approval === undefined && flow.locate === 'none';
      const plan = isWithoutPlan ? noPlan(registry) : plans.find(request.plan ?? '');
      const runId = runIdFor(requestKey);
      const known = await options.store.open(runId).catch(() => undefined);
      if (known) return { state: known.state(), isNew: false };
      let incident =
        flow.readOnly || (isWithoutPlan && !request.incident) ? undefined : await incidentFor(request, plan.text.plan);
      // Words for an incident whose channel is being opened this moment wait for it: said nowhere, they would be lost.
      const until = performance.now() + channelPatienceMs;
      while (request.incident && incident && !incident.facts['channel'] && performance.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        incident = await incidentFor(request, plan.text.plan);
      }
      const seen = viewPlan(plan, registry, incident?.facts ?? {});
      const view = request.breakGlass ? approvedBy(seen, request.breakGlass.operators) : seen;
      const scope = scopeOf(flow, view, request.scope);
      const moved = { pool, plan: plan.text.plan, flow: flow.name, view, scope };
      const moves = (flow.locate === 'target' || flow.locate === 'record') && !view.isInPlace(flow.name, scope);
      const last = moves ? await lastMove(moved, options.store) : undefined;
      const record = flow.locate === 'record' ? recordOf(last, view, scope) : undefined;
      if (moves) await refuseUnsafe(moved, record?.from ?? request.to ?? awayOf(view, scope));
      const located = await locate(flow, view, scope, request, last?.to, record, {
        clock,
        log,
        signal: AbortSignal.timeout(15_000),
      });
      if ('nothingToDo' in located) return located;

      // As bad as the incident or as the plan calls it, whichever is worse.
      const grave = [incident?.severity, view.severityOf(flow.name, scope)].filter((each) => each !== undefined).sort();
      const severity = request.severity ?? grave[0] ?? 'P1';
      if (!(severities as readonly string[]).includes(severity))
        throw new MaydayError(
          'input/invalid',
          `"${severity}" is no severity.${didYouMean(severity, severities)} Nothing was started.`,
        );
      // Going home is no flapping: people have waited for it.
      if (last && !record && !request.anyway) refuseTooSoon(last, plan, clock.now());
      const graph = build(flow, plan, view, registry, {
        scope,
        from: located.from,
        to: located.to,
        time: request.time?.toISOString() ?? null,
        text: request.text ?? '',
        reason: request.reason,
        requester: { slack: requester.slack, name: requester.name },
        severity,
        requestedAt: receivedAt.toISOString(),
        ...(request.breakGlass && { breakGlass: request.breakGlass }),
        ...(request.anyway && { anyway: true }),
        stamp: runId.slice(2, 8),
        channelPattern: options.channelPattern,
        digestChannel: options.digestChannel,
        ...(flow.name === 'declare' && !incident && { onCall: await onCallFor(plan) }),
        ...(request.severity && incident && { severityBefore: incident.severity }),
        nextUpdateMinutes: minutesToNext(request, severity, clock.now()),
        ...(record && { record }),
      });
      if (graph.steps.length === 0 && flow.name === 'update')
        throw new MaydayError(
          'run/wrong-state',
          'This incident has no channel and no page yet, so there is nowhere to say it. Nothing was said; try again in a moment.',
        );
      const title = isWithoutPlan ? request.reason || flow.name : `${view.title}: ${request.reason || flow.name}`;
      const by = { by: requester.slack, byName: requester.name };
      const incidentEvents: IncidentEvent[] = [];
      if (!incident && !flow.readOnly)
        incidentEvents.push({
          type: 'incident.declared',
          data: { plan: isWithoutPlan ? null : plan.text.plan, title, severity, ...by },
        });
      if (flow.name === 'update' && request.severity)
        incidentEvents.push({ type: 'incident.severity', data: { severity: request.severity, ...by } });
      if (flow.name === 'update')
        incidentEvents.push({
          type: 'incident.updated',
          data: {
            text: request.text ?? '',
            ...by,
            ...(request.nextUpdate !== undefined && { next: request.nextUpdate?.toISOString() ?? null }),
          },
        });
      if (flow.name === 'resolve' && incident) {
        const { checklist } = request;
        incidentEvents.push({
          type: 'incident.resolved',
          data: { text: request.text ?? '', ...by, ...(checklist && { checklist }) },
        });
        const { tasks, commander } = incidentAfter(await options.ports.journal.read(incidentStream(incident.id)))!;
        incidentEvents.push(...followUps({ severity, tasks }, commander ?? requester.slack, clock.now().toISOString()));
      }

      return await startRun(options.ports, options.store, {
        created: {
          run: runId,
          incident: incident?.id ?? `i-${runId.slice(2)}`,
          graph,
          requester: { person: requester.slack, name: requester.name, team: requester.team },
          reason: request.reason,
          severity,
          requestedAt: receivedAt.toISOString(),
          lastSeenAliveAt: flow.readOnly
            ? null
            : await lastSeenAlive(options.watch, clock, plan, view, flow.name, scope, located.from, located.to),
        },
        actor: `slack:${requester.slack}`,
        incidentEvents,
      });
    },
  };
};

type PersonText = Plan['text']['people'][string];

const minutesToNext = ({ nextUpdate }: StartFlow, severity: string, now: Date): number | null => {
  if (nextUpdate === null) return null;
  const seconds = nextUpdate ? (nextUpdate.getTime() - now.getTime()) / 1000 : cadenceSeconds(severity);
  return seconds === null ? null : Math.max(1, Math.round(seconds / 60));
};

/** Builds and freezes a flow's graph; what `plan lint` does for every flow and scope. Throws `plan/invalid` with places. */
export const build = (
  flow: Flow,
  plan: Plan,
  view: FlowPlan,
  registry: Registry,
  request: Parameters<Flow['build']>[1],
) => {
  let draft: ReturnType<Flow['build']>;
  try {
    draft = flow.build(view, request);
  } catch (error) {
    const source = (error as { cause?: { source?: (string | number)[] } }).cause?.source;
    if (error instanceof MaydayError && error.code === 'plan/invalid' && source)
      throw planError([{ file: plan.source.file, ...plan.source.placeOf(source), message: error.message }]);
    throw error;
  }
  return freeze(draft, plan, view, registry, {
    flow: flow.name,
    scope: request.scope,
    from: request.from,
    to: request.to,
    arguments: {
      scope: request.scope,
      to: request.to,
      time: request.time,
      text: request.text,
      reason: request.reason,
      ...(request.anyway && { anyway: true }),
    },
    targetSeconds: view.targetOf(flow.name, request.scope),
    objectives: view.targetsFor(flow.name, request.scope, request.severity),
    readOnly: flow.readOnly,
  });
};

const scopeOf = (flow: Flow, view: FlowPlan, asked: string | undefined): string => {
  if (flow.approval === undefined) return asked ?? 'all';
  const scopes = view.scopes(flow.name);
  if (scopes.length === 0)
    throw new MaydayError('plan/unknown', `${view.plan} has no procedure for ${flow.name}. Nothing was started.`);
  if (asked === undefined) {
    if (scopes.includes('region')) return 'region';
    if (scopes.length === 1) return scopes[0]!;
    throw new MaydayError('input/invalid', `Say what to ${flow.name}: ${scopes.join(', ')}. Nothing was started.`);
  }
  if (!scopes.includes(asked))
    throw new MaydayError(
      'plan/unknown',
      `${view.plan} has no ${flow.name} for "${asked}".${didYouMean(asked, scopes)} Nothing was started.`,
    );
  return asked;
};

type Located = { from: Place | null; to: Place | null } | { nothingToDo: string };
type LookAround = { clock: Clock; log: Log; signal: AbortSignal };

const locate = async (
  flow: Flow,
  view: FlowPlan,
  scope: string,
  request: StartFlow,
  lastTo: Place | null | undefined,
  record: MoveRecord | undefined,
  context: LookAround,
): Promise<Located> => {
  if (flow.locate === 'none') return { from: null, to: null };
  if (flow.locate === 'named') return { from: null, to: request.to ?? null };
  if (flow.locate === 'home') return { from: view.prefer[0] ?? null, to: view.prefer[1] ?? view.prefer[0] ?? null };
  if (record) return { from: record.to, to: record.from };
  if (request.to !== undefined && !view.places.includes(request.to))
    throw new MaydayError(
      'plan/unknown',
      `${view.plan} has no place "${request.to}".${didYouMean(request.to, view.places)} Nothing was started.`,
    );
  if (view.isInPlace(flow.name, scope)) {
    const place = request.to ?? (await activePlace(view, scope, context));
    return { from: place, to: place };
  }
  if (flow.locate === 'active') {
    const look = () => rolesOf(view, [scope], view.places, context, ({ role }) => role === 'active');
    const first = await look();
    // That no place answers at all is more often a hiccup of ours than the end of all of them.
    const roles = first.length > 0 && first.every(({ role }) => role === 'unknown') ? await look() : first;
    const active = roles.find(({ role }) => role === 'active');
    if (!active)
      throw new MaydayError(
        'system/unavailable',
        `It cannot be told where ${scope} of ${view.plan} runs now: ${roles.map(({ because }) => because).join('; ') || 'nothing there can say'}. Nothing was started.`,
      );
    return { from: null, to: active.place };
  }
  // Away from home unless a place was named: typing the command twice must not fail back by accident.
  const to = request.to ?? awayOf(view, scope);
  if (to !== undefined && !view.placesOf(scope).includes(to))
    throw new MaydayError(
      'plan/unknown',
      `${scope} of ${view.plan} does not stand in ${to}; it stands in ${view.placesOf(scope).join(', ')}. Nothing was started.`,
    );
  if (to === undefined)
    throw new MaydayError('plan/invalid', `${view.plan} has no second place to go to. Nothing was started.`);
  const roles = await rolesOf(view, view.componentsOf(scope), [to], context);
  const twice = await twoPrimaries(view, roles, to, lastTo, context);
  if (twice) throw twice;
  const shared = view.componentsOf(scope).filter((component) => view.isShared(component));
  const elsewhere = view.places.filter((place) => place !== to);
  const serves = ({ role }: ComponentRole) => role === 'active';
  if (roles.length > 0 && roles.every(serves) && !(await rolesOf(view, shared, elsewhere, context)).some(serves))
    return {
      nothingToDo: `Nothing to do: ${scope} of ${view.title} already runs in ${to}. ${roles.map(({ component, because }) => `${component}: ${because}`).join('; ')}.`,
    };
  const missing = roles.find(({ role }) => role === 'absent');
  if (missing)
    throw new MaydayError(
      'system/refused',
      `${view.plan} cannot go to ${to}: ${missing.because}. Nothing was started.`,
    );
  const others = view.prefer.filter((place) => place !== to && view.placesOf(scope).includes(place));
  // With more than two places the one that serves is looked for; a dead one cannot say, and then it is the preferred.
  const serving =
    others.length > 1
      ? (await rolesOf(view, view.componentsOf(scope), others, context)).find(({ role }) => role === 'active')?.place
      : undefined;
  return { from: serving ?? others[0] ?? null, to };
};

/** Where a scope goes when nobody says where: the first place after home in which all of it stands. */
const awayOf = (view: FlowPlan, scope: string): Place | undefined => {
  const standing = view.placesOf(scope);
  return view.prefer.slice(1).find((place) => standing.includes(place));
};

/** Where a scope runs now: the only place in which it stands, or the first in which a part of it says that it serves. */
const activePlace = async (view: FlowPlan, scope: string, context: LookAround): Promise<Place> => {
  const standing = view.prefer.filter((place) => view.placesOf(scope).includes(place));
  if (standing.length === 1) return standing[0]!;
  const isActive = ({ role }: ComponentRole) => role === 'active';
  const all = standing.length === 0 ? view.prefer : standing;
  const found = (await rolesOf(view, view.componentsOf(scope), all, context, isActive)).find(isActive);
  // What cannot say where it runs runs where the rest of the system does.
  const elsewhere = found ?? (await rolesOf(view, view.components, all, context, isActive)).find(isActive);
  if (elsewhere) return elsewhere.place;
  throw new MaydayError(
    'system/unavailable',
    `It cannot be told where ${scope} of ${view.plan} runs now. Say it: "to <place>" (${all.join(', ')}). Nothing was started.`,
  );
};

/** The move that a failback brings back. Throws when nothing was moved, or it has come home already. */
const recordOf = (last: Move | undefined, view: FlowPlan, scope: string): MoveRecord => {
  const { record } = last ?? {};
  if (last?.isUnfinished && record?.flow === 'failback')
    throw new MaydayError(
      'run/wrong-state',
      `The last failback of ${record.scope} of ${view.title} (run ${last.id}) went a part of the way, and what it promoted at home stays there. Move the rest with \`/failover ${view.plan} ${record.scope} to ${record.to} <reason> --anyway\`. Nothing was started.`,
    );
  if (!record || record.to === view.prefer[0] || record.from === record.to)
    throw new MaydayError(
      'run/wrong-state',
      `There is nothing to bring back: no failover of ${scope} of ${view.title} is on record that has not come home. Nothing was started.`,
    );
  if (record.scope !== scope)
    throw new MaydayError(
      'run/wrong-state',
      `What was moved last is ${record.scope} of ${view.title} (run ${record.run}), so that is what comes home: say ${record.scope} instead of ${scope}. Nothing was started.`,
    );
  return record;
};

/** `enough` ends the asking early: a dead place must not hold up the answer of a living one. */
const rolesOf = async (
  view: FlowPlan,
  components: string[],
  places: Place[],
  context: LookAround,
  enough: (role: ComponentRole) => boolean = () => false,
): Promise<ComponentRole[]> => {
  const asked = components.flatMap((component) => places.map((place) => ({ component, place })));
  const found: ComponentRole[] = [];
  await new Promise<void>((resolve, reject) => {
    const all = asked.map(async ({ component, place }) => {
      const answer = await view.roleOf(component, place, context);
      if (!answer) return;
      const role = { component, place, ...answer };
      found.push(role);
      if (enough(role)) resolve();
    });
    Promise.all(all).then(() => resolve(), reject);
  });
  return found;
};

interface ComponentRole {
  component: string;
  place: Place;
  role: 'active' | 'standby' | 'absent' | 'unknown';
  because: string;
}

/** The plan's rule gives way to two named operators; who is told afterwards stays as it is. */
const approvedBy = (view: FlowPlan, operators: readonly PersonView[]): FlowPlan => ({
  ...view,
  approvalRule(flow, at, asked) {
    const operator: GroupView = { name: 'operator', people: [...operators], live: null, offline: [] };
    const slots = operators.map(() => operator);
    const { ways: _, stepUp: __, ...rule } = view.approvalRule(flow, at, asked);
    return { ...rule, name: 'break-glass', slots, requesterCounts: true, typedWord: null };
  },
});

interface Moved {
  pool: pg.Pool;
  plan: string;
  flow: string;
  view: FlowPlan;
  scope: string;
}

/** Not back to a place whose old primary was never fenced: it may hold writes that nobody has seen. */
const refuseUnsafe = async ({ pool, plan }: Pick<Moved, 'pool' | 'plan'>, to: Place | undefined): Promise<void> => {
  const unsafe = (await openObligations(pool, plan)).find(({ place }) => place === to);
  if (unsafe)
    throw new MaydayError(
      'system/refused',
      `${to} is not safe to go back to: ${unsafe.component} there was never fenced, and may hold writes that nobody has seen. Mayday fences it as soon as it answers (\`/dr run\` shows how far that is). Nothing was started.`,
    );
};

interface Move {
  id: string;
  scope: string;
  to: Place | null;
  /** Null while its last messages are on their way. */
  finishedAt: Date | null;
  /** It moved something for good, and did not succeed. */
  isUnfinished: boolean;
  record: MoveRecord;
}

/** The last run that moved something of a scope for good: it succeeded, or made a change that cannot be taken back. */
const lastMove = async (moved: Moved, store: RunStore): Promise<Move | undefined> => {
  const { pool, plan, view, scope } = moved;
  const { rows } = await pool.query(
    `SELECT id, flow, scope, finished_at AS "finishedAt" FROM runs
     WHERE plan = $1 AND flow IN ('failover', 'switchover', 'failback') ORDER BY created_at DESC LIMIT 20`,
    [plan],
  );
  const components = view.componentsOf(scope);
  const covers = (other: string) =>
    view.hasScope(other) && view.componentsOf(other).some((name) => components.includes(name));
  for (const row of rows.filter((each) => covers(each.scope) && !view.isInPlace(each.flow, each.scope))) {
    const handle = await store.open(row.id).catch(() => undefined);
    if (!handle) continue;
    const state = handle.state();
    const isForGood = whatStays(state).some(({ id }) => state.steps[id]!.changed);
    const hasSucceeded = summarise(state).standing === 'succeeded';
    if (isForGood || hasSucceeded)
      return { ...row, to: state.created.graph.to, isUnfinished: !hasSucceeded, record: moveRecord(state) };
  }
  return undefined;
};

/** Keeps a system from going back and forth, unless the person says that they mean it. */
const refuseTooSoon = (last: Move, { text }: Plan, now: Date): void => {
  const at = last.finishedAt ?? now;
  const coolDown = text['cool-down'];
  const endsAt = new Date(at.getTime() + coolDown * 1000);
  if (endsAt <= now) return;
  throw new MaydayError(
    'run/wrong-state',
    `${last.scope} of ${text.title} was moved only at ${at.toISOString()} (run ${last.id}); the plan lets ${sayDuration(coolDown)} pass before it is moved again, which is until ${endsAt.toISOString()}. Nothing was started. If you mean it, put --anyway behind the command.`,
  );
};

/**
 * A place that was failed away from keeps a primary of its own, without what was written elsewhere since. Going there
 * would serve old data as if it were all, so it is refused, unless it is where things were moved to last.
 */
const twoPrimaries = async (
  view: FlowPlan,
  roles: readonly ComponentRole[],
  to: Place,
  lastTo: Place | null | undefined,
  context: LookAround,
): Promise<MaydayError | undefined> => {
  const promotable = roles.filter(
    ({ component, role }) => role === 'active' && view.fencesOf(component, to).length > 0,
  );
  if (promotable.length === 0 || lastTo === to) return undefined;
  const others = await rolesOf(
    view,
    promotable.map(({ component }) => component),
    view.places.filter((place) => place !== to),
    context,
  );
  const other = others.find(({ role }) => role === 'active');
  return (
    other &&
    new MaydayError(
      'system/refused',
      `${other.component} has a primary in ${to} and another in ${other.place} (${other.because}), and the one in ${to} has not what was written in ${other.place} since. Going there would lose it. Make a new replica of ${other.place} in ${to} first. Nothing was started.`,
    )
  );
};

/** When what a failover leaves was last seen alive, if it has stopped: the start of the outage, as far as anybody knows. */
const lastSeenAlive = async (
  watch: Watch,
  clock: Clock,
  plan: Plan,
  view: FlowPlan,
  flow: string,
  scope: string,
  from: Place | null,
  to: Place | null,
): Promise<string | null> => {
  if (from === null || to === null) return null;
  const losses = from === to || !view.hasScope(scope) ? [] : view.lossOf(flow, scope, { from, to });
  const checks =
    losses.length > 0
      ? losses.map(({ aliveCheck }) => aliveCheck)
      : Object.entries(plan.text.checks).flatMap(([name, { every }]) => (every === undefined ? [] : [name]));
  const seen = await Promise.all(
    checks.map(async (check) => liveness(await watch.sighting(plan.text.plan, check, from, to), clock)),
  );
  const stopped = seen.flatMap(({ answers, lastSeenAliveAt }) =>
    answers === false && lastSeenAliveAt ? [lastSeenAliveAt.getTime()] : [],
  );
  return stopped.length === 0 ? null : new Date(Math.min(...stopped)).toISOString();
};
