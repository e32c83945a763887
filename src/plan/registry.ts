import type { Action, Check, ComponentKind, System } from '../define.ts';

/** Everything that plans and flows may name. */
export interface Registry {
  actions: ReadonlyMap<string, Action>;
  checks: ReadonlyMap<string, Check>;
  kinds: ReadonlyMap<string, ComponentKind>;
}

/** Throws when two systems claim one name: which of them a plan means must never depend on an order. */
export const createRegistry = (systems: readonly System[]): Registry => {
  const index = <T extends { name: string }>(what: string, items: T[]): Map<string, T> => {
    const map = new Map<string, T>();
    for (const item of items) {
      if (map.has(item.name)) throw new Error(`Two ${what} are called ${item.name}.`);
      map.set(item.name, item);
    }
    return map;
  };
  return {
    actions: index(
      'actions',
      systems.flatMap((system) => system.actions),
    ),
    checks: index(
      'checks',
      systems.flatMap((system) => system.checks),
    ),
    kinds: index(
      'kinds',
      systems.flatMap((system) => system.kinds),
    ),
  };
};
