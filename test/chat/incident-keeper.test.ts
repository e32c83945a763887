import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SandboxContext } from '../../sandbox/part.ts';
import { readAppManifest } from '../../sandbox/slack/app-manifest.ts';
import { type SlackPart, startSlack } from '../../sandbox/slack/start-slack.ts';
import { createIncidentKeeper, type IncidentKeeper } from '../../src/chat/incident/incident-keeper.ts';
import { createIncidentStore } from '../../src/engine/incident-store.ts';
import { type Incident, type IncidentEvent, incidentAfter, incidentRow } from '../../src/incident/incident.ts';
import { createJournal, type Journal, noHead } from '../../src/journal/journal.ts';
import { createLeases } from '../../src/journal/leases.ts';
import { createSlack, slackSettings } from '../../src/systems/slack/index.ts';
import { type JournalDatabase, openJournalDatabase } from '../support/journal-database.ts';
import { createContext, tools } from '../support/talk-world.ts';

/** The keeper by itself: a real journal, the sandbox's Slack, and as many processes as a test wants. */
let database: JournalDatabase;
let context: SandboxContext;
let slack: SlackPart;
const warnings: string[] = [];
const log = {
  ...tools.log,
  warn: (_: object, text: string) => void warnings.push(text),
  error: () => {},
  info: () => {},
};
const keepers: IncidentKeeper[] = [];

beforeEach(async () => {
  database = await openJournalDatabase();
  context = createContext();
  warnings.length = 0;
});
afterEach(async () => {
  for (const keeper of keepers.splice(0)) keeper.stop();
  await slack.close();
  await database.close();
});

const begin = async (scopes?: string[]) => {
  const manifest = readAppManifest();
  slack = await startSlack(context, { manifest: { ...manifest, ...(scopes && { scopes }) } });
  const channel = slack.workspace.addChannel('inc-1', slack.workspace.bot.user);
  const journal = createJournal(database.database.pool, () => new Date());
  const event: IncidentEvent = {
    type: 'incident.declared',
    data: { plan: null, title: 'storm', severity: 'P3', by: 'U0ADA0001' },
  };
  const recorded: IncidentEvent = { type: 'incident.recorded', data: { facts: { channel: channel.id } } };
  const events = [event, recorded].map(({ type, data }) => ({
    type,
    version: 1,
    actor: 'slack:U0ADA0001',
    data: { at: context.clock.now().toISOString(), event: data },
  }));
  await journal.append([{ stream: 'incident:i-1', expected: noHead, events }], {
    incidents: [incidentRow('i-1', incidentAfter(events) as Incident)],
  });
  return { channel, journal };
};

/** Something is written down by somebody else. */
const happens = async (journal: Journal, { type, data }: IncidentEvent): Promise<void> => {
  const stream = 'incident:i-1';
  const event = {
    type,
    version: 1,
    actor: 'slack:U0ADA0001',
    data: { at: context.clock.now().toISOString(), event: data },
  };
  await journal.append([{ stream, expected: await journal.head(stream), events: [event] }]);
};

/** One more process. */
const keeperOn = async (digestChannel: string | undefined = undefined): Promise<IncidentKeeper> => {
  const own = await database.openAnother();
  const journal = createJournal(own.pool, () => new Date());
  const clock = { now: () => context.clock.now(), wall: () => new Date(), speed: context.clock.speed };
  const keeper = createIncidentKeeper({
    slack: createSlack(slackSettings.parse(slack.environment), tools).client,
    pool: own.pool,
    clock,
    log,
    store: createIncidentStore({ journal, clock, changed: () => {} }),
    leases: createLeases(own),
    linksOf: () => ({}),
    digestChannel,
    instructions: (_, __, role) => `you are ${role}`,
  });
  keepers.push(keeper);
  return keeper;
};
const settle = async (...all: IncidentKeeper[]) => {
  for (let turn = 0; turn < 3; turn += 1) await Promise.all(all.map((keeper) => keeper.turn()));
};
const count = (change: string): number => context.ledger.counts()[change] ?? 0;

test('several processes post one headline, pin it once and set one topic', async () => {
  const { channel, journal } = await begin();
  const all = await Promise.all(Array.from({ length: 5 }, () => keeperOn('alerts')));
  await settle(...all);
  expect(channel.messages.map(({ pinned }) => pinned)).toEqual([true]);
  expect(slack.workspace.findChannel('alerts')!.messages).toHaveLength(1);
  expect([count('slack:pins.add'), count('slack:conversations.setTopic')]).toEqual([1, 1]);
  // Nothing has changed, so nothing is said to Slack.
  const before = context.ledger.entries().length;
  await settle(...all);
  expect(context.ledger.entries()).toHaveLength(before);
  // And of what is new only what shows it is drawn.
  await happens(journal, { type: 'incident.updated', data: { text: 'it rains', by: 'U0ADA0001' } });
  await settle(...all);
  expect(
    context.ledger
      .entries()
      .slice(before)
      .map(({ change }) => change),
  ).toEqual(['slack:chat.update', 'slack:chat.update']);
});

