import type { FlowPlan, Json } from '../define.ts';
import { sayTogether } from '../plan/authority.ts';
import { sayDuration } from '../plan/duration.ts';
import type { Graph, Requirement, Step } from '../plan/graph.ts';
import type { Plan } from '../plan/plan.ts';
import { substitute } from '../plan/references.ts';
import type { Registry } from '../plan/registry.ts';
import type { IncludeText } from '../plan/schema.ts';
import { viewPlan } from '../plan/view.ts';
import { graphOf, usualVariant } from './variants.ts';

/** A plan with every name resolved as the bot would resolve it; what `plan show --json` prints. */
export const planDetails = (plan: Plan, registry: Registry) => {
  const { text } = plan;
  const view = viewPlan(plan, registry);
  return {
    plan: text.plan,
    title: text.title,
    owner: text.owner,
    account: text.account ?? null,
    digest: plan.digest,
    objectives: view.objectives,
    people: Object.entries(text.people).map(([key, person]) => ({ ...person, key, name: person.name ?? key })),
    regions: Object.entries(text.regions).map(([name, region]) => ({
      name,
      ...region,
      preferred: text.prefer.indexOf(name) + 1,
    })),
    components: Object.values(plan.components).map((component) => {
      const kind = registry.kinds.get(component.kind)!;
      return {
        name: component.name,
        kind: component.kind,
        summary: kind.summary,
        resources: Object.fromEntries(view.places.map((place) => [place, kind.resources(component, place, view)])),
      };
    }),
    approvals: approvalsInWords(plan),
    procedures: procedures(plan, registry),
  };
};

export type PlanDetails = ReturnType<typeof planDetails>;
export type ProcedureDetails = PlanDetails['procedures'][number];

const approvalsInWords = (plan: Plan): string[] => {
  const { text } = plan;
  const who = (name: string): string => {
    const person = (key: string) => text.people[key]?.name ?? key;
    const group = text.groups[name];
    if (!group) return person(name);
    const offline = group.offline?.length
      ? `; while that cannot be asked: ${group.offline.map(person).join(', ')}`
      : '';
    if (group['pagerduty-schedule'])
      return `${name} (who is on call for the PagerDuty schedule ${group['pagerduty-schedule']}${offline})`;
    if (group['pagerduty-policy'])
      return `${name} (who is on call at ${group.level === undefined ? 'any level' : `level ${group.level}`} of the PagerDuty escalation policy ${group['pagerduty-policy']}${offline})`;
    if (group['slack-group']) return `${name} (members of the Slack group ${group['slack-group']}${offline})`;
    return `${name} (${group.people!.map(person).join(', ')})`;
  };
  return Object.entries(text.approvals).flatMap(([flow, { rules, expiresSeconds }]) =>
    rules.map(({ when, rule }) => {
      const tell = Object.entries(rule.tell ?? {});
      return [
        `${flow}, ${[when, ...(rule.for ?? []), ...(rule.scope ?? [])].join(', ')}: ${sayTogether(rule, who)}`,
        rule.requester === 'counts' ? 'who asked may approve too' : 'who asked does not count',
        ...(rule.type ? [`each types ${rule.type}`] : []),
        ...(rule['step-up']
          ? [`each proves who they are by ${rule['step-up'].join(' or ')} before a one-way step`]
          : []),
        ...tell.map(([name, seconds]) => `${name} told within ${sayDuration(seconds)}`),
        `the question stands for ${sayDuration(expiresSeconds)}`,
      ].join('; ');
    }),
  );
};

/** Every procedure of the plan, with its steps as the flow that runs them would freeze them. */
const procedures = (plan: Plan, registry: Registry) => {
  const { text } = plan;
  const view = viewPlan(plan, registry);
  const graphs = ['failover', 'switchover', 'recover', 'restore'].flatMap((flow) =>
    view.scopes(flow).map((scope) => graphOf(plan, registry, usualVariant(view, flow, scope))),
  );
  return Object.entries(text.procedures).flatMap(([flow, scopes]) =>
    Object.entries(scopes).map(([scope, procedure]) => {
      const steps = stepIds(view, flow, scope);
      const graph = graphs.find((one) => one.flow === flow && one.scope === scope) ?? holding(graphs, steps, scope);
      return {
        flow,
        scope,
        rtoSeconds: procedure.rto ?? null,
        from: graph?.from ?? null,
        to: graph?.to ?? null,
        includes: (procedure.include ?? []).map(sayInclude),
        steps: steps.flatMap(({ id, includedFrom }) => {
          const step = graph?.steps.find((candidate) => candidate.id === id);
          return step
            ? [{ ...stepDetails(step, registry), includedFrom, addedNeeds: procedure.needs?.[id] ?? [] }]
            : [];
        }),
      };
    }),
  );
};

/** A part such as `verify` has no graph of its own: the one of the flow that uses it. */
const holding = (graphs: Graph[], steps: { id: string }[], scope: string): Graph | undefined => {
  const all = graphs.filter((graph) => steps.every(({ id }) => graph.steps.some((step) => step.id === id)));
  return all.find((graph) => graph.scope === scope) ?? all[0];
};

/** The steps of a procedure, and where each comes from: null for its own. */
const stepIds = (view: FlowPlan, flow: string, scope: string): { id: string; includedFrom: string | null }[] => {
  const [home = '', away = home] = view.prefer;
  const at = new Date().toISOString();
  const values = { from: home, to: away, at: home, time: at, 'requested-at': at, stamp: 'sample', standby: away };
  return view.procedure(flow, scope, values, 'execute').map(({ id, source, block, plan }) => {
    if (plan !== undefined) return { id, includedFrom: `plan ${plan}` };
    if (block !== undefined) return { id, includedFrom: `block ${block.name}` };
    const [, ofFlow, ofScope] = source as [string, string, string];
    const isOwn = ofFlow === flow && ofScope === scope;
    return { id, includedFrom: isOwn ? null : ofFlow === flow ? ofScope : `${ofFlow}/${ofScope}` };
  });
};

const sayInclude = (include: IncludeText): string =>
  typeof include === 'string'
    ? include
    : 'block' in include
      ? `block ${include.block}`
      : `${include.scope} of plan ${include.plan}`;

const stepDetails = (step: Step, registry: Registry) => ({
  id: step.id,
  title: step.title,
  uses: step.uses,
  effect: step.effect,
  changes: step.changes,
  resources: step.resources,
  // That an approval comes before each of them is said once, under approvals.
  needs: step.needs.filter((need) => need !== 'approve'),
  requires: step.require.map(sayRequirement),
  expectedSeconds: step.expectedSeconds,
  withinSeconds: step.withinSeconds,
  timeoutSeconds: step.timeoutSeconds,
  command: commandOf(step, registry),
});

/** The step as one `aws`, `kubectl` or `curl` line; what another step will have found out stands as `<endpoint of promote>`. */
export const commandOf = (
  step: Step,
  registry: Registry,
  /** What a step has found out by now. */
  known: (step: string, output: string) => Json | undefined = () => undefined,
): string => {
  const used = registry.actions.get(step.uses) ?? registry.checks.get(step.uses);
  const input: Json = substitute(
    step.input,
    ({ $step, $output }) => known($step, $output) ?? `<${$output} of ${$step}>`,
  );
  return used?.command(input) ?? '';
};

const sayRequirement = ({ uses, input }: Requirement): string => {
  const { limitSeconds, component } = input as { limitSeconds?: number; component?: string };
  return limitSeconds === undefined ? uses : `less than ${sayDuration(limitSeconds)} of ${component} would be lost`;
};
