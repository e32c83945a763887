import type { Directory } from '../authority/directory.ts';
import type { PlanTools } from '../define.ts';
import { MaydayError } from '../errors.ts';
import { didYouMean } from '../plan/nearest.ts';
import type { Plan } from '../plan/plan.ts';
import { viewPlan } from '../plan/view.ts';
import { graphText } from './graph-text.ts';
import { permissionsOf, permissionsText } from './permissions.ts';
import { type PreviewTools, previewPlan, previewText, shellRunbook } from './preview.ts';
import { showText } from './show-text.ts';
import { graphOf, usualVariant } from './variants.ts';
import { whoMayApprove } from './who-may-approve.ts';

export interface PlanToolsOptions extends PreviewTools {
  find(name: string): Plan;
  /** What keeps a plan from being run, as `mayday plan lint` says it. */
  lint(plan: Plan): string[];
  /** Who belongs to a group now; absent where nothing outside is connected. */
  directory?: Directory;
}

/** The tools that need nothing but a plan and, for a preview, a look at the world: for the chat and the command line. */
export const createPlanTools = (options: PlanToolsOptions): PlanTools => {
  const { registry } = options;
  const variantOf = (plan: Plan, words: string[]) => {
    const [flow = 'failover', scope, , to] = words;
    const place = words[2] === 'to' ? to : undefined;
    const variant = usualVariant(viewPlan(plan, registry), flow, scope, place);
    // Who may approve depends on the hour, and it is asked now.
    return { ...variant, at: options.clock.now() };
  };
  const tools: Record<string, (plan: Plan, words: string[]) => Promise<string[]> | string[]> = {
    lint(plan) {
      const faults = options.lint(plan);
      return faults.length === 0 ? [`${plan.text.plan} is good.`] : faults;
    },
    show: (plan) => showText(plan, registry),
    graph: (plan, words) => graphText(graphOf(plan, registry, variantOf(plan, words))),
    who: (plan, words) => whoMayApprove(plan, words, options),
    permissions: (plan, [flow, scope]) =>
      permissionsText(
        permissionsOf(plan, registry, flow === undefined ? undefined : { flow, ...(scope && { scope }) }),
      ),
    async preview(plan, words) {
      const shell = words.includes('--shell');
      const graph = graphOf(
        plan,
        registry,
        variantOf(
          plan,
          words.filter((word) => word !== '--shell'),
        ),
      );
      return shell ? shellRunbook(graph, registry) : previewText(graph, await previewPlan(graph, options), registry);
    },
  };
  return {
    names: () => Object.keys(tools),
    async run(tool, name, words) {
      const run = tools[tool];
      if (!run)
        throw new MaydayError('input/invalid', `There is no tool "${tool}".${didYouMean(tool, Object.keys(tools))}`);
      return (await run(options.find(name), words)).join('\n');
    },
  };
};
