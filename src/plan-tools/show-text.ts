import { sayDuration } from '../plan/duration.ts';
import type { Plan } from '../plan/plan.ts';
import type { Registry } from '../plan/registry.ts';
import { type PlanDetails, type ProcedureDetails, planDetails } from './plan-details.ts';

/** Who, what, where and how of a plan, in words; and for each step the line that a person could type instead. */
export const showText = (plan: Plan, registry: Registry): string[] => describe(planDetails(plan, registry));

const describe = (plan: PlanDetails): string[] => [
  `${plan.title} (${plan.plan}), kept by ${plan.owner}${plan.account ? `, AWS account ${plan.account}` : ''}`,
  `Objectives: back within ${sayDuration(plan.objectives.rtoSeconds)}, at most ${sayDuration(plan.objectives.rpoSeconds)} of data lost.`,
  '',
  'People',
  ...plan.people.map(
    ({ key, name, slack, pagerduty, email }) =>
      `  ${key}: ${name}${say('Slack', slack)}${say('PagerDuty', pagerduty)}${say('e-mail', email)}`,
  ),
  '',
  'Regions',
  ...plan.regions.map(
    ({ name, aws, kubernetes, preferred }) =>
      `  ${name}${preferred === 1 ? ' (home)' : ''}${say('AWS', aws)}${say('Kubernetes', kubernetes)}`,
  ),
  '',
  'Components',
  ...plan.components.flatMap(({ name, kind, summary, resources }) => [
    `  ${name}: ${kind}, ${summary}`,
    ...Object.entries(resources).map(([place, ids]) => `    ${place}: ${ids.join(', ') || '–'}`),
  ]),
  '',
  'Approvals',
  ...plan.approvals.map((line) => `  ${line}`),
  ...plan.procedures.flatMap((procedure) => ['', ...describeProcedure(procedure)]),
];

const describeProcedure = ({ flow, scope, rtoSeconds, from, to, includes, steps }: ProcedureDetails): string[] => {
  const places = from && to ? `, ${from} → ${to}` : to ? `, in ${to}` : '';
  const own = steps.filter(({ includedFrom }) => includedFrom === null);
  return [
    `${flow} of ${scope}${places}${rtoSeconds === null ? '' : `, within ${sayDuration(rtoSeconds)}`}`,
    ...(includes.length > 0 ? [`  all steps of ${includes.join(', ')}${own.length > 0 ? ', and:' : '.'}`] : []),
    ...steps
      .filter(({ includedFrom, addedNeeds }) => includedFrom !== null && addedNeeds.length > 0)
      .map(({ id, addedNeeds }) => `  ${id} waits for ${addedNeeds.join(', ')} as well.`),
    ...own.flatMap((step) => [
      `  ${step.id}: ${step.title}`,
      `    does    ${step.uses}${step.resources.length > 0 ? ` to ${step.resources.join(', ')}` : ''}`,
      ...(step.needs.length > 0 ? [`    after   ${step.needs.join(', ')}`] : []),
      ...(step.requires.length > 0 ? [`    only if ${step.requires.join(', ')}`] : []),
      `    time    normally ${sayDuration(step.expectedSeconds)}${step.withinSeconds === null ? '' : `, within ${sayDuration(step.withinSeconds)}`}, failed after ${sayDuration(step.timeoutSeconds)}`,
      `    same as ${step.command}`,
    ]),
  ];
};

const say = (what: string, value: string | undefined): string => (value === undefined ? '' : `, ${what} ${value}`);
