import { z } from 'zod';
import { defineCheck, type System } from './define.ts';
import { messageOf } from './errors.ts';
import type { PlanStore } from './plan/plan-store.ts';
import type { Registry } from './plan/registry.ts';
import { viewPlan } from './plan/view.ts';

/**
 * `component/describe`: says how one component of a plan is in one place, whatever its kind. It stands here and not in
 * a system because it asks the kinds of all of them.
 */
export const createComponentDescribe = (plans: () => PlanStore, registry: () => Registry): System => ({
  name: 'component',
  actions: [],
  checks: [
    defineCheck({
      name: 'component/describe',
      version: 1,
      summary: 'Say how a component is in a place',
      with: z.strictObject({ component: z.string(), place: z.string() }),
      resolve: ({ component, place }, plan) => ({ plan: plan.plan, component: plan.component(component).name, place }),
      input: z.strictObject({ plan: z.string(), component: z.string(), place: z.string() }),
      facts: {},
      permissions: () => [],
      expectedSeconds: 5,
      async ask({ plan, component, place }, context) {
        const view = viewPlan(plans().find(plan), registry());
        const found = view.component(component);
        const kind = registry().kinds.get(found.kind);
        if (!kind?.describe) return { answer: 'unknown', because: `a ${found.kind} cannot say how it is` };
        const [line, role] = await Promise.all([
          kind.describe(found, place, view, context).catch((error) => `not known (${messageOf(error)})`),
          view.roleOf(component, place, context).catch(() => undefined),
        ]);
        const facts = role ? { role: role.role } : undefined;
        return {
          answer: line.includes('not known') ? 'unknown' : 'yes',
          because: role && role.role !== 'unknown' ? `${role.role}: ${line}` : line,
          facts,
        };
      },
      command: ({ plan }) => `mayday plan show ${plan}`,
    }),
  ],
  kinds: [],
  close: async () => {},
});
