import type { WorldPlan } from './world-plan.ts';

export interface Mention {
  plan: WorldPlan;
  uses: string;
  with: Record<string, any>;
}

/** Every use of an action or check that a plan writes down, wherever it stands. */
export const mentionsOf = (plan: WorldPlan): Mention[] => [
  ...Object.values(plan.checks).map((check) => ({ plan, uses: check.uses, with: check.with ?? {} })),
  ...Object.values(plan.procedures).flatMap((scopes) =>
    Object.values(scopes).flatMap((procedure) =>
      Object.values(procedure.steps ?? {}).map((step) => ({ plan, uses: step.uses, with: step.with ?? {} })),
    ),
  ),
];
