import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { folderOf } from '../../src/cli/demo/plan-folder.ts';

/**
 * A folder with the plans of one world, and those that they include, and no others: a bot that is given more would ask
 * for what no world here has.
 */
export const plansFor = (
  folder: string | undefined,
  plan: string | readonly string[] | undefined,
): { plans: string; names: string[] } => {
  const from = resolve(folder ?? 'plans');
  const names = [plan ?? 'omnimesh'].flat();
  const included = names.flatMap((name) =>
    [...readFileSync(join(from, `${name}.yml`), 'utf8').matchAll(/\{ ?plan: ([a-z0-9-]+)/g)].map(([, other]) => other!),
  );
  const all = [...new Set([...names, ...included])];
  return { plans: folderOf(join(from, `${names[0]}.yml`), all), names: all };
};
