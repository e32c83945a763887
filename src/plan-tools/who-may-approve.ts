import type { Directory } from '../authority/directory.ts';
import { whoMay } from '../authority/who-may.ts';
import type { Clock } from '../define.ts';
import { MaydayError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { Registry } from '../plan/registry.ts';
import { viewPlan } from '../plan/view.ts';
import { usualVariant } from './variants.ts';

/**
 * Who could approve a run of a plan: `[flow] [scope] [at <time>]`. The time is ISO 8601; without a zone it is UTC.
 * Throws `input/invalid` for what is none of these.
 */
export const whoMayApprove = async (
  plan: Plan,
  words: readonly string[],
  { registry, clock, directory }: { registry: Registry; clock: Clock; directory?: Directory | undefined },
): Promise<string[]> => {
  const view = viewPlan(plan, registry);
  const rest = [...words];
  const at = rest.includes('at') ? momentOf(rest.splice(rest.indexOf('at')).slice(1).join('T')) : undefined;
  const [flow = 'failover', wanted] = rest;
  const { scope } = usualVariant(view, flow, wanted);
  const severity = view.gravenessOf(flow, scope);
  const rule = view.approvalRule(flow, at ?? clock.now(), { scope });
  const people = Object.keys(plan.text.people).map((name) => view.person(name));
  return whoMay({ title: view.title, flow, scope, severity, rule, people, directory, now: clock.now(), at });
};

const momentOf = (text: string): Date => {
  const hasZone = /(Z|[+-]\d{2}:?\d{2})$/i.test(text);
  const moment = new Date(hasZone ? text : `${text}${text.includes('T') ? '' : 'T00:00'}Z`);
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(moment.getTime()))
    throw new MaydayError(
      'input/invalid',
      `"${text}" is no time; expected one such as 2026-11-24T03:00Z, or 2026-11-24T03:00-05:00. Nothing was looked up.`,
    );
  return moment;
};
