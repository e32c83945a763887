import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bot, startBot } from '../../src/cli/demo/bot.ts';
import { openWorld, type World } from '../../src/cli/demo/world.ts';

export interface SlackFigures {
  commands: number;
  /** Wall milliseconds from the command to its card on the screen. */
  p50Ms: number;
  p99Ms: number;
  events: number;
  /** Wall seconds after which an event of a run was on its card at the latest. */
  latestSeconds: number;
  incidents: number;
  /** Calls that the sandbox's Slack refused because there were too many. */
  limited: number;
  updates: number;
  oldestCardSeconds: number;
}

const startAt = '2026-11-24T15:00:00Z';
const commands = 40;
const incidents = 200;
const fastSpeed = 10;

export const measureSlack = async (): Promise<SlackFigures> => ({
  ...(await measureOneRun()),
  ...(await measureMany()),
});

/** A made-up system whose work is waiting, so that Slack is what is measured. */
const planText = (name: string, waits: number): string => `plan: ${name}
title: The ${name}
owner: millers
objectives: { rto: 1h, rpo: 5m }
people:
  ada: { name: Ada, slack: U0ADA0001, email: ada@mill.example }
  bea: { name: Bea, slack: U0BEA0001, email: bea@mill.example }
regions: { hill: { aws: eu-north-1 }, vale: { aws: us-east-1 } }
prefer: [hill, vale]
components:
  door: { kind: route53-record, zone: Z0${name.toUpperCase()}, name: ${name}.mill.example, ttl: 60s, hill: 192.0.2.1, vale: 192.0.2.2 }
scopes: { door: [door] }
approvals: { failover: { always: { all-of: [bea] }, expires: 1h } }
procedures:
  failover:
    door:
      steps:
${Array.from({ length: waits }, (_, i) => `        wait-${i}: { wait: 30s${i > 0 ? `, needs: [wait-${i - 1}]` : ''} }\n`).join('')}        turn: { uses: route53/switch-weights, with: { component: door, to: "{{ to }}" }, needs: [wait-${waits - 1}] }
`;

