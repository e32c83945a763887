import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { commands } from '../../commands/index.ts';
import { flows } from '../../flows/index.ts';
import { offlineSettings } from '../../src/config.ts';
import type { Command, Flow } from '../../src/define.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { viewPlan } from '../../src/plan/view.ts';
import { createTools, loadPlans } from '../../src/plan-language.ts';

/** One procedure of one plan, as somebody starts it in Slack. Derived, so that a new plan is tried by being there. */
export interface Scenario {
  /** `omnimesh/failover/region` */
  name: string;
  plan: string;
  plans: string;
  flow: string;
  command: string;
  text: string;
  /** Commands that must have gone well before, in the same world. */
  before: { command: string; text: string; flow: string }[];
  /** Everybody in the plan who is in Slack, whoever asks first. */
  people: string[];
}

const quiet = { info() {}, warn() {}, error() {} };

const load = (folder: string) => {
  const settings = offlineSettings({ MAYDAY_PLANS: folder });
  const clock = { speed: 1, now: () => new Date(), wall: () => new Date() };
  return loadPlans(settings, createTools(settings, {}, clock, quiet));
};

/** How an action of those plans may be repeated, by its own word. */
export const repeatOf = (folder: string): ((uses: string) => string) => {
  const { registry } = load(folder);
  return (uses) => registry.actions.get(uses)?.repeat ?? 'by-look';
};

/** Flows that Mayday starts by itself, so that nobody can type them here; said in the report. */
export const flowsWithoutCommand = (): string[] =>
  flows.filter((flow) => !flow.readOnly && !commands.some((command) => starts(command, flow))).map(({ name }) => name);

const starts = (command: Command, flow: Flow): boolean =>
  command.name === `/${flow.name}` || (command.name === '/incident' && command.usage.includes(flow.name));

/** Every flow that does something, for every plan of a folder and every scope of it. */
export const scenariosIn = (folder = 'plans'): Scenario[] => {
  const { plans, registry } = load(folder);
  const files = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));
  const found = files.flatMap((file) => {
    const name = file.replace(/\.ya?ml$/, '');
    const plan = [...plans.all().values()].find((each) => each.source.file.endsWith(join('/', file)));
    return plan ? flows.flatMap((flow) => scenariosOf(flow, name, plan, registry, resolve(folder))) : [];
  });
  if (found.length === 0) throw new Error(`There is no plan in ${folder}, so there is nothing to try.`);
  return found;
};

const scenariosOf = (
  flow: Flow,
  file: string,
  plan: Plan,
  registry: Parameters<typeof viewPlan>[1],
  plans: string,
): Scenario[] => {
  if (flow.readOnly) return [];
  const name = plan.text.plan;
  const people = Object.values(plan.text.people).flatMap(({ slack }) => (slack ? [slack] : []));
  // Who asks may not count as one who approves, so those named last in a plan do the asking.
  people.reverse();
  const shared = { plan: file, plans, flow: flow.name, people };
  const command = commands.find((each) => each.name === `/${flow.name}`);
  if (command)
    return viewPlan(plan, registry)
      .scopes(flow.name)
      .map((scope) => ({
        ...shared,
        name: `${file}/${flow.name}/${scope}`,
        command: command.name,
        text: `${name} ${scope}${/moment/.test(command.usage) ? ' 10m ago' : ''} a rehearsal`,
        before: [],
      }));
  const declare = { command: '/incident', text: `declare P2 ${name} a rehearsal`, flow: 'declare' };
  if (flow.name === 'declare') return [{ ...shared, ...declare, name: `${file}/declare`, before: [] }];
  if (commands.some((each) => starts(each, flow)))
    return [
      {
        ...shared,
        name: `${file}/${flow.name}`,
        command: '/incident',
        text: `${flow.name} a rehearsal`,
        before: [declare],
      },
    ];
  return [];
};
