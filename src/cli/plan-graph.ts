import { writeFileSync } from 'node:fs';
import { viewPlan } from '../plan/view.ts';
import { graphSvg } from '../plan-tools/graph-svg.ts';
import { graphText } from '../plan-tools/graph-text.ts';
import { layout } from '../plan-tools/layout.ts';
import { graphOf, usualVariant } from '../plan-tools/variants.ts';
import { openOffline } from './offline.ts';
import { print, printJson } from './print.ts';

/** The steps of a flow: as text, as JSON, or as a picture. */
export const graph = async (
  name: string,
  flow: string,
  scope: string | undefined,
  options: { json: boolean; svg?: string; to?: string },
): Promise<void> => {
  const { plan: find, registry } = openOffline();
  const plan = find(name);
  const frozen = graphOf(plan, registry, usualVariant(viewPlan(plan, registry), flow, scope, options.to));
  if (options.svg !== undefined) {
    const picture = graphSvg(frozen);
    if (options.svg === '-') return print(picture);
    writeFileSync(options.svg, picture);
    return print(`${options.svg}: the ${frozen.steps.length} steps as a picture; open it in a browser.`);
  }
  if (!options.json) return print(...graphText(frozen));
  const { layers, critical, seconds } = layout(frozen.steps);
  printJson({
    plan: frozen.plan,
    flow: frozen.flow,
    scope: frozen.scope,
    from: frozen.from,
    to: frozen.to,
    expectedSeconds: seconds,
    criticalPath: critical.map(({ id }) => id),
    layers: layers.map((layer) => layer.map(({ id }) => id)),
    steps: frozen.steps.map(({ id, title, phase, stage, uses, effect, needs, after, expectedSeconds }) => ({
      id,
      title,
      phase,
      stage,
      uses,
      effect,
      needs,
      after,
      expectedSeconds,
      critical: critical.some((step) => step.id === id),
    })),
  });
};
