import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type ListeningSlack, startListeningSlack, webClientOf } from '../support/listening-slack.ts';
import { waitFor } from '../support/talk-world.ts';

let bot: ListeningSlack;
beforeAll(async () => {
  bot = await startListeningSlack();
});
afterAll(() => bot.close());
beforeEach(() => {
  bot.received.length = 0;
});

const me = '<@U0MAYDAYBT>';
const alerts = () => bot.slack.workspace.findChannel('alerts')!;

describe('what people write', () => {
  it('comes as a message, and with the bot mentioned as a mention besides', async () => {
    const { ts } = await bot.act('say', { user: 'ada', channel: '#alerts', text: `${me} how are we?` });
    const common = { user: 'U0ADA0001', text: `${me} how are we?`, ts, channel: alerts().id };
    expect(bot.events('message')).toEqual([expect.objectContaining({ ...common, channel_type: 'channel' })]);
    expect(bot.events('app_mention')).toEqual([expect.objectContaining(common)]);
    expect(bot.received[0]!.headers['x-slack-signature']).toMatch(/^v0=/);
  });
  it('in a thread names the thread, in both', async () => {
    const { ts } = await bot.act('say', { user: 'ada', channel: '#alerts', text: 'begin' });
    bot.received.length = 0;
    await bot.act('say', { user: 'ben', channel: '#alerts', text: `${me} here`, thread_ts: ts });
    const names = { thread_ts: ts, parent_user_id: 'U0ADA0001' };
    expect(bot.events('message')[0]).toMatchObject(names);
    expect(bot.events('app_mention')[0]).toMatchObject(names);
    const { messages } = await bot.web.conversations.replies({ channel: alerts().id, ts });
    expect(messages!.map(({ text }) => text)).toEqual(['begin', `${me} here`]);
    expect(messages![0]).toMatchObject({ reply_count: 1, reply_users: ['U0BEN0001'] });
    const { messages: shown } = await bot.web.conversations.history({ channel: alerts().id, limit: 1 });
    expect(shown![0]!.text).toBe('begin');
  });
  it('to the bot alone is a direct message and no mention', async () => {
    const { channel } = await bot.web.conversations.open({ users: 'U0ADA0001' });
    await bot.act('say', { user: 'ada', channel: channel!.id, text: `${me} hello` });
    expect(bot.events('message')).toEqual([expect.objectContaining({ channel: channel!.id, channel_type: 'im' })]);
    expect(bot.events('app_mention')).toEqual([]);
  });
  it('is told again when edited and when taken back, with what it was', async () => {
    const { ts } = await bot.act('say', { user: 'ada', channel: '#alerts', text: 'first' });
    await bot.act('edit', { user: 'ada', channel: '#alerts', ts, text: 'second' });
    await bot.act('delete', { user: 'ada', channel: '#alerts', ts });
    const [, edited, deleted] = bot.events('message');
    expect(edited).toMatchObject({
      subtype: 'message_changed',
      message: { ts, text: 'second', edited: { user: 'U0ADA0001' } },
      previous_message: { ts, text: 'first' },
    });
    expect(deleted).toMatchObject({ subtype: 'message_deleted', deleted_ts: ts, previous_message: { text: 'second' } });
    await expect(bot.act('edit', { user: 'ada', channel: '#alerts', ts, text: 'x' })).rejects.toThrow('no message');
  });
  it('belongs to who wrote it', async () => {
    const { ts } = await bot.act('say', { user: 'ada', channel: '#alerts', text: 'mine' });
    await expect(bot.act('edit', { user: 'ben', channel: '#alerts', ts, text: 'his' })).rejects.toThrow(
      'did not write',
    );
    await expect(bot.act('say', { user: 'sam', channel: '#alerts', text: 'x' })).rejects.toThrow(
      'sam is not in alerts',
    );
  });
  it('is heard of where the bot is, and nowhere else', async () => {
    const { channel } = await bot.web.conversations.create({ name: 'left-alone' });
    await bot.web.conversations.invite({ channel: channel!.id!, users: 'U0ADA0001' });
    await bot.web.conversations.leave({ channel: channel!.id! });
    bot.received.length = 0;
    const { message } = await bot.act('say', { user: 'ada', channel: 'left-alone', text: me });
    expect([message.skipped, bot.received]).toEqual(['the bot is not in that channel', []]);
  });
  it('of the bot itself comes back to it, as it does at Slack', async () => {
    const { ts } = await bot.web.chat.postMessage({ channel: '#alerts', text: 'of mine' });
    await waitFor(() => bot.events('message').find((event) => event.ts === ts));
    expect(bot.events('message')[0]).toMatchObject({ bot_id: 'B0MAYDAYBT', text: 'of mine' });
  });
});

