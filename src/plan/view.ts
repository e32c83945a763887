import type {
  ApprovalRule,
  ComponentView,
  FlowPlan,
  GroupView,
  LossInput,
  PersonView,
  Phase,
  RequirementDraft,
  StepDraft,
  WhenUnreachable,
} from '../define.ts';
import { probeStepId } from '../define.ts';
import { MaydayError } from '../errors.ts';
import { parseDuration } from './duration.ts';
import { hoursHold, parseHours } from './hours.ts';
import { didYouMean } from './nearest.ts';
import type { Plan } from './plan.ts';
import { fill } from './references.ts';
import type { Registry } from './registry.ts';
import type { ProcedureText } from './schema.ts';

/** What a plan says under a name; never what every object has under it, such as `constructor`. */
const own = <T>(record: Record<string, T>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

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
    const schedule = found['pagerduty-schedule'];
    const slackGroup = found['slack-group'];
    return {
      name,
      people: (found.people ?? []).map(person),
      live: schedule ? { pagerdutySchedule: schedule } : slackGroup ? { slackGroup } : null,
      offline: (found.offline ?? []).map(person),
    };
  };

  const requirement = (
    written: string,
    step: { with?: Record<string, unknown> },
    values: Record<string, string>,
  ): RequirementDraft => {
    const loss = /^loss-below (.+)$/.exec(written);
    if (loss) {
      const limitSeconds = parseDuration(loss[1] as string);
      if (limitSeconds === undefined) throw new Error(`"${loss[1]}" is no duration; expected loss-below 1h`);
      const name = step.with?.['component'];
      const input = typeof name === 'string' ? lossOfComponent(name, values) : undefined;
      if (!input)
        throw new Error('loss-below needs a step with a component that says under "loss" which checks tell its loss');
      return { uses: 'engine/loss-below', with: { ...input, limitSeconds } };
    }
    const check = own(text.checks, written);
    if (!check)
      throw new Error(
        `no check is called "${written}".${didYouMean(written, [...Object.keys(text.checks), 'loss-below 1h'])}`,
      );
    return { uses: check.uses, with: fill(check.with ?? {}, values) as Record<string, unknown> };
  };

  const lossOfComponent = (name: string, values: Record<string, string>): LossInput | undefined => {
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
      from: values['from'] ?? '',
      to: values['to'] ?? '',
      aliveCheck: loss.alive,
      replayed: { uses: replayed!.uses, input: check.resolve(check.with.parse(written), view) },
      written,
    };
  };

  const draft = (flow: string, scope: string, id: string, values: Record<string, string>, phase: Phase): StepDraft => {
    const step = text.procedures[flow]![scope]!.steps![id]!;
    const source = ['procedures', flow, scope, 'steps', id];
    const under = <T>(key: string, read: () => T): T => {
      try {
        return read();
      } catch (error) {
        throw new MaydayError('plan/invalid', (error as Error).message, { cause: { source: [...source, key] } });
      }
    };
    const { unless } = step;
    const requires = step.require === undefined ? [] : [step.require].flat();
    return {
      id,
      title: step.title,
      phase,
      uses: step.uses,
      with: under('with', () => fill(step.with ?? {}, values) as Record<string, unknown>),
      needs: step.needs ?? [],
      after: step.after ?? [],
      when: step.when,
      require: under('require', () => requires.map((written) => requirement(written, step, values))),
      unless: unless === undefined ? undefined : under('unless', () => requirement(unless, step, values)),
      withinSeconds: step.within,
      timeoutSeconds: step.timeout,
      source,
    };
  };

  const stepsOf = (
    flow: string,
    scope: string,
    values: Record<string, string>,
    phase: Phase,
    seen: string[] = [],
  ): StepDraft[] => {
    const procedure: ProcedureText | undefined = text.procedures[flow]?.[scope];
    if (!procedure)
      throw new MaydayError(
        'plan/unknown',
        `${plan.text.plan} has no procedure "${flow}" for "${scope}".${didYouMean(scope, Object.keys(text.procedures[flow] ?? {}))}`,
      );
    if (seen.includes(scope))
      throw new MaydayError('plan/invalid', `the procedure includes itself: ${[...seen, scope].join(' → ')}`, {
        cause: { source: ['procedures', flow, scope, 'include'] },
      });
    const steps = [
      ...(procedure.include ?? []).flatMap((included) => stepsOf(flow, included, values, phase, [...seen, scope])),
      ...Object.keys(procedure.steps ?? {}).map((id) => draft(flow, scope, id, values, phase)),
    ];
    for (const [id, needs] of Object.entries(procedure.needs ?? {})) {
      const step = steps.find((candidate) => candidate.id === id);
      if (!step)
        throw new MaydayError(
          'plan/invalid',
          `no step of this procedure is called "${id}".${didYouMean(
            id,
            steps.map((candidate) => candidate.id),
          )}`,
          {
            cause: { source: ['procedures', flow, scope, 'needs'] },
          },
        );
      step.needs = [...(step.needs ?? []), ...needs];
    }
    return steps;
  };

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
    scopes: (flow) => Object.keys(text.procedures[flow] ?? {}),
    procedure: (flow, scope, values, phase) => withoutOthers(stepsOf(flow, scope, values, phase), { ...values, scope }),
    hasProcedure: (flow, scope) => text.procedures[flow]?.[scope] !== undefined,
    unwindOf: (flow, scope) => text.procedures[flow]?.[scope]?.unwind ?? [],
    targetOf: (flow, scope) => text.procedures[flow]?.[scope]?.rto,
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
    approvalRule(flow, at): ApprovalRule {
      const approvals = text.approvals[flow];
      if (!approvals)
        throw new MaydayError(
          'plan/invalid',
          `${text.plan} does not say who may approve "${flow}"; add approvals.${flow}`,
          { cause: { source: ['approvals'] } },
        );
      const found =
        approvals.rules.find(({ when }) => {
          const hours = parseHours(when);
          return hours !== undefined && hoursHold(hours, at);
        }) ?? approvals.rules.find(({ when }) => when === 'otherwise' || when === 'always')!;
      return {
        name: found.when,
        slots: found.rule['all-of'].map(group),
        requesterCounts: found.rule.requester === 'counts',
        typedWord: found.rule.type ?? null,
        expiresSeconds: approvals.expiresSeconds,
        tell: Object.entries(found.rule.tell ?? {}).map(([name, withinSeconds]) => ({
          group: group(name),
          withinSeconds,
        })),
      };
    },
    lossOf: (scope, values) => view.componentsOf(scope).flatMap((name) => lossOfComponent(name, values) ?? []),
    fences: (scope, values) =>
      view.componentsOf(scope).flatMap((name) => {
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
    fencesOf(name, place) {
      const found = component(name);
      const fence = registry.kinds.get(found.kind)?.fence;
      if (!fence || found.settings['fence'] === undefined || found.at[place] === undefined) return [];
      return [{ component: name, ...fence(found, place, view) }];
    },
    writers: (place) =>
      Object.values(plan.components).flatMap((found) =>
        (registry.kinds.get(found.kind)?.stop?.(found, place, view) ?? []).map((stop) => ({
          component: found.name,
          ...stop,
        })),
      ),
    stakeholders: Object.entries(text.stakeholders).map(([name, written]) => ({
      name,
      title: written.title,
      personKey: written.person,
      person: person(written.person),
      by: written.by,
      withinSeconds: written.within,
    })),
    responders: [
      ...Object.values(text.approvals).flatMap(({ rules }) =>
        rules.flatMap(({ rule }) => rule['all-of'].flatMap((name) => [...group(name).people, ...group(name).offline])),
      ),
      ...Object.values(text.stakeholders).flatMap((written) =>
        written.by.includes('slack') ? [person(written.person)] : [],
      ),
    ],
    announce: {
      channels: text.announce.channels,
      pagerduty: text.announce.pagerduty && {
        service: text.announce.pagerduty.service,
        escalationPolicy: text.announce.pagerduty['escalation-policy'],
      },
      statusPage: text.announce['status-page'],
      mail: text.announce.mail,
    },
  };
  return view;
};

/**
 * Leaves out the steps whose `when` says otherwise, and the edges to them. What refers to their outputs is found when
 * the graph is frozen: a value that is not there cannot be left out.
 */
const withoutOthers = (steps: StepDraft[], values: Record<string, string | undefined>): StepDraft[] => {
  const holds = ({ when }: StepDraft) =>
    Object.entries(when ?? {}).every(([name, wanted]) => wanted === undefined || wanted.includes(values[name] ?? ''));
  const kept = steps.filter(holds);
  const dropped = new Set(steps.filter((step) => !holds(step)).map(({ id }) => id));
  if (dropped.size === 0) return kept;
  const without = (edges: string[] | undefined) => edges?.filter((id) => !dropped.has(id));
  return kept.map((step) => ({ ...step, needs: without(step.needs), after: without(step.after) }));
};
