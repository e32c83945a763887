import { statSync } from 'node:fs';
import { join } from 'node:path';
import { MaydayError } from '../errors.ts';
import { didYouMean } from './nearest.ts';
import { type Plan, readPlan, readPlans } from './plan.ts';
import type { Registry } from './registry.ts';

/** The plans of a folder, read at the start and again when a file has changed. */
export interface PlanStore {
  all(): ReadonlyMap<string, Plan>;
  /** As the file says it now. Throws `plan/unknown` with the nearest name, `plan/invalid` when an edit has broken it. */
  find(name: string): Plan;
}

export const createPlanStore = (folder: string, registry: Registry): PlanStore => {
  const plans = readPlans(folder, registry);
  if (plans.size === 0)
    throw new MaydayError(
      'plan/invalid',
      `There is no plan in ${folder}; it holds one YAML file per protected system.`,
    );
  const readAt = new Map([...plans.keys()].map((name) => [name, changedAt(folder, name)]));
  return {
    all: () => plans,
    find(name) {
      const plan = plans.get(name);
      if (!plan)
        throw new MaydayError(
          'plan/unknown',
          `There is no plan "${name}".${didYouMean(name, [...plans.keys()])} Nothing was started.`,
        );
      const changed = changedAt(folder, name);
      if (changed === readAt.get(name) && Object.keys(plan.files).length === 0) return plan;
      const fresh = readPlan(join(folder, `${name}.yml`), registry);
      plans.set(name, fresh);
      readAt.set(name, changed);
      return fresh;
    },
  };
};

const changedAt = (folder: string, name: string): number => {
  try {
    return statSync(join(folder, `${name}.yml`)).mtimeMs;
  } catch {
    return 0;
  }
};