describe('reactions', () => {
  it('are told with whose message it is, and again when taken away', async () => {
    const { ts } = await bot.act('say', { user: 'ada', channel: '#alerts', text: 'look' });
    await bot.act('react', { user: 'ben', channel: '#alerts', ts, name: 'pushpin' });
    const item = { type: 'message', channel: alerts().id, ts };
    const expected = { user: 'U0BEN0001', reaction: 'pushpin', item, item_user: 'U0ADA0001' };
    expect(bot.events('reaction_added')).toEqual([expect.objectContaining(expected)]);
    await expect(bot.act('react', { user: 'ben', channel: '#alerts', ts, name: 'pushpin' })).rejects.toThrow(
      'already_reacted',
    );
    await bot.act('react', { user: 'ben', channel: '#alerts', ts, name: 'pushpin', remove: true });
    expect(bot.events('reaction_removed')).toEqual([expect.objectContaining(expected)]);
    const { message } = await bot.web.reactions.get({ channel: alerts().id, timestamp: ts });
    expect(message!.reactions).toBeUndefined();
  });
});

describe('shortcuts and homes', () => {
  it('name the message of a message shortcut, and nothing in a global one', async () => {
    const { ts } = await bot.act('say', { user: 'ada', channel: '#alerts', text: 'look' });
    await bot.act('shortcut', { user: 'ada', callbackId: 'global-one' });
    const global = bot.received.at(-1)!.payload;
    expect(global).toMatchObject({ type: 'shortcut', callback_id: 'global-one', user: { id: 'U0ADA0001' } });
    expect(global).not.toHaveProperty('response_url');
    await bot.act('shortcut', { user: 'ada', callbackId: 'message-one', channel: '#alerts', ts });
    expect(bot.received.at(-1)!.payload).toMatchObject({
      type: 'message_action',
      callback_id: 'message-one',
      message_ts: ts,
      message: { ts, text: 'look', user: 'U0ADA0001' },
      channel: { id: alerts().id, name: 'alerts' },
      response_url: expect.stringMatching(/^http/),
      trigger_id: expect.any(String),
    });
  });
  it('open a home and give back what is published there', async () => {
    const before = await bot.act('home', { user: 'ben', wait: false });
    expect([before.view, bot.events('app_home_opened')]).toEqual([
      null,
      [expect.objectContaining({ user: 'U0BEN0001', tab: 'home', channel: expect.stringMatching(/^D/) })],
    ]);
    await bot.web.views.publish({ user_id: 'U0BEN0001', view: { type: 'home', blocks: [{ type: 'divider' }] } });
    const after = await bot.act('home', { user: 'ben', wait: false });
    expect(after.view.blocks).toEqual([expect.objectContaining({ type: 'divider' })]);
    expect(bot.events('app_home_opened')[1].view.type).toBe('home');
  });
});

describe('over Socket Mode', () => {
  it('come all payloads too, each to be acknowledged by its envelope', async () => {
    const other = await startListeningSlack();
    const app = webClientOf(other.slack, other.slack.socketEnvironment['SLACK_APP_TOKEN']);
    const socket = new WebSocket((await app.apps.connections.open()).url!);
    const envelopes: any[] = [];
    socket.on('message', (data) => {
      const envelope = JSON.parse(String(data));
      if (!envelope.envelope_id) return;
      envelopes.push(envelope);
      socket.send(JSON.stringify({ envelope_id: envelope.envelope_id }));
    });
    await once(socket, 'message');
    await other.act('shortcut', { user: 'ada', callbackId: 'global-one' });
    await other.act('say', { user: 'ada', channel: '#alerts', text: me });
    expect(envelopes.map(({ type, payload }) => [type, payload.event?.type ?? payload.type])).toEqual([
      ['interactive', 'shortcut'],
      ['events_api', 'message'],
      ['events_api', 'app_mention'],
    ]);
    expect(other.received).toEqual([]);
    socket.close();
    await other.close();
  });
});

describe('an app that did not ask for an event', () => {
  it('does not get it', async () => {
    const poor = await startListeningSlack({ scopes: ['chat:write'] });
    const { message, mention } = await poor.act('say', { user: 'ada', channel: '#alerts', text: me });
    expect([message.skipped, mention.skipped]).toEqual([
      'message.channels needs the scope channels:history',
      'app_mention needs the scope app_mentions:read',
    ]);
    expect(poor.received).toEqual([]);
    await poor.close();
  });
});
