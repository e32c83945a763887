import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import pg from 'pg';
import { cardOf, hasButton, wholeText } from '../../src/cli/demo/world.ts';
import { postBytes } from '../support/post-bytes.ts';
import { cliPath, startedRun, startRunningBot } from '../support/running-bot.ts';

/** A bot over HTTP or Socket Mode in a workspace where most may do nothing, and what its people and others can send to it. */
export const startQuay = async (how: 'http' | 'socket') => {
  const bot = await startRunningBot({
    plans: 'test/bad-input',
    plan: 'quay',
    speed: 40,
    async environment(sandbox, world) {
      // The check that looks inward must find the machine itself, and no stand-in.
      const hosts = sandbox.environment['MAYDAY_HOSTS']!.split(',').filter((entry) => !entry.startsWith('localhost:'));
      const { SLACK_APP_TOKEN } = await world.get('/slack/socket-settings');
      return { MAYDAY_HOSTS: hosts.join(','), ...(how === 'socket' && { SLACK_APP_TOKEN }) };
    },
  });
  const { world } = bot;
  const pid = bot.pid();
  const pool = new pg.Pool({ connectionString: bot.databaseUrl, max: 1 });
  pool.on('error', () => {});
  await world.until('a way in', 10, async () => {
    const { socketMode } = await world.get('/slack/state');
    return how === 'http' || socketMode.connections === 2 ? true : undefined;
  });

  const state = () => world.get('/slack/state');
  /** All that the bot has said to somebody: answers, what only they see, and between the two of them. */
  const said = async (): Promise<string[]> => {
    const { responses, ephemeral, channels } = await state();
    const direct = channels.filter(({ kind }: any) => kind === 'im').flatMap(({ messages }: any) => messages);
    return [...responses.map(({ body }: any) => body.text), ...[...ephemeral, ...direct].map(({ text }: any) => text)];
  };
  /** Does something and gives what was answered to it. */
  const answer = async (act: () => Promise<any>): Promise<string> => {
    const before = await said();
    const result = await act();
    const errors = Object.values(result?.body?.errors ?? {});
    if (errors.length > 0) return String(errors[0]);
    const text = typeof result?.body?.text === 'string' ? result.body.text : undefined;
    return (
      text ??
      world.until('an answer', 30, async () => {
        const now = await said();
        for (const old of before) {
          const at = now.indexOf(old);
          if (at >= 0) now.splice(at, 1);
        }
        return now.find(Boolean);
      })
    );
  };
  const command = (user: string, line: string, altered: object = {}) => {
    const [name, ...words] = line.split(' ');
    return answer(() =>
      world.post('/slack/command', { user, channel: 'general', command: name, text: words.join(' '), altered }),
    );
  };
  const cardWith = (runId: string, button: string) =>
    world.until(`a card with ${button}`, 40, async () => {
      const card = await cardOf(world, runId);
      return card && hasButton(card.message, button) ? card : undefined;
    });
  const click = async (runId: string, user: string, actionId: string, more: object = {}) => {
    const { channel, message } = await cardWith(runId, actionId);
    return world.post('/slack/click', { user, channel: channel.id, ts: message.ts, actionId, wait: false, ...more });
  };
  const saying = (runId: string, words: RegExp) =>
    world.until(`the card says ${words}`, 40, async () => {
      const card = await cardOf(world, runId);
      return card && words.test(wholeText(card.message)) ? wholeText(card.message) : undefined;
    });
  const start = (user: string, line: string): Promise<string> => startedRun(bot.world, () => command(user, line));

  return {
    bot,
    world,
    said,
    answer,
    command,
    click,
    cardWith,
    saying,
    start,
    pid,
    pool,
    state,
    /** Changes that the world has taken; messages, pages and looks are none. */
    changes: async (): Promise<string[]> =>
      (await world.get('/ledger')).entries
        .map(({ change }: { change: string }) => change)
        .filter((change: string) => !/^(slack|pagerduty|smtp|service|statuspage):/.test(change)),
    /** What the sandbox's Slack would not take of the bot. */
    refusedBySlack: async (): Promise<string[]> =>
      ((await world.get('/ledger')).refusals ?? [])
        .filter(({ change }: any) => /^slack:(chat|views)/.test(change))
        .map(({ change, code }: any) => `${change} ${code}`),
    /** What a yes to it is bound to. */
    hashOf: async (run: string): Promise<string> =>
      JSON.parse(
        (await pool.query(`SELECT data FROM journal WHERE stream = $1 AND type = 'run.created'`, [`run:${run}`]))
          .rows[0].data,
      ).event.graph.hash,
    runs: async (): Promise<number> => Number((await pool.query('SELECT count(*) AS n FROM runs')).rows[0].n),
    journal: async (type: string): Promise<{ actor: string; data: any }[]> =>
      (
        await pool.query(`SELECT actor, data FROM journal WHERE stream = 'system' AND type = $1 ORDER BY seq`, [type])
      ).rows.map(({ actor, data }) => ({ actor, data: JSON.parse(data) })),
    refused: async (): Promise<number> =>
      Number(/mayday_slack_requests_refused (\d+)/.exec(await (await fetch(`${bot.webUrl}/metrics`)).text())![1]),
    cli: (args: string[]): Promise<string> =>
      new Promise((done) => {
        execFile(process.execPath, [cliPath, ...args], { env: bot.settings }, (_, out, told) => done(out || told));
      }),
    close: async () => {
      await pool.end();
      await bot.close();
    },
  };
};

