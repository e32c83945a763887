import type { ChecklistDirectory, Clock, Log } from './define.ts';
import type { RunEvent } from './engine/events.ts';
import type { RunStore } from './engine/run-store.ts';
import type { RunState } from './engine/state.ts';
import { summarise } from './engine/summary.ts';
import { MaydayError, messageOf } from './errors.ts';
import { didYouMean } from './plan/nearest.ts';
import type { Plan } from './plan/plan.ts';
import type { PlanStore } from './plan/plan-store.ts';
import type { Registry } from './plan/registry.ts';
import { viewPlan } from './plan/view.ts';

type Item = Plan['text']['checklists'][string]['items'][number];

/** `done`, `open`, or a question that cannot be answered now; with what says so. */
interface Tick {
  mark: '☑' | '☐' | '?';
  because: string;
}

export interface ChecklistOptions {
  store: RunStore;
  plans: PlanStore;
  registry: Registry;
  clock: Clock;
  log: Log;
}

/**
 * The plan's checklists for one run, ticked from facts: what its steps have done, what checks say now, what its record
 * holds. Only where no fact exists a person ticks, by name and in the journal.
 */
export const createChecklists = ({ store, plans, registry, clock, log }: ChecklistOptions): ChecklistDirectory => {
  const tickOfChecks = async (names: readonly string[], state: RunState, plan: Plan): Promise<Tick> => {
    const { from, to } = state.created.graph;
    const view = viewPlan(plan, registry);
    const values = { from: from ?? view.prefer[0] ?? '', to: to ?? view.prefer[0] ?? '' };
    const answers = await Promise.all(
      view.requirements(names, values).map(async ({ uses, with: written }, i) => {
        const check = registry.checks.get(uses)!;
        const answer = await check
          .ask(check.resolve(check.with.parse(written), view), { clock, log, signal: AbortSignal.timeout(10_000) })
          .catch((error: unknown) => ({ answer: 'unknown' as const, because: messageOf(error) }));
        return { ...answer, name: names[i]!.replaceAll('-', ' ') };
      }),
    );
    const open = answers.filter(({ answer }) => answer !== 'yes');
    if (open.length === 0) return { mark: '☑', because: answers.map(({ because }) => because).join('; ') };
    const mark = open.some(({ answer }) => answer === 'no') ? '☐' : '?';
    return { mark, because: open.map(({ name, because }) => `${name}: ${because}`).join('; ') };
  };

  const tickOf = async (item: Item, key: string, state: RunState, plan: Plan): Promise<Tick> => {
    if (item.by !== undefined) {
      const ticked = state.ticks[key];
      return ticked
        ? { mark: '☑', because: `${ticked.name}, ${ticked.at.slice(0, 16).replace('T', ' ')}` }
        : { mark: '☐', because: `for ${item.by} to tick` };
    }
    if (item.steps) return tickOfSteps(item.steps, state);
    if (item.checks) return tickOfChecks(item.checks, state, plan);
    return tickOfFact(item.fact!, state);
  };

  return {
    async show(runId) {
      const state = await (await store.open(runId)).refresh();
      const plan = plans.find(state.created.graph.plan);
      const lists = Object.entries(plan.text.checklists);
      if (lists.length === 0) return `The plan ${plan.text.plan} has no checklists.`;
      const lines: string[] = [];
      for (const [name, { title, items }] of lists) {
        const ticks = await Promise.all(items.map((item, i) => tickOf(item, `${name}/${i + 1}`, state, plan)));
        lines.push(`*${title}* (${ticks.filter(({ mark }) => mark === '☑').length} of ${items.length})`);
        for (const [i, { mark, because }] of ticks.entries())
          lines.push(`${mark} ${i + 1}. ${items[i]!.item}: ${because}`);
      }
      return lines.join('\n');
    },
    async tick(runId, list, number, by) {
      const handle = await store.open(runId);
      const { plan: name } = (await handle.refresh()).created.graph;
      const { checklists } = plans.find(name).text;
      const found = Object.hasOwn(checklists, list) ? checklists[list] : undefined;
      if (!found)
        throw new MaydayError(
          'input/invalid',
          `${name} has no checklist "${list}".${didYouMean(list, Object.keys(checklists))} Nothing was ticked.`,
        );
      const item = found.items[number - 1];
      if (!item)
        throw new MaydayError(
          'input/invalid',
          `"${list}" has ${found.items.length} items; say one of 1 to ${found.items.length}. Nothing was ticked.`,
        );
      if (item.by === undefined)
        throw new MaydayError(
          'run/wrong-state',
          `"${item.item}" is ticked by facts and not by hand. Nothing was ticked.`,
        );
      const event: RunEvent = { type: 'checklist.ticked', data: { item: `${list}/${number}`, ...by } };
      await handle.commit((now) => (now.ticks[event.data.item] ? [] : [event]), { actor: `slack:${by.person}` });
      return `Ticked: ${item.item}.`;
    },
  };
};

const tickOfSteps = (ids: readonly string[], state: RunState): Tick => {
  const own = ids.filter((id) => Object.hasOwn(state.steps, id));
  if (own.length === 0) return { mark: '?', because: 'not part of this run' };
  const open = own.filter((id) => state.steps[id]!.state !== 'succeeded');
  return open.length === 0
    ? { mark: '☑', because: own.map((id) => state.graph[id]!.title).join(', ') }
    : { mark: '☐', because: open.map((id) => `${state.graph[id]!.title} is ${state.steps[id]!.state}`).join(', ') };
};

const tickOfFact = (fact: NonNullable<Item['fact']>, state: RunState): Tick => {
  const { steps } = state.created.graph;
  const done = (which: (uses: string, id: string) => boolean, what: string): Tick => {
    const found = steps.find((step) => which(step.uses, step.id) && state.steps[step.id]!.state === 'succeeded');
    return found ? { mark: '☑', because: found.title } : { mark: '☐', because: what };
  };
  const { standing } = summarise(state);
  switch (fact) {
    case 'team-told':
      return done((uses, id) => uses === 'pagerduty/page' || id === 'tell-channel', 'nobody was told yet');
    case 'channel-open':
      return done((uses) => uses === 'slack/open-channel' || uses === 'slack/invite', 'the channel is not open yet');
    case 'plan-good':
      return { mark: '☑', because: `approved text ${state.created.graph.hash.slice(0, 12)}` };
    case 'verified': {
      const proofs = steps.filter(({ phase }) => phase === 'verify');
      return tickOfSteps(
        proofs.map(({ id }) => id),
        state,
      );
    }
    case 'resolved':
      return standing === 'succeeded' ? { mark: '☑', because: 'succeeded' } : { mark: '☐', because: standing };
    case 'failed-back':
      return state.created.graph.flow === 'failback' && standing === 'succeeded'
        ? { mark: '☑', because: 'this run brought it home' }
        : { mark: '☐', because: 'not brought home by this run' };
  }
};
