import { planDetails } from '../plan-tools/plan-details.ts';
import { showText } from '../plan-tools/show-text.ts';
import { openOffline } from './offline.ts';
import { print, printJson } from './print.ts';

/** Who, what, where and how of a plan, in words; and for each step the line that a person could type instead. */
export const show = async (name: string, options: { json: boolean }): Promise<void> => {
  const offline = openOffline();
  const plan = offline.plan(name);
  if (options.json) return printJson(planDetails(plan, offline.registry));
  print(...showText(plan, offline.registry));
};
