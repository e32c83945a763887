import { messageOf } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { Registry } from '../plan/registry.ts';
import { sayFault } from '../plan/source.ts';
import { viewPlan } from '../plan/view.ts';
import { approvalFaults } from './approval-faults.ts';
import { graphOf, variantsOf } from './variants.ts';

/** What is found by building everything that a plan may be asked for; each fault once, with its place where it has one. */
export const faultsOfGraphs = (plan: Plan, registry: Registry): string[] => {
  const faults = new Set<string>();
  try {
    for (const variant of variantsOf(viewPlan(plan, registry)))
      try {
        graphOf(plan, registry, variant);
      } catch (error) {
        for (const line of messageOf(error).split('\n')) faults.add(line);
      }
    for (const fault of approvalFaults(plan, registry)) faults.add(sayFault(fault));
  } catch (error) {
    faults.add(messageOf(error));
  }
  return [...faults];
};
