import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Bot, startBot } from '../../src/cli/demo/bot.ts';
import { openWorld, type World } from '../../src/cli/demo/world.ts';
import { inFolder, runChild } from '../child.ts';

const requestsPerSecond = 1_000;
const floodSeconds = 30;
const speed = 10;
/** World seconds of each wait; all of them in a chain last a little less than the flood. */
const waits = 26;
const startAt = '2026-11-24T15:00:00Z';

interface Sent {
  perSecond: number;
  sent: number;
  answered: number;
  /** Acknowledged with 200: signed commands, clicks and the like from another workspace are told so after that. */
  accepted: number;
  reconnected: number;
  kinds: number;
  statuses: Record<string, number>;
}

export interface Flood {
  floods: Sent[];
  /** Wall seconds of each run, quiet and flooded by turns. */
  quiet: number[];
  flooded: number[];
  ratio: number;
  /** Runs that the flood started, and clicks of it that did anything. */
  started: number;
  crashes: number;
  verified: boolean;
  gaps: number;
  refusedInJournal: number;
}

const planText = (name: string): string => `plan: ${name}
title: The ${name}
owner: millers
objectives: { rto: 1h, rpo: 5m }
people: { ada: { name: Ada, slack: U0ADA0001, email: ada@mill.example } }
regions: { hill: { aws: eu-north-1 }, vale: { aws: us-east-1 } }
prefer: [hill, vale]
components:
  door: { kind: route53-record, zone: Z0MILLS, name: ${name}.mill.example, ttl: 60s, hill: 192.0.2.1, vale: 192.0.2.2 }
scopes: { door: [door] }
approvals: { failover: { always: { all-of: [ada], requester: counts }, expires: 1h } }
procedures:
  failover:
    door:
      steps:
${Array.from({ length: waits }, (_, i) => `        wait-${i}: { wait: 10s${i > 0 ? `, needs: [wait-${i - 1}]` : ''} }\n`).join('')}        turn: { uses: route53/switch-weights, with: { component: door, to: "{{ to }}" }, needs: [wait-${waits - 1}] }
`;

/** The same run four times, twice alone and twice with a thousand bad requests a second at the bot's door. */
export const measureFlood = (): Promise<Flood> =>
  inFolder(async (folder) => {
    chmodSync(folder, 0o755);
    const plans = join(folder, 'plans');
    const data = join(folder, 'data');
    for (const each of [plans, data]) mkdirSync(each);
    const names = ['mill-1', 'mill-2', 'mill-3', 'mill-4'];
    for (const name of names) writeFileSync(join(plans, `${name}.yml`), planText(name));
    const bot = await startBot({
      speed,
      at: startAt,
      environment: { MAYDAY_PLANS: plans, MAYDAY_DATA: data, MAYDAY_LOG: 'error' },
    });
    try {
      const world = openWorld(bot.controlUrl);
      const { SLACK_SIGNING_SECRET } = JSON.parse(readFileSync(join(data, 'sandbox.json'), 'utf8')).environment;
      const flood = () =>
        runChild<Sent>(
          fileURLToPath(new URL('sender.ts', import.meta.url)),
          [bot.slackUrl, String(requestsPerSecond), String(floodSeconds)],
          { ...process.env, SLACK_SIGNING_SECRET },
        );
      const [quiet, flooded, floods]: [number[], number[], Sent[]] = [[], [], []];
      for (const [i, name] of names.entries()) {
        const run = await start(world, name);
        const sending = i % 2 === 1 ? flood() : undefined;
        sending?.catch(() => {});
        if (sending) await sleep(1_000);
        const seconds = await play(bot, world, run);
        (sending ? flooded : quiet).push(seconds);
        if (sending) floods.push(await sending);
      }
      const middle = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
      const healthy = await fetch(`${bot.webUrl}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
      const runs: unknown[] = JSON.parse(await bot.mayday('run', 'list', '--json'));
      const audit = JSON.parse(await bot.mayday('audit', 'verify', '--json'));
      const found = JSON.parse(
        await bot.mayday('audit', 'search', '--what', 'only full members', '--limit', '1000', '--json'),
      );
      return {
        floods,
        quiet,
        flooded,
        ratio: middle(flooded) / middle(quiet),
        started: runs.length - names.length,
        crashes: healthy ? 0 : 1,
        verified: audit.verified,
        gaps: (audit.faults ?? []).length,
        refusedInJournal: found.length,
      };
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${bot.lastWords()}`);
    } finally {
      await bot.close();
    }
  });

const cardOf = async (world: World, run: string): Promise<any> =>
  (await world.get('/slack/state')).channels
    .flatMap(({ name, messages }: any) => messages.map((message: any) => ({ ...message, channel: name })))
    .find(
      ({ thread_ts, blocks }: any) =>
        !thread_ts && JSON.stringify(blocks ?? []).includes('"run:details"') && JSON.stringify(blocks).includes(run),
    );

const start = async (world: World, plan: string): Promise<string> => {
  const before = (await world.get('/slack/state')).responses.length;
  await world.post('/slack/command', {
    user: 'ada',
    channel: 'general',
    command: '/failover',
    text: `${plan} door it squeaks`,
  });
  const said: string = await world.until('an answer', 30, async () => {
    const { responses } = await world.get('/slack/state');
    return responses.length > before ? responses.at(-1).body.text : undefined;
  });
  const run = /^Started run `(r-[a-z0-9]+)`/.exec(said)?.[1];
  if (!run) throw new Error(said);
  await world.until('its card', 60, async () =>
    JSON.stringify((await cardOf(world, run))?.blocks ?? []).includes('"run:approve"') ? true : undefined,
  );
  return run;
};

/** Approves, waits for the end, and gives the wall seconds from the first step to the last proof. */
const play = async (bot: Bot, world: World, run: string): Promise<number> => {
  const card = await cardOf(world, run);
  await world.post('/slack/click', { user: 'ada', channel: card.channel, ts: card.ts, actionId: 'run:approve' });
  await sleep((waits * 10 * 1000) / speed);
  await world.until('its success', 60, async () =>
    (await cardOf(world, run)).text.startsWith('✅') ? true : undefined,
  );
  const { steps, outcome } = JSON.parse(await bot.mayday('run', 'show', run, '--json'));
  if (outcome !== 'succeeded') throw new Error(`The run ended as ${outcome}.`);
  const of = (id: string) => steps.find((step: any) => step.id === id);
  return (Date.parse(of('turn').endedAt) - Date.parse(of('wait-0').startedAt)) / 1000 / speed;
};
