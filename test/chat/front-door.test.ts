import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type SlackApp, startSlackApp } from '../../src/chat/slack-app.ts';
import { MaydayError } from '../../src/errors.ts';
import { slackSettings } from '../../src/systems/slack/index.ts';
import { postBytes } from '../support/post-bytes.ts';
import { quietLog } from '../support/talk-world.ts';

const secret = 'a-signing-secret-of-a-test';
const form = 'application/x-www-form-urlencoded';
let app: SlackApp;
let handled: string[] = [];
let remembered = new Map<string, number>();
let remember: () => Promise<void> = async () => undefined;

const nowSeconds = () => Math.floor(Date.now() / 1000);
const sign = (body: string | Buffer, timestamp: string | number = nowSeconds(), version = 'v0', key = secret) => ({
  'x-slack-request-timestamp': String(timestamp),
  'x-slack-signature': `${version}=${createHmac('sha256', key).update(`${version}:${timestamp}:`).update(body).digest('hex')}`,
});
/** The real bytes over a real socket. */
const send = (
  body: string | Buffer,
  headers: Record<string, string> = sign(body),
  contentType = form,
): Promise<{ status: number; text: string }> =>
  postBytes(`${app.url}/slack/events`, body, { 'content-type': contentType, ...headers });
let number = 0;
const command = (more: Record<string, string> = {}) => {
  number += 1;
  return new URLSearchParams({
    command: '/dr',
    text: 'status',
    user_id: 'U1',
    team_id: 'T1',
    trigger_id: `t${number}`,
    channel_id: 'C1',
    ...more,
  }).toString();
};

beforeAll(async () => {
  app = await startSlackApp({
    settings: slackSettings.parse({ SLACK_BOT_TOKEN: 'xoxb-x', SLACK_SIGNING_SECRET: secret }),
    now: () => new Date(),
    host: '127.0.0.1',
    port: 0,
    log: quietLog,
    onRefused: () => undefined,
    async remember(key) {
      await remember();
      const times = (remembered.get(key) ?? 0) + 1;
      remembered.set(key, times);
      return times === 1 ? 'new' : 'seen';
    },
    onCommand: async ({ command: name, text }) => void handled.push(`${name} ${text}`),
    onAction: async ({ actions }) => void handled.push(`click ${actions[0]!.action_id}`),
    onView: async ({ view }) => {
      handled.push(`view ${view.callback_id}`);
      return { response_action: 'errors', errors: { b: 'type FAILOVER' } };
    },
    onShortcut: async () => {},
    onEvent: async (event) => void handled.push(`event ${event['type']}`),
  });
});
afterAll(() => app.close());
beforeEach(() => {
  handled = [];
  remembered = new Map();
  remember = async () => undefined;
});

describe('what Slack signed goes through', () => {
  it('acknowledges a command and runs its handler once', async () => {
    expect(await send(command())).toEqual({ status: 200, text: '' });
    expect(handled).toEqual(['/dr status']);
  });
  it('routes clicks, forms and events, and answers a form with what the handler says', async () => {
    const interactive = (payload: object) => new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
    const common = { team: { id: 'T1' }, user: { id: 'U1' }, api_app_id: 'A1' };
    const click = interactive({
      type: 'block_actions',
      ...common,
      trigger_id: 'c1',
      actions: [{ type: 'button', action_id: 'approve', block_id: 'b' }],
    });
    expect((await send(click)).status).toBe(200);
    const view = interactive({
      type: 'view_submission',
      ...common,
      trigger_id: 'v1',
      view: { id: 'V1', type: 'modal', callback_id: 'confirm', state: { values: {} } },
    });
    expect(JSON.parse((await send(view)).text)).toEqual({ response_action: 'errors', errors: { b: 'type FAILOVER' } });
    const event = JSON.stringify({
      type: 'event_callback',
      event_id: 'Ev1',
      team_id: 'T1',
      event: { type: 'reaction_added', user: 'U1', item: {} },
    });
    expect((await send(event, sign(event), 'application/json')).status).toBe(200);
    expect(handled).toEqual(['click approve', 'view confirm', 'event reaction_added']);
  });
  it('answers the challenge and the certificate check', async () => {
    const challenge = JSON.stringify({ type: 'url_verification', challenge: 'abc' });
    expect(JSON.parse((await send(challenge, sign(challenge), 'application/json')).text)).toEqual({ challenge: 'abc' });
    expect((await send('ssl_check=1&token=x')).status).toBe(200);
    expect(handled).toEqual([]);
  });
  it('takes NUL and lone surrogates out', async () => {
    expect((await send(command({ text: 'a\0b' }))).status).toBe(200);
    const event = '{"type":"event_callback","event_id":"Ev2","team_id":"T1","event":{"type":"a\\u0000\\ud800b"}}';
    expect((await send(event, sign(event), 'application/json')).status).toBe(200);
    expect(handled).toEqual(['/dr ab', 'event a\uFFFDb']);
  });
});

describe('what is seen twice or cannot be written down', () => {
  const event = JSON.stringify({
    type: 'event_callback',
    event_id: 'Ev9',
    team_id: 'T1',
    event: { type: 'reaction_added' },
  });
  it('says yes to an event that Slack repeats, and runs it once', async () => {
    await send(event, sign(event), 'application/json');
    const again = await send(event, { ...sign(event, nowSeconds() - 1), 'x-slack-retry-num': '1' }, 'application/json');
    expect(again.status).toBe(200);
    expect(handled).toEqual(['event reaction_added']);
  });
  it('tells the person that nothing was done when the journal refuses', async () => {
    remember = async () => {
      throw new MaydayError('journal/unavailable', 'no disk');
    };
    const answer = await send(command());
    expect(JSON.parse(answer.text)).toMatchObject({
      response_type: 'ephemeral',
      text: expect.stringContaining('nothing was done'),
    });
    expect((await send(event, sign(event), 'application/json')).status).toBe(503);
    expect(handled).toEqual([]);
  });
  it('says that it does not know when the journal is late, well within three seconds', async () => {
    remember = () => new Promise((resolve) => void setTimeout(resolve, 2500));
    const startedAt = performance.now();
    const answer = await send(command());
    expect(performance.now() - startedAt).toBeLessThan(2200);
    expect(JSON.parse(answer.text).text).toContain('may still be done');
    expect(handled).toEqual([]);
  });
});
