import { setTimeout as sleep } from 'node:timers/promises';
import type { Bot } from './bot.ts';
import { buttonOf, cardOf, hasButton, type World, wholeText } from './world.ts';

export interface StoryPlan {
  plan: string;
  title: string;
  regions: Record<string, { aws: string }>;
  prefer: string[];
  people: Record<string, { slack?: string; name?: string }>;
  groups?: Record<string, { people?: string[]; offline?: string[] }>;
  approvals: Record<string, Record<string, any>>;
  [key: string]: any;
}

export interface Teller {
  say(line: string): void;
}

/** Types a command as a person would, and gives what the bot answered to that person alone. */
export const typeCommand = async (
  world: World,
  teller: Teller,
  user: string,
  command: string,
  text: string,
): Promise<string> => {
  teller.say(`@${user} types  ${command} ${text}`);
  const before = (await world.get('/slack/state')).responses.length;
  const delivered = await world.post('/slack/command', { user, channel: 'general', command, text });
  if (delivered.status !== 200) throw new Error(`The bot answered ${command} with HTTP ${delivered.status}.`);
  teller.say(`  acknowledged after ${delivered.ackMs} ms`);
  return world.until(`an answer to ${command} ${text}`, 40, async () => {
    const { responses } = await world.get('/slack/state');
    return responses.length > before ? (responses.at(-1).body.text as string) : undefined;
  });
};

/** Those who must say yes by the rule that the card names, without the one who asked, unless the rule counts them. */
const approversFor = (
  plan: StoryPlan,
  flow: string,
  ruleName: string,
  requester: string,
): { person: string; typed?: string }[] => {
  // What a plan says nothing of is approved as its failover is.
  const rule = (plan.approvals[flow] ?? plan.approvals['failover'])?.[ruleName];
  if (!rule) throw new Error(`The card speaks of a rule "${ruleName}" that the plan does not have.`);
  const taken = new Set<string>(rule.requester === 'counts' ? [] : [requester]);
  return (rule['all-of'] as string[]).map((slot) => {
    const candidates = plan.people[slot]
      ? [slot]
      : [...(plan.groups?.[slot]?.people ?? []), ...(plan.groups?.[slot]?.offline ?? [])];
    const person = candidates.find((candidate) => !taken.has(candidate));
    if (!person) throw new Error(`Nobody is left who could fill "${slot}".`);
    taken.add(person);
    return { person, typed: rule.type };
  });
};

/** Waits for the approval card and lets the right people say yes on it. */
export const approveOnCard = async (
  world: World,
  teller: Teller,
  plan: StoryPlan,
  runId: string,
  flow: string,
  requester: string,
): Promise<void> => {
  const { channel, message } = await world.until('the approval card', 40, async () => {
    const card = await cardOf(world, runId);
    return card && hasButton(card.message, 'run:approve') ? card : undefined;
  });
  teller.say(`#${channel.name} shows the approval card:`);
  for (const line of wholeText(message).split('\n').slice(1, 40)) if (line.trim()) teller.say(`  │ ${line}`);
  const rule = /Rule “([^”]+)”/.exec(wholeText(message))?.[1] ?? '';
  for (const { person, typed } of approversFor(plan, flow, rule, requester)) {
    const click = { user: person, channel: channel.id, ts: message.ts, actionId: 'run:approve' };
    const clicked = await world.post('/slack/click', click);
    if (typed) {
      const view =
        clicked.view ?? (await world.until('the form', 5, async () => (await world.get('/slack/state')).views.at(-1)));
      await world.post('/slack/submit', { user: person, viewId: view.id, values: { field: { value: typed } } });
      teller.say(`@${person} clicks Approve and types ${typed}`);
    } else teller.say(`@${person} clicks Approve`);
    await sleep(150);
  }
};

/** Shows the world's changes as they are accepted and seen, until the run's card says that it has ended or halted. */
export const watchRun = async (
  world: World,
  teller: Teller,
  runId: string,
  patienceSeconds: number,
  from: number,
  /** Who says that a person's own work is done, as soon as it is asked for. */
  worker?: string,
): Promise<'ended' | 'halted'> => {
  let told = from;
  const open = new Set<number>();
  return world.until(`the end of run ${runId}`, patienceSeconds, async () => {
    const { entries } = await world.get('/ledger');
    for (const entry of entries.slice(told)) {
      if (!entry.change.startsWith('slack:'))
        teller.say(`  ${clock(entry.acceptedAt)}  ${entry.change}  ${entry.resource}`);
      if (!entry.visibleAt) open.add(entry.number);
    }
    told = entries.length;
    for (const number of open) {
      const entry = entries[number - 1];
      if (!entry?.visibleAt) continue;
      open.delete(number);
      teller.say(
        `  ${clock(entry.visibleAt)}  … seen after ${Math.round((Date.parse(entry.visibleAt) - Date.parse(entry.acceptedAt)) / 1000)} s: ${entry.resource}`,
      );
    }
    const card = await cardOf(world, runId);
    if (!card) return undefined;
    const asked = worker === undefined ? undefined : buttonOf(card.message, 'run:done:');
    if (asked) {
      const click = { user: worker, channel: card.channel.id, ts: card.message.ts, actionId: asked };
      await world.post('/slack/click', click);
      teller.say(`@${worker} clicks It is done (${asked.split(':').at(-1)})`);
      await sleep(1_000);
      return undefined;
    }
    if (hasButton(card.message, 'run:retry')) return 'halted' as const;
    return hasButton(card.message, 'run:abort') || hasButton(card.message, 'run:approve')
      ? undefined
      : ('ended' as const);
  });
};

/** How many changes the world has accepted so far: from there on the story goes on telling. */
export const changesSoFar = async (world: World): Promise<number> => (await world.get('/ledger')).entries.length;

export const clock = (iso: string): string => iso.slice(11, 19);

export const showRun = async (bot: Bot, runId: string): Promise<any> =>
  JSON.parse(await bot.mayday('run', 'show', runId, '--json'));
