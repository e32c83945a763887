import { writeFileSync } from 'node:fs';
import { createDirectory } from '../authority/directory.ts';
import { hasTokens, offlineSettings, readSettings } from '../config.ts';
import { createLog } from '../logging.ts';
import { readPlan } from '../plan/plan.ts';
import { viewPlan } from '../plan/view.ts';
import { createTools, loadPlans } from '../plan-language.ts';
import { diffPlans } from '../plan-tools/diff.ts';
import { jsonSchemaOf } from '../plan-tools/json-schema.ts';
import { permissionsOf, permissionsText } from '../plan-tools/permissions.ts';
import { previewPlan, previewText, shellRunbook } from '../plan-tools/preview.ts';
import { graphOf, usualVariant } from '../plan-tools/variants.ts';
import { whoMayApprove } from '../plan-tools/who-may-approve.ts';
import { createWatch } from '../watch/watch.ts';
import { openOffline } from './offline.ts';
import { withJournal } from './open.ts';
import { print, printJson } from './print.ts';

/** The least rights that a plan needs: policies as JSON, roles as YAML. Needs no network. */
export const permissions = async (
  name: string,
  flow: string | undefined,
  scope: string | undefined,
  options: { json: boolean },
): Promise<void> => {
  const offline = openOffline();
  const only = flow === undefined ? undefined : { flow, ...(scope !== undefined && { scope }) };
  const found = permissionsOf(offline.plan(name), offline.registry, only);
  if (options.json) return printJson(found);
  print(...permissionsText(found));
};

/** What a run would do to the world as it is now. With `--shell` a script to go through by hand, for which nothing is asked. */
export const preview = async (
  name: string,
  flow: string,
  scope: string | undefined,
  options: { json: boolean; shell: boolean; to?: string },
): Promise<void> => {
  if (options.shell) {
    const { plan, registry } = openOffline();
    const found = plan(name);
    const variant = usualVariant(viewPlan(found, registry), flow, scope, options.to);
    return print(...shellRunbook(graphOf(found, registry, { ...variant, at: new Date() }), registry));
  }
  await withJournal(process.env, async ({ database, clock, environment }) => {
    const settings = offlineSettings(environment, 'connected');
    const log = createLog('error');
    const { systems, registry, plans } = loadPlans(settings, createTools(settings, environment, clock, log));
    try {
      const plan = plans.find(name);
      const variant = usualVariant(viewPlan(plan, registry), flow, scope, options.to);
      const graph = graphOf(plan, registry, { ...variant, at: clock.now() });
      const watch = createWatch({ pool: database.pool, clock, log, registry, plans: () => plans.all() });
      const readLoss = watch.readLoss.bind(watch);
      const seen = await previewPlan(graph, { registry, clock, log, readLoss });
      if (options.json)
        return printJson({ ...seen, plan: graph.plan, flow, scope: graph.scope, from: graph.from, to: graph.to });
      print(...previewText(graph, seen, registry));
    } finally {
      await Promise.allSettled(systems.all.map((system) => system.close()));
    }
  });
};

/** Who could approve a run, now or at another time; asks PagerDuty and Slack when they are connected. */
export const who = async (
  name: string,
  flow: string,
  scope: string | undefined,
  options: { at?: string },
): Promise<void> => {
  const words = [flow, ...(scope ? [scope] : [])];
  if (options.at) words.push('at', options.at);
  await withJournal(process.env, async ({ clock, environment }) => {
    const isConnected = hasTokens(environment);
    const settings = isConnected ? readSettings(environment) : offlineSettings(environment);
    const { systems, registry, plans } = loadPlans(
      settings,
      createTools(settings, environment, clock, createLog('error')),
    );
    try {
      const directory = isConnected ? createDirectory(systems) : undefined;
      print(...(await whoMayApprove(plans.find(name), words, { registry, clock, directory })));
    } finally {
      await Promise.allSettled(systems.all.map((system) => system.close()));
    }
  });
};

/** What an edit changes in the graphs of a plan. */
export const diff = async (before: string, after: string): Promise<void> => {
  const { registry } = openOffline();
  print(...diffPlans(readPlan(before, registry), readPlan(after, registry), registry));
};

/** The JSON Schema of the plan language, by which editors complete and check. */
export const schema = async (options: { out: string }): Promise<void> => {
  const { registry } = openOffline();
  const text = `${JSON.stringify(jsonSchemaOf(registry), null, 2)}\n`;
  if (options.out === '-') process.stdout.write(text);
  else writeFileSync(options.out, text);
};
