import { afterEach, describe, expect, it } from 'vitest';
import { type SlackPart, startSlack } from '../../sandbox/slack/start-slack.ts';
import { type SlackApp, startSlackApp } from '../../src/chat/slack-app.ts';
import { createSlack, slackSettings } from '../../src/systems/slack/index.ts';
import { control, createContext, quietLog, tools, waitFor } from '../support/talk-world.ts';

let sandbox: SlackPart;
let app: SlackApp;

/** Real Bolt against the sandbox's Slack: a command posts a card, its button opens a form, the form is checked. */
const start = async (how: 'http' | 'socket', context = createContext()) => {
  const seen = new Set<string>();
  const handled: string[] = [];
  sandbox = await startSlack(context);
  const settings = slackSettings.parse(how === 'http' ? sandbox.environment : sandbox.socketEnvironment);
  const { client } = createSlack(settings, tools);
  app = await startSlackApp({
    settings,
    now: () => new Date(),
    host: '127.0.0.1',
    port: 0,
    log: quietLog,
    onRefused: () => undefined,
    async remember(key) {
      if (seen.has(key)) return 'seen';
      seen.add(key);
      return 'new';
    },
    async onCommand({ text, channel_id: channel }, respond) {
      handled.push(`command ${text}`);
      const button = {
        type: 'button',
        action_id: 'approve',
        value: 'x',
        text: { type: 'plain_text', text: 'Approve' },
      };
      await client.postMessage(channel, { text: 'card', blocks: [{ type: 'actions', elements: [button] }] });
      await respond({ text: 'started' });
    },
    async onAction({ trigger_id: trigger }) {
      handled.push('click');
      await client.openView(trigger, {
        type: 'modal',
        callback_id: 'confirm',
        title: { type: 'plain_text', text: 'Confirm' },
        submit: { type: 'plain_text', text: 'Go' },
        blocks: [
          {
            type: 'input',
            block_id: 'word',
            label: { type: 'plain_text', text: 'Type it' },
            element: { type: 'plain_text_input', action_id: 'typed' },
          },
        ],
      });
    },
    async onView({ view }) {
      const typed = view.state.values['word']!['typed']!.value;
      handled.push(`form ${typed}`);
      return typed === 'FAILOVER' ? undefined : { response_action: 'errors', errors: { word: 'type FAILOVER' } };
    },
    onShortcut: async () => {},
    onEvent: async (event) => void handled.push(`event ${event['type']}`),
  });
  if (app.url) await control(sandbox, 'POST /slack/bot', { url: app.url });
  return handled;
};
const state = () => control(sandbox, 'GET /slack/state');
const channelNamed = async (name: string) => (await state()).channels.find((each: any) => each.name === name);

afterEach(async () => {
  await app.close();
  await sandbox.close();
});

describe.each(['http', 'socket'] as const)('Bolt over %s', (how) => {
  it('goes from a command over a click to a checked form', async () => {
    const handled = await start(how);
    if (how === 'socket') await connected(2);
    const typed = await control(sandbox, 'POST /slack/command', {
      user: 'ada',
      channel: '#alerts',
      command: '/dr',
      text: 'go',
    });
    expect(typed).toMatchObject({ status: 200, by: how });
    expect(typed.ackMs).toBeLessThan(1000);
    await until(
      async () => (await channelNamed('alerts')).messages.length === 1 && (await state()).responses.length === 1,
    );

    const [{ ts }] = (await channelNamed('alerts')).messages;
    await expect(
      control(sandbox, 'POST /slack/click', { user: 'ada', channel: '#alerts', ts, actionId: 'nope' }),
    ).rejects.toThrow('no button');
    await control(sandbox, 'POST /slack/click', { user: 'ada', channel: '#alerts', ts, actionId: 'approve' });
    await until(async () => (await state()).views.length === 1);
    const viewId = (await state()).views[0].id;
    const wrong = await control(sandbox, 'POST /slack/submit', { user: 'ada', viewId, values: { typed: 'failover' } });
    expect(wrong.body).toEqual({ response_action: 'errors', errors: { word: 'type FAILOVER' } });
    await control(sandbox, 'POST /slack/submit', { user: 'ada', viewId, values: { word: { typed: 'FAILOVER' } } });
    expect((await state()).views[0].open).toBe(false);
    expect(handled).toEqual(['command go', 'click', 'form failover', 'form FAILOVER']);
  });

  it('runs what is delivered twice once', async () => {
    const handled = await start(how);
    if (how === 'socket') await connected(2);
    const again = await control(sandbox, 'POST /slack/command', {
      user: 'ada',
      channel: '#alerts',
      command: '/dr',
      text: 'twice',
      redeliver: true,
    });
    expect(again.status).toBe(how === 'http' ? 401 : 200);
    await until(async () => handled.length > 0);
    expect(handled).toEqual(['command twice']);
  });

  it('hears reactions, not its own messages', async () => {
    const handled = await start(how);
    if (how === 'socket') await connected(2);
    await control(sandbox, 'POST /slack/event', {
      event: { type: 'message', channel: '#alerts', bot_id: 'B0MAYDAYBT', subtype: 'bot_message', text: 'x' },
    });
    await control(sandbox, 'POST /slack/event', {
      event: {
        type: 'reaction_added',
        user: 'U0ADA0001',
        reaction: 'pushpin',
        item: { type: 'message', channel: 'C', ts: '1' },
      },
    });
    await until(async () => handled.length > 0);
    expect(handled).toEqual(['event reaction_added']);
  });
});

describe('Socket Mode', () => {
  it('starts when Slack is down, throws nothing, and connects when Slack is back', async () => {
    const context = createContext();
    context.faults.add({ kind: 'service', service: 'slack', how: '500' });
    await start('socket', context);
    expect((await state()).socketMode.opened).toBe(0);
    context.faults.clear();
    await connected(2);
  }, 20_000);
  it('keeps two connections and comes back when they are refreshed or cut', async () => {
    const handled = await start('socket');
    await connected(2);
    for (const abrupt of [false, true]) {
      const opened = (await state()).socketMode.opened;
      await control(sandbox, 'POST /slack/disconnect', { abrupt });
      await until(
        async () => (await state()).socketMode.opened >= opened + 2 && (await state()).socketMode.connections === 2,
      );
    }
    await control(sandbox, 'POST /slack/command', { user: 'ada', channel: '#alerts', command: '/dr', text: 'after' });
    await until(async () => handled.length > 0);
    expect(handled).toEqual(['command after']);
  });
});

const connected = (count: number) => until(async () => (await state()).socketMode.connections === count);

const until = async (isSo: () => Promise<boolean>) => {
  let last = false;
  const ask = async () => {
    last = await isSo();
    if (!last) setTimeout(() => void ask(), 10);
  };
  await ask();
  await waitFor(() => last, 8000);
};
