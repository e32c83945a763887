import { whoIsPinned, whyNobodyCan } from '../authority/who-may.ts';
import type { ApprovalRule } from '../define.ts';
import { missingSlots } from '../engine/approvals.ts';
import { faultAt } from '../plan/faults.ts';
import type { Plan } from '../plan/plan.ts';
import type { Registry } from '../plan/registry.ts';
import type { RuleText } from '../plan/schema.ts';
import type { PlanFault } from '../plan/source.ts';
import { viewPlan } from '../plan/view.ts';

/** Rules that nobody could ever meet, as far as the plan itself tells; who is in a live group only `doctor` can ask. */
export const approvalFaults = (plan: Plan, registry: Registry): PlanFault[] => {
  const view = viewPlan(plan, registry);
  return Object.entries(plan.text.approvals).flatMap(([flow, { rules }]) => [
    ...withoutSeverity(plan, flow, rules),
    ...view.approvalRules(flow).flatMap((rule, i) => {
      const nobody = whyNobodyCan(rule, rule.slots.map(whoIsPinned)) ?? whyNoProof(rule, plan);
      return nobody === null
        ? []
        : [faultAt(plan.source, ['approvals', flow, ...rules[i]!.path], `nobody could approve this: ${nobody}`)];
    }),
  ]);
};

/** A rule for severities goes by what the plan calls a procedure, so each must say it. */
const withoutSeverity = (plan: Plan, flow: string, rules: readonly RuleText[]): PlanFault[] => {
  if (!rules.some(({ rule }) => rule.for)) return [];
  return Object.entries(plan.text.procedures[flow] ?? {}).flatMap(([scope, { severity }]) =>
    severity
      ? []
      : [
          faultAt(
            plan.source,
            ['procedures', flow, scope],
            `approvals.${flow} has rules for severities ("for"), which go by the procedure's own; say its severity here`,
          ),
        ],
  );
};

/** Where only a mailed link is taken as a second proof, it must be possible to mail one. */
const whyNoProof = ({ stepUp, slots }: ApprovalRule, { text }: Plan): string | null => {
  if (!stepUp || stepUp.includes('totp')) return null;
  if (!text.announce.mail)
    return 'a link is mailed before what cannot be taken back, and announce.mail does not say in whose name';
  const known = slots.flatMap(({ people, live }) => (live ? Object.values(text.people) : people));
  return known.some(({ email }) => email)
    ? null
    : 'a link is mailed before what cannot be taken back, and none of those who may has an e-mail address';
};

/** Rules by which one person may ask for a run and be the only one to approve it: allowed, and worth a look. */
export const aloneRules = (plan: Plan, registry: Registry): string[] =>
  Object.keys(plan.text.approvals).flatMap((flow) =>
    viewPlan(plan, registry)
      .approvalRules(flow)
      .flatMap((rule) =>
        rule.requesterCounts && missingSlots(rule, [{ slots: [...rule.slots.keys()] }]).length === 0
          ? [`${flow}, ${rule.name} (types ${rule.typedWord})`]
          : [],
      ),
  );