test('a headline whose answer was lost is found again by its mark, and not posted twice', async () => {
  const { channel } = await begin();
  context.faults.add({ kind: 'timeout', change: 'slack:chat.postMessage', times: 1 });
  const [first, second] = [await keeperOn(), await keeperOn()];
  void first.turn();
  while (channel.messages.length === 0) await new Promise((done) => setTimeout(done, 10));
  // The first process hangs in its call and dies there: its connections are gone.
  first.stop();
  await database.superuser.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = (SELECT backend_pid FROM leases WHERE run_id = 'incident:i-1')`,
  );
  while (count('slack:pins.add') === 0) {
    await second.turn();
    await new Promise((done) => setTimeout(done, 50));
  }
  expect(channel.messages).toHaveLength(1);
  expect(channel.messages[0]!.pinned).toBe(true);
});

test('a headline that somebody deleted is posted again when there is something new', async () => {
  const { channel, journal } = await begin();
  const keeper = await keeperOn();
  await settle(keeper);
  channel.messages.length = 0;
  await happens(journal, { type: 'incident.severity', data: { severity: 'P4', by: 'U0ADA0001' } });
  await settle(keeper);
  expect(channel.messages).toHaveLength(1);
  expect(channel.messages[0]).toMatchObject({ pinned: true, text: expect.stringContaining('P4') });
});

test('where the digest cannot be made it is said once in the log, and the rest goes on', async () => {
  const { channel } = await begin();
  // A name that is taken by a channel which Mayday cannot see, as an archived one is.
  slack.workspace.addChannel('lost', 'U0BEN0001').is_archived = true;
  const keeper = await keeperOn('lost');
  await settle(keeper);
  expect(channel.messages).toHaveLength(1);
  expect(warnings.filter((text) => text.includes('the digest of incidents is not written'))).toHaveLength(1);
});

test('an app that was not installed anew has headline and topic, and goes without pins', async () => {
  const { channel } = await begin(readAppManifest().scopes.filter((scope) => scope !== 'pins:write'));
  const keeper = await keeperOn();
  await settle(keeper);
  expect(channel.messages).toHaveLength(1);
  expect(channel.topic).toBe('P3 · open · no commander yet');
  expect(warnings.join()).toContain('missing_scope');
  const calls = () => context.ledger.calls()['slack:pins.add']?.refused;
  expect(calls()).toBe(1);
  // Longer than what Slack could not do for a moment would wait.
  await new Promise((done) => setTimeout(done, 2_200));
  await settle(keeper);
  expect(calls()).toBe(1);
});

test('what a process leaves undone when it is stopped is done by the next', async () => {
  const { channel } = await begin();
  const [first, second] = [await keeperOn(), await keeperOn()];
  context.holds.add({ call: 'slack:chat.postMessage', when: 'after' });
  const turn = first.turn();
  while (channel.messages.length === 0) await new Promise((done) => setTimeout(done, 10));
  first.stop();
  context.holds.release('go');
  await turn;
  expect(channel.topic).toBe('');
  await settle(second);
  expect(channel.topic).toBe('P3 · open · no commander yet');
  expect(channel.messages).toHaveLength(1);
});

test('a task of somebody who has left is said in the channel, once', async () => {
  const { channel, journal } = await begin();
  const task = { task: 't1', text: 'dry the floor', owner: 'U0LEFT0001', due: context.clock.now().toISOString() };
  await happens(journal, { type: 'incident.task-added', data: { ...task, by: 'U0ADA0001' } });
  const keeper = await keeperOn();
  await settle(keeper);
  await settle(keeper);
  expect(channel.messages.filter(({ text }) => text.includes('dry the floor'))).toHaveLength(1);
  expect((await journal.read('incident:i-1')).at(-1)).toMatchObject({ type: 'incident.task-reminded' });
  // With nobody and nowhere to say it, it is not tried every second.
  channel.is_archived = true;
  await happens(journal, { type: 'incident.task-added', data: { ...task, task: 't2', by: 'U0ADA0001' } });
  await settle(keeper);
  const asked = () => context.ledger.calls()['slack:conversations.open']?.refused;
  const before = asked();
  await settle(keeper);
  expect(asked()).toBe(before);
});
