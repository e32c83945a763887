import { createComponentDescribe } from './component-describe.ts';
import type { Environment, Settings } from './config.ts';
import type { Log, System, SystemTools } from './define.ts';
import { createDialler } from './dialler.ts';
import { MaydayError } from './errors.ts';
import { guarded } from './guarded-systems.ts';
import { hideValue } from './known-secrets.ts';
import { createPlanStore, type PlanStore } from './plan/plan-store.ts';
import { createRegistry, type Registry } from './plan/registry.ts';
import { readSecretFile } from './secret-files.ts';
import { escapeSlack } from './systems/slack/index.ts';
import { createSystems } from './systems.ts';

/** Templates whose text Slack would read as formatting. */
export const templateEscapes = { 'slack/': escapeSlack };

/** The plan language with everything that it may name; connects to nothing. */
export const loadPlans = (
  settings: Settings,
  tools: SystemTools,
): { systems: ReturnType<typeof createSystems>; registry: Registry; plans: PlanStore } => {
  const systems = createSystems(settings, tools);
  let plans: PlanStore | undefined;
  let registry: Registry | undefined;
  const describe: System = createComponentDescribe(
    () => plans!,
    () => registry!,
  );
  registry = createRegistry([...systems.all, describe].map(guarded));
  plans = createPlanStore(settings.MAYDAY_PLANS, registry);
  return { systems, registry, plans };
};

export const createTools = (
  settings: Settings,
  environment: Environment,
  clock: SystemTools['clock'],
  log: Log,
): SystemTools => ({
  dialler: createDialler({
    hosts: settings.MAYDAY_HOSTS,
    authorityFile: settings.MAYDAY_CA,
    dnsServers: settings.MAYDAY_DNS_SERVERS,
  }),
  clock,
  log,
  secret({ env }, purpose) {
    const file = environment[`${env}_FILE`];
    const value = environment[env] || (file && readSecretFile(file));
    if (!value) throw new MaydayError('config/missing', `${env} is missing: ${purpose}.`);
    hideValue(env, value);
    return value;
  },
});