const withBot = async <T>(
  plans: Record<string, string>,
  speed: number,
  work: (bot: Bot, world: World) => Promise<T>,
): Promise<T> => {
  const folder = mkdtempSync(join(tmpdir(), 'mayday-bench-slack-'));
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(plans)) writeFileSync(join(folder, `${name}.yml`), text);
  const bot = await startBot({ speed, at: startAt, environment: { MAYDAY_PLANS: folder } });
  try {
    return await work(bot, openWorld(bot.controlUrl));
  } finally {
    await bot.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

const allMessages = async (world: World): Promise<any[]> =>
  (await world.get('/slack/state')).channels.flatMap(({ name, messages }: any) =>
    messages.map((message: any) => ({ ...message, channel: name })),
  );

const cardOf = async (world: World, run: string) =>
  (await allMessages(world)).find(
    ({ thread_ts, blocks }) =>
      !thread_ts && JSON.stringify(blocks ?? []).includes(`"run:details"`) && JSON.stringify(blocks).includes(run),
  );

const withButton = (world: World, run: string, button: string): Promise<any> =>
  world.until(`a card with ${button}`, 60, async () => {
    const card = await cardOf(world, run);
    return JSON.stringify(card?.blocks ?? []).includes(`"${button}"`) ? card : undefined;
  });

/** The run that a command starts; what held the system before may take a moment to let go of it. */
const start = async (world: World, plan: string): Promise<{ run: string; typedAt: number }> => {
  for (;;) {
    const before = (await world.get('/slack/state')).responses.length;
    const typedAt = Date.now();
    const text = `${plan} door it squeaks`;
    await world.post('/slack/command', { user: 'ada', channel: 'general', command: '/failover', text });
    const said: string = await world.until('an answer', 30, async () => {
      const { responses } = await world.get('/slack/state');
      return responses.length > before ? responses.at(-1).body.text : undefined;
    });
    const run = /^Started run `(r-[a-z0-9]+)`/.exec(said)?.[1];
    if (run) return { run, typedAt };
    if (!said.includes('is held by')) throw new Error(said);
    await sleep(250);
  }
};

const measureOneRun = async () =>
  withBot({ mill: planText('mill', 12) }, 1, async (_, world) => {
    const times: number[] = [];
    for (let i = 0; i <= commands; i += 1) {
      const { run, typedAt } = await start(world, 'mill');
      const card = await withButton(world, run, 'run:cancel');
      // The first one opens the channel and warms everything up.
      if (i > 0) times.push(Number(card.ts) * 1000 - typedAt);
      await world.post('/slack/click', { user: 'ada', channel: card.channel, ts: card.ts, actionId: 'run:cancel' });
      await world.until('its end', 30, async () =>
        (await cardOf(world, run)).text.startsWith('⛔') ? true : undefined,
      );
      // What it held is given back when its last words are said.
      await sleep(1_000);
    }
    times.sort((a, b) => a - b);
    return { commands, p50Ms: times[Math.floor(times.length / 2)]!, p99Ms: times.at(-1)! };
  }).then(async (latency) => ({ ...latency, ...(await measureBehind()) }));

/** How long after it was written down an event of the only live run was on its card. */
const measureBehind = () =>
  withBot({ mill: planText('mill', 30) }, fastSpeed, async (bot, world) => {
    const { run } = await start(world, 'mill');
    const card = await withButton(world, run, 'run:approve');
    await world.post('/slack/click', { user: 'bea', channel: card.channel, ts: card.ts, actionId: 'run:approve' });
    await world.until('its success', 240, async () =>
      (await cardOf(world, run)).text.startsWith('✅') ? true : undefined,
    );
    const { entries } = await world.get('/ledger');
    const wallOf = (at: string) => Date.parse(at) / fastSpeed;
    const drawn = entries
      .filter(({ change, details }: any) => change === 'slack:chat.update' && details?.ts === card.ts)
      .map(({ acceptedAt }: any) => wallOf(acceptedAt));
    const { steps } = JSON.parse(await bot.mayday('run', 'show', run, '--json'));
    const events: number[] = steps
      .filter(({ id }: any) => /^(wait-|turn)/.test(id))
      .flatMap(({ startedAt, endedAt }: any) => [wallOf(startedAt), wallOf(endedAt)]);
    const behind = events.map((at) => (drawn.find((each: number) => each >= at) ?? Number.POSITIVE_INFINITY) - at);
    return { events: events.length, latestSeconds: Math.max(...behind) / 1000 };
  });

const measureMany = async () => {
  const names = Array.from({ length: incidents }, (_, i) => `mill-${i}`);
  return withBot(
    Object.fromEntries(names.map((name) => [name, planText(name, 200)])),
    fastSpeed,
    async (bot, world) => {
      const runs: string[] = [];
      for (const name of names) runs.push((await start(world, name)).run);
      const waiting = new Set(runs);
      for (let i = 0; i < 600 && waiting.size > 0; i += 1) {
        await sleep(1_000);
        for (const { channel, ts, blocks } of await allMessages(world)) {
          const approve = blocks
            ?.flatMap(({ elements }: any) => elements ?? [])
            .find((each: any) => each.action_id === 'run:approve');
          const run = approve?.value?.split('|')[0];
          if (!run || !waiting.delete(run)) continue;
          await world.post('/slack/click', { user: 'bea', channel, ts, actionId: 'run:approve' });
        }
      }
      if (waiting.size > 0) throw new Error(`${waiting.size} cards never came.`);
      const before = (await world.get('/ledger')).counts['slack:chat.update'] ?? 0;
      let oldestCardSeconds = 0;
      for (let i = 0; i < 24; i += 1) {
        await sleep(5_000);
        const health = await (await fetch(`${bot.webUrl}/health`)).json();
        oldestCardSeconds = Math.max(oldestCardSeconds, (health as any).cards.oldestSeconds);
      }
      const { counts, refusals } = await world.get('/ledger');
      const limited = refusals.filter(({ code }: any) => code === 'ratelimited').length;
      return { incidents, limited, updates: counts['slack:chat.update'] - before, oldestCardSeconds };
    },
  );
};
