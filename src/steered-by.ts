import type { ApprovalRule } from './define.ts';
import type { RunState } from './engine/state.ts';
import type { PlanStore } from './plan/plan-store.ts';
import type { Registry } from './plan/registry.ts';
import { viewPlan } from './plan/view.ts';

/**
 * Who may steer a run that asked nobody for approval: whoever may approve a failover of its plan at this hour, or the
 * first thing that the plan asks approval for. A run that changes nothing may be ended by anybody.
 */
export const steeredBy = (
  state: RunState,
  plans: PlanStore,
  registry: Registry,
  now: Date,
): ApprovalRule | undefined => {
  const { steps, plan: name, scope } = state.created.graph;
  if (!steps.some(({ effect }) => effect === 'change')) return undefined;
  const plan = plans.find(name);
  const flows = Object.keys(plan.text.approvals);
  const flow = flows.includes('failover') ? 'failover' : flows[0];
  return flow === undefined ? undefined : viewPlan(plan, registry).approvalRule(flow, now, { scope });
};
