import type {
  ComponentView,
  FlowPlan,
  GroupView,
  LiveSource,
  LossInput,
  MatrixRow,
  PersonView,
  RequirementDraft,
  WhenUnreachable,
} from '../define.ts';
import { probeStepId } from '../define.ts';
import { MaydayError } from '../errors.ts';
import { type ApprovalsText, approversInRule, resolveRule, ruleInForce } from './authority.ts';
import { parseDuration } from './duration.ts';
import { didYouMean } from './nearest.ts';
import type { Plan } from './plan.ts';
import { type ProcedureTools, stepsOfProcedure, type Values } from './procedures.ts';
import { fill } from './references.ts';
import type { Registry } from './registry.ts';
import type { PlanText, TriggerText } from './schema.ts';

/** What a plan says under a name; never what every object has under it, such as `constructor`. */
const own = <T>(record: Record<string, T>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

const sentence = (name: string): string => name.replaceAll('-', ' ').replace(/^./, (first) => first.toUpperCase());

const liveSourceOf = (group: PlanText['groups'][string]): LiveSource | null => {
  const { 'pagerduty-schedule': schedule, 'pagerduty-policy': policy, 'slack-group': slackGroup, level } = group;
  if (schedule !== undefined) return { pagerdutySchedule: schedule };
  if (policy !== undefined) return { pagerdutyPolicy: policy, level: level ?? null };
  return slackGroup === undefined ? null : { slackGroup };
};

/** A plan as flows and actions see it, for one moment and one incident. */
export const viewPlan = (plan: Plan, registry: Registry, incident: Record<string, string> = {}): FlowPlan => {
  const { text } = plan;

  const component = (name: string, ...kinds: string[]): ComponentView => {
    const found = own(plan.components, name);
    if (!found) throw new Error(`no component is called "${name}".${didYouMean(name, Object.keys(plan.components))}`);
    if (kinds.length > 0 && !kinds.includes(found.kind))
      throw new Error(`component "${name}" is a ${found.kind}; expected ${kinds.join(' or ')}`);
    return found;
  };

  const person = (name: string): PersonView => {
    const found = own(text.people, name);
    if (!found) throw new Error(`no person is called "${name}".${didYouMean(name, Object.keys(text.people))}`);
    return { ...found, name: found.name ?? name };
  };

  const group = (name: string): GroupView => {
    if (own(text.people, name)) return { name, people: [person(name)], live: null, offline: [] };
    const found = own(text.groups, name);
    if (!found) throw new Error(`no person or group is called "${name}"`);
    return {
      name,
      people: (found.people ?? []).map(person),
      live: liveSourceOf(found),
      offline: (found.offline ?? []).map(person),
    };
  };

  const requirement = (written: string, step: { with?: Record<string, unknown> }, values: Values): RequirementDraft => {
    const loss = /^loss-below (\S+)(?: of (\S+))?$/.exec(written);
    if (loss) {
      const [, limit = '', other] = loss;
      const limitSeconds = parseDuration(limit);
      if (limitSeconds === undefined) throw new Error(`"${limit}" is no duration; expected loss-below 1h`);
      const name = other ?? step.with?.['component'];
      const input = typeof name === 'string' ? lossOfComponent(name, values) : undefined;
      if (!input)
        throw new Error(
          'loss-below needs a component that says under "loss" which checks tell its loss: that of the step, or one behind "of"',
        );
      return { uses: 'engine/loss-below', with: { ...input, limitSeconds } };
    }
    const check = own(text.checks, written);
    if (!check)
      throw new Error(
        `no check is called "${written}".${didYouMean(written, [...Object.keys(text.checks), 'loss-below 1h'])}`,
      );
    return { uses: check.uses, with: fill(check.with ?? {}, values) as Record<string, unknown> };
  };

  const lossOfComponent = (name: string, values: Values): LossInput | undefined => {
    const { loss } = component(name).settings as { loss?: { alive: string; replayed: string } };
    if (!loss) return undefined;
    const replayed = text.checks[loss.replayed];
    for (const check of [loss.alive, loss.replayed])
      if (!text.checks[check])
        throw new Error(
          `component "${name}" tells its loss by the check "${check}", which is not there.${didYouMean(check, Object.keys(text.checks))}`,
        );
    const check = registry.checks.get(replayed!.uses);
    if (!check) throw new Error(`no check is called "${replayed!.uses}"`);
    const written = fill(replayed!.with ?? {}, values) as Record<string, unknown>;
    return {
      component: name,
      from: String(values['from'] ?? ''),
      to: String(values['to'] ?? ''),
      aliveCheck: loss.alive,
      replayed: { uses: replayed!.uses, input: check.resolve(check.with.parse(written), view) },
      written,
    };
  };

  const nestedView = (name: string): FlowPlan => {
    const nested = plan.nested[name];
    if (!nested) throw new Error(`the plan "${name}" is not included here`);
    return viewPlan({ ...nested, nested: plan.nested }, registry, incident);
  };

  const tools: ProcedureTools = {
    plan,
    requirement,
    settingsOf: (name) => component(name).settings,
    nested: (name, flow, scope, values, phase) => nestedView(name).procedure(flow, scope, values as never, phase),
  };

  /** The scopes of other plans that a procedure includes, and those that they include. */
  const nestedScopes = (flow: string, scope: string): { plan: string; scope: string; prefix: string }[] =>
    // A failback goes by the failover's text.
    (text.procedures[flow === 'failback' ? 'failover' : flow]?.[scope]?.include ?? []).flatMap((included) => {
      if (typeof included === 'string') {
        const [first, second] = included.split('/');
        return second === undefined ? nestedScopes(flow, first!) : nestedScopes(first!, second);
      }
      if (!('plan' in included)) return [];
      return [{ plan: included.plan, scope: included.scope, prefix: included.as ?? included.plan }];
    });

  const matrixRow = (row: TriggerText, values: Values): MatrixRow => {
    const [flow, scope] = row.propose?.split(' ') ?? [];
    const ids = (names: readonly string[] | undefined) => (names ?? []).map((name) => `check-${name}`);
    const said = (row.when ?? []).map((name) => name.replaceAll('-', ' ')).join(' and ');
    return {
      title: row.title ?? (row.situation ? sentence(row.situation) : `Not: ${said}`),
      failing: ids(row.when),
      holding: ids(row.while),
      situation: row.situation ?? null,
      failsForSeconds: row['fails-for'] ?? 0,
      severity: row.severity ?? null,
      propose: flow && scope ? { flow, scope } : null,
      waitFor: ids(row['wait-for']),
      nothing: row.nothing === undefined ? null : String(fill(row.nothing, values)),
      refuse: row.refuse === undefined ? null : String(fill(row.refuse, values)),
    };
  };

  /** What a plan says nothing of is approved by those who approve a failover: the strictest that it knows. */
  const approvalsFor = (flow: string): ApprovalsText => {
    const found = own(text.approvals, flow) ?? text.approvals['failover'];
    if (found) return found;
    throw new MaydayError(
      'plan/invalid',
      `${text.plan} does not say who may approve "${flow}"; add approvals.${flow}`,
      { cause: { source: ['approvals'] } },
    );
  };

  /**
   * How grave the plan itself calls what a run does, or what it was derived from. Rules go by that alone: nobody chooses their approvers
   * by calling an incident mild.
   */
  const graveness = (flow: string, scope: string | undefined): string =>
    (scope === undefined
      ? undefined
      : (text.procedures[flow]?.[scope]?.severity ?? text.procedures['failover']?.[scope]?.severity)) ?? 'P1';

  const view: FlowPlan = {
    plan: text.plan,
    title: text.title,
    owner: text.owner,
    account: text.account,
    places: Object.keys(text.regions),
    prefer: text.prefer,
    objectives: { rtoSeconds: text.objectives.rto, rpoSeconds: text.objectives.rpo },
    directory: { people: text.people, groups: text.groups },
    incident,
    region(place) {
      const region = own(text.regions, place);
      if (!region) throw new Error(`no region is called "${place}".${didYouMean(place, Object.keys(text.regions))}`);
      return region;
    },
    component,
    components: Object.keys(plan.components),
    async roleOf(name, place, context) {
      const found = component(name);
      if (!found.places.includes(place)) return undefined;
      return registry.kinds.get(found.kind)?.role?.(found, place, view, context);
    },
    person,
    personKey: (wanted) =>
      Object.keys(text.people).find((name) => text.people[name]?.slack === wanted.slack) ?? wanted.name,
    file(path) {
      const content = plan.files[path];
      if (content === undefined) throw new Error(`the file "${path}" is not beside the plan`);
      return content;
    },
    scopes: (flow) =>
      flow === 'failback'
        ? // It has no text of its own: whatever can be moved can be brought home.
          Object.keys(text.procedures['failover'] ?? {}).filter(
            (scope) => view.hasScope(scope) && !view.isInPlace('failover', scope),
          )
        : Object.keys(text.procedures[flow] ?? {}),
    procedure: (flow, scope, values, phase) => stepsOfProcedure(tools, flow, scope, values, phase),
    hasProcedure: (flow, scope) => text.procedures[flow]?.[scope] !== undefined,
    unwindOf: (flow, scope) => text.procedures[flow]?.[scope]?.unwind ?? [],
    targetOf: (flow, scope) => text.procedures[flow]?.[scope]?.rto,
    targetsFor(flow, scope, severity) {
      const procedure = text.procedures[flow]?.[scope];
      const level = Object.values(text.levels).find((each) => each.severity === severity);
      return {
        rtoSeconds: procedure?.rto ?? level?.rto ?? text.objectives.rto,
        rpoSeconds: procedure?.rpo ?? level?.rpo ?? text.objectives.rpo,
      };
    },
    severityOf: (flow, scope) => text.procedures[flow]?.[scope]?.severity,
    isInPlace: (flow, scope) => flow === 'recover' || text.procedures[flow]?.[scope]?.['in-place'] === true,
    placesOf: (scope) =>
      Object.keys(text.regions).filter((place) =>
        view.componentsOf(scope).every((name) => component(name).places.includes(place)),
      ),
    stages: Object.entries(text.phases).map(([name, written]) => ({
      name,
      title: written.title ?? name.replaceAll('-', ' ').replace(/^./, (first) => first.toUpperCase()),
      targetSeconds: written.target,
    })),
    tiers: Object.entries(text.tiers).map(([name, { title, rto, rpo, components }]) => ({
      name,
      title,
      rtoSeconds: rto,
      rpoSeconds: rpo,
      components,
    })),
    checkSteps: (values) =>
      Object.keys(text.checks).flatMap((name) => {
        // A check of what does not stand in these places has nothing to say of them.
        try {
          return [
            {
              id: `check-${name}`,
              title: sentence(name),
              phase: 'decide' as const,
              uses: text.checks[name]!.uses,
              with: fill(text.checks[name]!.with ?? {}, values) as Record<string, unknown>,
              informative: true,
              source: ['checks', name],
            },
          ].filter(({ uses, with: written }) => {
            const check = registry.checks.get(uses);
            const parsed = check?.with.safeParse(written);
            if (parsed?.success) check!.resolve(parsed.data, view);
            return true;
          });
        } catch {
          return [];
        }
      }),
    matrix: (values) => text.triggers.map((row) => matrixRow(row, values)),
    failback: {
      weights: text.failback?.weights ?? [100],
      soakSeconds: text.failback?.soak ?? 0,
      healthy: text.failback?.healthy ?? [],
    },
    requirements: (names, values) => names.map((name) => ({ name, ...requirement(name, {}, values) })),
    resynchronise(name, places, stamp) {
      const found = component(name);
      return (
        registry.kinds.get(found.kind)?.resynchronise?.(found, places, view, stamp) ?? [
          {
            name: 'by-hand',
            title: `Make ${name} in ${places.to} follow ${places.from}`,
            uses: 'engine/manual',
            with: {},
            manual: `Mayday knows no call that makes ${name} (${found.kind}) in ${places.to} follow ${places.from} again. Do it by hand, and say here when ${places.to} has caught up.`,
          },
        ]
      );
    },
    resourcesOf(name, place) {
      const found = component(name);
      if (!found.places.includes(place)) return [];
      return registry.kinds.get(found.kind)?.resources(found, place, view) ?? [];
    },
    isShared: (name) => registry.kinds.get(component(name).kind)?.isShared === true,
    makesWriter: (uses) => registry.actions.get(uses)?.makesWriter === true,
    isOneWay(uses) {
      const action = registry.actions.get(uses);
      return action?.effect === 'change' && 'no' in action.reversible;
    },
    gradualKey: (uses) => registry.actions.get(uses)?.gradual,
    hasScope: (scope) => text.scopes[scope] !== undefined,
    componentsOf(scope) {
      const components = text.scopes[scope];
      if (!components)
        throw new MaydayError(
          'plan/invalid',
          `the scope "${scope}" does not say which components it covers; add it under "scopes"`,
          { cause: { source: ['scopes'] } },
        );
      return components;
    },
    triage: (values) =>
      text.triage.map((name) => ({
        id: `triage-${name}`,
        title: `Triage: ${name.replaceAll('-', ' ')}`,
        phase: 'decide',
        uses: text.checks[name]!.uses,
        with: fill(text.checks[name]!.with ?? {}, values) as Record<string, unknown>,
        informative: true,
        source: ['checks', name],
      })),
    approvalRule(flow, at, asked = {}) {
      const { rules, expiresSeconds } = approvalsFor(flow);
      return resolveRule(
        ruleInForce(rules, at, { ...asked, severity: graveness(flow, asked.scope) })!,
        expiresSeconds,
        group,
      );
    },
    gravenessOf: (flow, scope) => graveness(flow, scope),
    approvalRules(flow) {
      const { rules, expiresSeconds } = approvalsFor(flow);
      return rules.map((rule) => resolveRule(rule, expiresSeconds, group));
    },
    claimsOf: (flow, scope) => [
      ...view.componentsOf(scope),
      ...nestedScopes(flow, scope).flatMap((inner) =>
        nestedView(inner.plan)
          .claimsOf(flow, inner.scope)
          .map((name) => (name.includes('/') ? name : `${inner.plan}/${name}`)),
      ),
    ],
    lossOf: (flow, scope, values) => [
      ...view.componentsOf(scope).flatMap((name) => lossOfComponent(name, values) ?? []),
      ...nestedScopes(flow, scope).flatMap(({ plan: name, scope: inner, prefix }) =>
        nestedView(name)
          .lossOf(flow, inner, values)
          .map((loss) => ({ ...loss, plan: loss.plan ?? name, component: `${prefix}-${loss.component}` })),
      ),
    ],
    fences: (flow, scope, values) => [
      ...nestedScopes(flow, scope).flatMap(({ plan: name, scope: inner, prefix }) =>
        nestedView(name)
          .fences(flow, inner, values)
          .map((fence) => ({ ...fence, plan: fence.plan ?? name, component: `${prefix}-${fence.component}` })),
      ),
      ...view.componentsOf(scope).flatMap((name) => {
        const found = component(name);
        const written = (found.settings as { fence?: { 'when-unreachable'?: string } }).fence;
        const [fence] = view.fencesOf(name, values['from'] ?? '');
        if (!written || !fence) return [];
        const acceptUpTo = /^accept-up-to (.+)$/.exec(written['when-unreachable'] ?? '')?.[1];
        const loss = lossOfComponent(name, values);
        const whenUnreachable: WhenUnreachable =
          acceptUpTo && loss
            ? { rule: 'accept-up-to', seconds: parseDuration(acceptUpTo)!, loss, probe: probeStepId(name) }
            : { rule: 'ask' };
        return [{ ...fence, whenUnreachable }];
      }),
    ],
    fencesOf(name, place) {
      const found = component(name);
      const fence = registry.kinds.get(found.kind)?.fence;
      if (!fence || found.settings['fence'] === undefined || !found.places.includes(place)) return [];
      return [{ component: name, ...fence(found, place, view) }];
    },
    writers: (place) =>
      Object.values(plan.components).flatMap((found) =>
        (found.places.includes(place) ? (registry.kinds.get(found.kind)?.stop?.(found, place, view) ?? []) : []).map(
          (stop) => ({
            component: found.name,
            ...stop,
          }),
        ),
      ),
    stakeholders: Object.entries(text.stakeholders).map(([name, written]) => ({
      name,
      title: written.title,
      personKey: written.person,
      person: person(written.person),
      by: written.by,
      withinSeconds: written.within,
      ...(written.for && { severities: written.for }),
    })),
    responders: [
      ...Object.values(text.approvals).flatMap(({ rules }) =>
        rules.flatMap(({ rule }) =>
          approversInRule(rule).flatMap((name) => [...group(name).people, ...group(name).offline]),
        ),
      ),
      ...Object.values(text.stakeholders).flatMap((written) =>
        written.by.includes('slack') ? [person(written.person)] : [],
      ),
    ],
    announce: {
      channels: text.announce.channels.map((each) => ({
        name: each.channel,
        ...(each.for && { severities: each.for }),
      })),
      pagerduty: text.announce.pagerduty && {
        service: text.announce.pagerduty.service,
        escalationPolicy: text.announce.pagerduty['escalation-policy'],
      },
      statusPage: text.announce['status-page'],
      mail: text.announce.mail && {
        from: text.announce.mail.from,
        leadership: text.announce.mail.leadership,
        leadershipSeverities: text.announce.mail.for,
      },
    },
  };
  return view;
};