export type Quay = Awaited<ReturnType<typeof startQuay>>;

export const form = 'application/x-www-form-urlencoded';
const nowSeconds = () => Math.floor(Date.now() / 1000);

/** Bytes as anybody can send them to the bot's port. */
export const openDoor = (quay: Quay) => {
  const secret = quay.bot.settings['SLACK_SIGNING_SECRET']!;
  let number = 0;
  const person = { user: { id: 'U0ADA0001', team_id: 'T0SANDBOX' }, team: { id: 'T0SANDBOX' } };
  const payload = (body: object) => new URLSearchParams({ payload: JSON.stringify(body) }).toString();
  const id = () => {
    number += 1;
    return `forged.${process.pid}.${number}`;
  };
  const sign = (body: string | Buffer, timestamp: string | number = nowSeconds(), version = 'v0', key = secret) => ({
    'x-slack-request-timestamp': String(timestamp),
    'x-slack-signature': `${version}=${createHmac('sha256', key).update(`${version}:${timestamp}:`).update(body).digest('hex')}`,
  });
  return {
    sign,
    payload,
    person,
    id,
    later: (seconds: number) => nowSeconds() + seconds,
    /** One body for each way in, each with an id of its own. */
    ways: {
      command: (more: Record<string, string> = {}) =>
        new URLSearchParams({
          command: '/failover',
          text: 'quay door it squeaks',
          user_id: 'U0ADA0001',
          user_name: 'ada',
          team_id: 'T0SANDBOX',
          channel_id: 'C0GENERAL',
          trigger_id: id(),
          ...more,
        }).toString(),
      click: () =>
        payload({
          type: 'block_actions',
          ...person,
          trigger_id: id(),
          actions: [{ type: 'button', action_id: 'run:approve', block_id: 'b', value: 'r-x|y' }],
        }),
      form: () =>
        payload({
          type: 'view_submission',
          ...person,
          trigger_id: id(),
          view: {
            id: 'V1',
            callback_id: 'run:reject-reason',
            private_metadata: 'r-x',
            blocks: [],
            state: { values: {} },
          },
        }),
      shortcut: () => payload({ type: 'shortcut', ...person, callback_id: 'command:failover', trigger_id: id() }),
      event: () =>
        JSON.stringify({
          type: 'event_callback',
          team_id: 'T0SANDBOX',
          event_id: id(),
          event: {
            type: 'app_mention',
            user: 'U0ADA0001',
            channel: 'C0GENERAL',
            ts: '1.1',
            text: 'failover quay door x',
          },
        }),
    },
    send: (
      body: string | Buffer,
      headers: Record<string, string | string[]> = sign(body),
      contentType: string = String(body).startsWith('{') ? 'application/json' : form,
      more: { method?: string; path?: string } = {},
    ): Promise<{ status: number; text: string }> =>
      postBytes(
        `${quay.bot.slackUrl}${more.path ?? '/slack/events'}`,
        body,
        { 'content-type': contentType, ...headers },
        more.method,
      ),
  };
};
