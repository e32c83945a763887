import { WebClient } from '@slack/web-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SlackPart, startSlack } from '../../sandbox/slack/start-slack.ts';
import { control, createContext } from '../support/talk-world.ts';

const context = createContext();
let slack: SlackPart;
let web: WebClient;
let channel: string;

const clientOf = (token: string, part = slack) =>
  new WebClient(token, {
    slackApiUrl: part.environment['SLACK_API_URL'],
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
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
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'accepted',
    (error) => error.data?.error ?? error.message,
  );

beforeAll(async () => {
  slack = await startSlack(context);
  web = clientOf(slack.environment['SLACK_BOT_TOKEN']!);
  channel = (await web.conversations.create({ name: 'inc-1' })).channel!.id!;
});
afterAll(() => slack.close());

describe('the sandbox Slack refuses what Slack refuses', () => {
  it('knows no token but its own', async () => {
    expect(await codeOf(clientOf('xoxb-other').auth.test())).toBe('invalid_auth');
    expect(await codeOf(clientOf('').auth.test())).toBe('not_authed');
    expect(await codeOf(web.apps.connections.open())).toBe('not_allowed_token_type');
  });
  it('names channels strictly and once', async () => {
    expect(await codeOf(web.conversations.create({ name: 'Inc 2' }))).toBe('invalid_name_specials');
    expect(await codeOf(web.conversations.create({ name: 'x'.repeat(81) }))).toBe('invalid_name_maxlength');
    expect(await codeOf(web.conversations.create({ name: 'inc-1' }))).toBe('name_taken');
  });
  it('holds blocks to their limits', async () => {
    const post = (blocks: unknown[]) => codeOf(web.chat.postMessage({ channel, text: 'x', blocks: blocks as never }));
    const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
    const button = (more: object) => ({
      type: 'actions',
      elements: [{ type: 'button', text: { type: 'plain_text', text: 'go' }, action_id: 'a', ...more }],
    });
    expect(await post(Array(51).fill({ type: 'divider' }))).toBe('invalid_blocks');
    expect(await post([section('x'.repeat(3001))])).toBe('invalid_blocks');
    expect(await post([button({ value: 'x'.repeat(2001) })])).toBe('invalid_blocks');
    expect(await post([button({ action_id: 'x'.repeat(256) })])).toBe('invalid_blocks');
    expect(await post([button({ text: { type: 'plain_text', text: 'x'.repeat(76) } })])).toBe('invalid_blocks');
    expect(await post([section('x'.repeat(3000)), button({ value: 'x'.repeat(2000) })])).toBe('accepted');
  });
  it('refuses unknown methods and arguments, missing ones, and messages of others', async () => {
    expect(await codeOf(web.apiCall('chat.shout', {}))).toBe('unknown_method');
    expect(await codeOf(web.apiCall('chat.postMessage', { channel, text: 'x', colour: 'red' }))).toBe(
      'invalid_arguments',
    );
    expect(await codeOf(web.apiCall('chat.postMessage', { text: 'x' }))).toBe('invalid_arguments');
    expect(await codeOf(web.chat.update({ channel, ts: '1.1', text: 'x' }))).toBe('message_not_found');
    // Nobody listens for the event here; the message is in the channel all the same.
    const event = { type: 'message', channel, user: 'U0ADA0001', text: 'hi' };
    await expect(control(slack, 'POST /slack/event', { event })).rejects.toThrow('nobody listens');
    const { messages } = await control(slack, 'GET /slack/channels/:name', {}, '/slack/channels/inc-1');
    const { ts } = messages.at(-1);
    expect(await codeOf(web.chat.update({ channel, ts, text: 'x' }))).toBe('cant_update_message');
  });
  it('invites nobody twice and nobody unknown', async () => {
    expect(await codeOf(web.conversations.invite({ channel, users: 'U0ADA0001' }))).toBe('accepted');
    expect(await codeOf(web.conversations.invite({ channel, users: 'U0ADA0001' }))).toBe('already_in_channel');
    expect(await codeOf(web.conversations.invite({ channel, users: 'U0NOBODY1' }))).toBe('user_not_found');
    expect(await codeOf(web.conversations.invite({ channel, users: 'U0LEFT0001' }))).toBe('user_not_found');
  });
  it('gives metadata back only when asked', async () => {
    await web.chat.postMessage({ channel, text: 'marked', metadata: { event_type: 'e', event_payload: { key: 'k' } } });
    const plain = await web.conversations.history({ channel, limit: 1 });
    const full = await web.conversations.history({ channel, limit: 1, include_all_metadata: true });
    expect(plain.messages![0]!.metadata).toBeUndefined();
    expect(full.messages![0]!.metadata!.event_payload).toEqual({ key: 'k' });
  });
  it('answers 429 with Retry-After when a tier is used up, by the world clock', async () => {
    const slow = createContext(1);
    const part = await startSlack(slow);
    const client = clientOf(part.environment['SLACK_BOT_TOKEN']!, part);
    const calls = await Promise.allSettled(Array.from({ length: 25 }, () => client.conversations.list()));
    const refused = calls.filter((call) => call.status === 'rejected');
    expect(refused).toHaveLength(5);
    expect(refused[0]!.reason.retryAfter).toBe(3);
    await part.close();
  });
  it('counts each accepted change and says whose rule each refusal is', () => {
    expect(context.ledger.counts()['slack:conversations.create']).toBe(1);
    expect(context.ledger.refusals().every(({ source }) => source.startsWith('https://'))).toBe(true);
  });
});
