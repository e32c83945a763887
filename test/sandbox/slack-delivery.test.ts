import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebClient } from '@slack/web-api';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type SlackPart, startSlack } from '../../sandbox/slack/start-slack.ts';
import { control, createContext } from '../support/talk-world.ts';

/** A bot that only listens, so that what the sandbox sends can be judged without Mayday. */
let received: { headers: IncomingHttpHeaders; body: string }[] = [];
let answer = { status: 200, body: '' };
let bot: Server;
let slack: SlackPart;
let web: WebClient;

beforeAll(async () => {
  bot = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      response.writeHead(answer.status).end(answer.body);
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => bot.once('listening', resolve));
  slack = await startSlack(createContext(), { botUrl: `http://127.0.0.1:${(bot.address() as AddressInfo).port}` });
  web = new WebClient(slack.environment['SLACK_BOT_TOKEN']!, {
    slackApiUrl: slack.environment['SLACK_API_URL'],
    retryConfig: { retries: 0 },
    logger: {
      debug() {},
      info() {},
      warn() {},
      error() {},
      setLevel() {},
      getLevel: () => 'error' as never,
      setName() {},
    },
  });
});
afterAll(async () => {
  bot.close();
  await slack.close();
});
beforeEach(() => {
  received = [];
  answer = { status: 200, body: '' };
});

const command = async (more: object = {}) => {
  await control(slack, 'POST /slack/command', { user: 'ada', channel: '#alerts', command: '/dr', text: 'x', ...more });
  return Object.fromEntries(new URLSearchParams(received.at(-1)!.body)) as Record<string, string>;
};

describe('what the sandbox sends to the bot', () => {
  it('is signed as Slack signs', async () => {
    await command();
    const { headers, body } = received[0]!;
    const timestamp = headers['x-slack-request-timestamp'];
    const expected = createHmac('sha256', slack.environment['SLACK_SIGNING_SECRET']!)
      .update(`v0:${timestamp}:${body}`)
      .digest('hex');
    expect(headers['x-slack-signature']).toBe(`v0=${expected}`);
    expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(3);
  });
  it('names the team that a person belongs to', async () => {
    expect((await command({ user: 'U0STRANGER' })).team_id).toBe('T0ELSEWHERE');
    expect((await command()).team_id).toBe('T0SANDBOX');
  });
  it('comes again, marked as a retry, when an event is not taken', async () => {
    answer = { status: 500, body: '' };
    const { status } = await control(slack, 'POST /slack/event', {
      event: { type: 'app_home_opened', user: 'U0ADA0001' },
    });
    expect(status).toBe(500);
    expect(received.map(({ headers }) => headers['x-slack-retry-num'])).toEqual([undefined, '1', '2', '3']);
    expect(new Set(received.map(({ body }) => JSON.parse(body).event_id)).size).toBe(1);
  });
  it('carries the value of the very button, or a forged one on request', async () => {
    const button = { type: 'button', action_id: 'go', value: 'real', text: { type: 'plain_text', text: 'Go' } };
    const { ts } = await web.chat.postMessage({
      channel: '#alerts',
      text: 'x',
      blocks: [{ type: 'actions', elements: [button] }] as never,
    });
    await control(slack, 'POST /slack/click', { user: 'ada', channel: '#alerts', ts, actionId: 'go' });
    await control(slack, 'POST /slack/click', {
      user: 'ada',
      channel: '#alerts',
      ts,
      actionId: 'go',
      forge: { value: 'other' },
    });
    // Beside the clicks the app hears of the message in the channel.
    const clicks = received.flatMap(({ body }) => new URLSearchParams(body).get('payload') ?? []);
    const values = clicks.map((payload) => JSON.parse(payload).actions[0].value);
    expect(values).toEqual(['real', 'other']);
  });
});

describe('what a payload lets the bot do', () => {
  const view = { type: 'modal' as const, title: { type: 'plain_text' as const, text: 'T' }, blocks: [] };
  const codeOf = (call: Promise<unknown>) =>
    call.then(
      () => 'accepted',
      (error) => error.data?.error,
    );
  it('opens one view within three seconds', async () => {
    const first = await command();
    const late = await command();
    expect(await codeOf(web.views.open({ trigger_id: first.trigger_id!, view }))).toBe('accepted');
    expect(await codeOf(web.views.open({ trigger_id: first.trigger_id!, view }))).toBe('exchanged_trigger_id');
    expect(await codeOf(web.views.open({ trigger_id: 'made-up', view }))).toBe('invalid_trigger_id');
    await new Promise((resolve) => setTimeout(resolve, 3050));
    expect(await codeOf(web.views.open({ trigger_id: late.trigger_id!, view }))).toBe('expired_trigger_id');
  });
  it('answers five times at the response_url, within thirty minutes of the world', async () => {
    const { response_url: url } = await command();
    const respond = async () => (await fetch(url!, { method: 'POST', body: JSON.stringify({ text: 'x' }) })).status;
    const statuses = [];
    for (let use = 0; use < 6; use += 1) statuses.push(await respond());
    expect(statuses).toEqual([200, 200, 200, 200, 200, 404]);
    const { response_url: old } = await command();
    // At a thousandfold speed thirty minutes are 1.8 s.
    await new Promise((resolve) => setTimeout(resolve, 1900));
    expect((await fetch(old!, { method: 'POST', body: JSON.stringify({ text: 'x' }) })).status).toBe(404);
  });
});
