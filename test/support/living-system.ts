import { Resolver } from 'node:dns/promises';
import {
  cardOf,
  hasButton,
  type LedgerEntry,
  type SlackMessage,
  type World,
  wholeText,
} from '../../src/cli/demo/world.ts';
import { clickOnCard } from './card.ts';
import { mayday } from './mayday-command.ts';
import { approveRun } from './rehearsal.ts';
import { type RunningBot, type RunningBotOptions, startedRun, startRunningBot } from './running-bot.ts';

/** Wall seconds that anything may take on a machine that is busy with other things. */
const patience = 240;

/** A plan's world and its bot, driven as people would and read back without asking the bot. */
export interface LivingSystem {
  bot: RunningBot;
  world: World;
  /** Types a command; gives what the bot answered to that person. */
  say(user: string, command: string, text: string): Promise<string>;
  /** Types a command that starts a run, and lets these people say yes to it, typing the word that is asked for. */
  begin(user: string, command: string, text: string, approvers?: readonly string[]): Promise<string>;
  /** The same, until the run has succeeded; throws what its card says when it ends otherwise. */
  carryOut(user: string, command: string, text: string, approvers?: readonly string[]): Promise<string>;
  succeeded(runId: string): Promise<void>;
  /** Waits until the run's card fits, and gives all of it. */
  cardSays(runId: string, what: RegExp): Promise<string>;
  click(runId: string, user: string, actionId: string, words?: string): Promise<void>;
  until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T>;
  /** How many changes the world has taken so far. */
  mark(): Promise<number>;
  /** The changes since a mark. */
  since(mark: number): Promise<Changes>;
  state(): Promise<any>;
  deployments(cluster: string): Promise<Record<string, { replicas: number; ready: number }>>;
  /** Replicas wanted, without the namespace in front. */
  replicas(cluster: string): Promise<Record<string, number>>;
  instance(id: string): Promise<any>;
  sql(instance: string, sql: string, params?: unknown[]): Promise<any[]>;
  /** What the world's resolvers answer to that name. */
  answers(name: string): Promise<string[]>;
  untilAnswers(name: string, addresses: string[]): Promise<void>;
  /** Everything that stands in a channel, or nothing when there is no such channel. */
  channel(name: string): Promise<string>;
  mails(): Promise<{ at: string; recipients: string[]; subject: string }[]>;
  pages(): Promise<{ person: string; name: string; at: string; why: string }[]>;
  /** What `mayday run show --json` prints. */
  report(runId: string): Promise<any>;
  /** Lets so much time of the world go by. */
  wait(worldSeconds: number): Promise<void>;
}

export interface Changes {
  entries: LedgerEntry[];
  /** `change resource` of each that is no message to people. */
  lines: string[];
  of(change: string): LedgerEntry[];
  count(change: string): number;
}

/** Otherwise than well, or until somebody decides. */
const hasEnded = ({ text }: SlackMessage): boolean => /^(🛑|❌|⛔|⌛|⚠️)/u.test(text);

export const openSystem = async (options: RunningBotOptions): Promise<LivingSystem> => {
  const bot = await startRunningBot(options);
  const { world } = bot;
  const ledger = async (): Promise<LedgerEntry[]> => (await world.get('/ledger')).entries;
  const resolver = new Resolver({ timeout: 1_000, tries: 5 });
  resolver.setServers(bot.sandbox.environment['MAYDAY_DNS_SERVERS']!.split(','));

  const system: LivingSystem = {
    bot,
    world,
    async say(user, command, text) {
      const before = (await world.get('/slack/state')).responses.length;
      const delivered = await world.post('/slack/command', { user, channel: 'general', command, text });
      return world
        .until(`an answer to ${command} ${text}`, patience, async () => {
          const { responses } = await world.get('/slack/state');
          return responses.length > before ? responses.at(-1).body.text : undefined;
        })
        .catch((error) => {
          throw new Error(`${error.message} It was delivered so: ${JSON.stringify(delivered)}\n${bot.log()}`);
        });
    },
    async begin(user, command, text, approvers = [user]) {
      const runId = await startedRun(world, () => system.say(user, command, text));
      await system.until(`the approval card of ${runId}`, async () => {
        const card = await cardOf(world, runId);
        if (card && hasEnded(card.message)) throw new Error(wholeText(card.message));
        return card && hasButton(card.message, 'run:approve');
      });
      await approveRun(world, runId, approvers);
      return runId;
    },
    async carryOut(user, command, text, approvers) {
      const runId = await system.begin(user, command, text, approvers);
      await system.succeeded(runId);
      return runId;
    },
    succeeded: (runId) =>
      system.until(`the success of ${runId}`, async () => {
        const card = await cardOf(world, runId);
        if (card && hasEnded(card.message)) throw new Error(wholeText(card.message));
        return card?.message.text.startsWith('✅') ? true : undefined;
      }) as Promise<never>,
    cardSays: (runId, what) =>
      system.until(`a card of ${runId} that says ${what}`, async () => {
        const card = await cardOf(world, runId);
        return card && what.test(wholeText(card.message)) ? wholeText(card.message) : undefined;
      }),
    click: (runId, user, actionId, words) => clickOnCard(world, runId, user, actionId, words),
    until: (what, look) => world.until(what, patience, async () => (await look()) || undefined),
    mark: async () => (await ledger()).length,
    async since(mark) {
      const entries = (await ledger()).slice(mark);
      const of = (change: string) => entries.filter((entry) => entry.change === change);
      const lines = entries
        .filter(({ change }) => !/^(slack|smtp|pagerduty|statuspage):/.test(change))
        .map(({ change, resource }) => `${change} ${resource}`);
      return { entries, lines, of, count: (change) => of(change).length };
    },
    state: () => world.get('/world'),
    deployments: async (cluster) => (await world.get('/world')).clusters[cluster].deployments,
    replicas: async (cluster) =>
      Object.fromEntries(
        Object.entries(await system.deployments(cluster)).map(([name, { replicas }]) => [name.split('/')[1], replicas]),
      ),
    instance: async (id) => (await world.get('/world')).instances.find((one: { id: string }) => one.id === id),
    sql: async (instance, sql, params) => (await world.post('/sql', { instance, sql, params })).rows,
    answers: (name) => resolver.resolve4(name),
    untilAnswers: (name, addresses) =>
      system.until(`${name} answering ${addresses}`, async () => {
        const found = await resolver.resolve4(name).catch(() => []);
        return JSON.stringify(found) === JSON.stringify(addresses);
      }) as Promise<never>,
    async channel(name) {
      const { channels } = await world.get('/slack/state');
      const found = channels.find((one: { name: string }) => one.name === name);
      return (found?.messages ?? []).map(wholeText).join('\n');
    },
    mails: async () => (await world.get('/mail')).mails,
    pages: async () => (await world.get('/pagerduty/state')).pages,
    async report(runId) {
      const { code, stdout, stderr } = await mayday(['run', 'show', runId, '--json'], bot.settings);
      if (code !== 0) throw new Error(stderr);
      return JSON.parse(stdout);
    },
    async wait(worldSeconds) {
      const { now } = await world.get('/clock');
      const end = Date.parse(now) + worldSeconds * 1000;
      await system.until(`${worldSeconds} s of the world`, async () => (await world.now()).getTime() >= end);
    },
  };
  return system;
};
