import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import type { WorldPlan } from './world-plan.ts';

type Steps = NonNullable<WorldPlan['procedures'][string][string]['steps']>;

/** Whatever a block is given takes the place of its name, in texts as in whole values. */
const filled = (value: any, given: Record<string, any>): any => {
  if (typeof value === 'string') {
    const whole = /^\{\{\s*([\w.-]+)\s*\}\}$/.exec(value)?.[1];
    if (whole !== undefined && whole in given) return given[whole];
    return value.replaceAll(/\{\{\s*([\w.-]+)\s*\}\}/g, (braces, name) =>
      name in given ? String(given[name]) : braces,
    );
  }
  if (Array.isArray(value)) return value.map((member) => filled(member, given));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, filled(member, given)]));
};

/** One step for each entry of a component's setting, where a plan says so once for all. */
const eachOf = (steps: Steps, components: WorldPlan['components']): Steps =>
  Object.fromEntries(
    Object.entries(steps).flatMap(([id, step]: [string, any]) => {
      const [component = '', setting = ''] = String(step['for-each'] ?? '').split('.');
      const entries = components[component]?.[setting];
      if (step['for-each'] === undefined || typeof entries !== 'object') return [[id, step]];
      return Object.entries<any>(entries).map(([key, entry]) => {
        const members = Object.entries<any>(entry ?? {}).map(([name, value]) => [`each.${name}`, value]);
        return [`${id}-${key}`, filled(step, { each: key, ...Object.fromEntries(members) })];
      });
    }),
  );

/** Steps that stand in a block beside the plan, put where the plan includes it: the world must hold what they speak of. */
export const withBlocks = (
  path: string,
  procedures: WorldPlan['procedures'],
  components: WorldPlan['components'],
): WorldPlan['procedures'] =>
  Object.fromEntries(
    Object.entries(procedures).map(([flow, scopes]) => [
      flow,
      Object.fromEntries(
        Object.entries(scopes).map(([scope, procedure]) => {
          const steps: Steps = { ...procedure.steps };
          for (const include of (procedure as { include?: any[] }).include ?? []) {
            if (typeof include !== 'object' || include.block === undefined) continue;
            const file = join(dirname(path), 'blocks', `${include.block}.yml`);
            if (!existsSync(file)) continue;
            const block = parse(readFileSync(file, 'utf8'));
            for (const [id, step] of Object.entries<any>(block.steps))
              steps[include.as === undefined ? id : `${include.as}-${id}`] = filled(step, include.with ?? {});
          }
          return [scope, { ...procedure, steps: eachOf(steps, components) }];
        }),
      ),
    ]),
  );
