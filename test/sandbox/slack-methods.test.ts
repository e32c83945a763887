import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOf, type ListeningSlack, startListeningSlack } from '../support/listening-slack.ts';

let bot: ListeningSlack;
let channel: string;
beforeAll(async () => {
  bot = await startListeningSlack({ speed: 100_000 });
  channel = (await bot.web.conversations.create({ name: 'inc-1' })).channel!.id!;
});
afterAll(() => bot.close());

const count = (change: string) => bot.context.ledger.counts()[change] ?? 0;

describe('channels', () => {
  it('are renamed, archived and brought back, and refuse to be written to meanwhile', async () => {
    const { web } = bot;
    const made = (await web.conversations.create({ name: 'inc-2' })).channel!.id!;
    expect(await codeOf(web.conversations.rename({ channel: made, name: 'inc-1' }))).toBe('name_taken');
    expect((await web.conversations.rename({ channel: made, name: 'inc-2-done' })).channel!.name).toBe('inc-2-done');
    await web.conversations.archive({ channel: made });
    expect(await codeOf(web.conversations.archive({ channel: made }))).toBe('already_archived');
    expect(await codeOf(web.chat.postMessage({ channel: made, text: 'x' }))).toBe('is_archived');
    expect((await web.conversations.info({ channel: made })).channel!.is_archived).toBe(true);
    await web.conversations.unarchive({ channel: made });
    expect(await codeOf(web.conversations.unarchive({ channel: made }))).toBe('not_archived');
    expect(await codeOf(web.chat.postMessage({ channel: made, text: 'x' }))).toBe('accepted');
    const general = bot.slack.workspace.findChannel('general')!.id;
    expect(await codeOf(web.conversations.archive({ channel: general }))).toBe('cant_archive_general');
  });
  it('lose whom the bot takes out, and only such', async () => {
    const { web } = bot;
    await web.conversations.invite({ channel, users: 'U0ADA0001' });
    expect((await web.conversations.members({ channel })).members).toContain('U0ADA0001');
    await web.conversations.kick({ channel, user: 'U0ADA0001' });
    expect(await codeOf(web.conversations.kick({ channel, user: 'U0ADA0001' }))).toBe('not_in_channel');
    expect(await codeOf(web.conversations.kick({ channel, user: 'U0MAYDAYBT' }))).toBe('cant_kick_self');
    const { channels } = await web.users.conversations({ user: 'U0ADA0001' });
    expect(channels!.map(({ name }) => name)).not.toContain('inc-1');
  });
});

describe('messages', () => {
  it('have an address, and go when the bot takes them back', async () => {
    const { web } = bot;
    const { ts } = await web.chat.postMessage({ channel, text: 'x' });
    const reply = await web.chat.postMessage({ channel, text: 'y', thread_ts: ts });
    const link = async (message_ts: string) => (await web.chat.getPermalink({ channel, message_ts })).permalink;
    expect(await link(ts!)).toBe(`https://sandbox.slack.com/archives/${channel}/p${ts!.replace('.', '')}`);
    expect(await link(reply.ts!)).toContain(`?thread_ts=${ts}&cid=${channel}`);
    await web.chat.delete({ channel, ts: ts! });
    expect(await codeOf(web.chat.delete({ channel, ts: ts! }))).toBe('message_not_found');
    const other = await bot.act('say', { user: 'ada', channel: '#alerts', text: 'hers' });
    const alerts = bot.slack.workspace.findChannel('alerts')!.id;
    expect(await codeOf(web.chat.delete({ channel: alerts, ts: other.ts }))).toBe('cant_delete_message');
  });
  it('take reactions once each, and give them back', async () => {
    const { web } = bot;
    const { ts } = await web.chat.postMessage({ channel, text: 'x' });
    const at = { channel, timestamp: ts! };
    await web.reactions.add({ ...at, name: 'eyes' });
    expect(await codeOf(web.reactions.add({ ...at, name: 'eyes' }))).toBe('already_reacted');
    expect(await codeOf(web.reactions.add({ ...at, name: ':eyes:' }))).toBe('invalid_name');
    expect((await web.reactions.get(at)).message!.reactions).toEqual([
      { name: 'eyes', count: 1, users: ['U0MAYDAYBT'] },
    ]);
    await web.reactions.remove({ ...at, name: 'eyes' });
    expect(await codeOf(web.reactions.remove({ ...at, name: 'eyes' }))).toBe('no_reaction');
  });
  it('are pinned, listed and let go', async () => {
    const { web } = bot;
    const { ts } = await web.chat.postMessage({ channel, text: 'pin me' });
    await web.pins.add({ channel, timestamp: ts! });
    expect(await codeOf(web.pins.add({ channel, timestamp: ts! }))).toBe('already_pinned');
    const { items } = await web.pins.list({ channel });
    expect(items!.map((item: any) => item.message.text)).toEqual(['pin me']);
    await web.pins.remove({ channel, timestamp: ts! });
    expect(await codeOf(web.pins.remove({ channel, timestamp: ts! }))).toBe('no_pin');
  });
});

describe('what stands beside a channel', () => {
  it('is bookmarks that change and go', async () => {
    const { web } = bot;
    const add = (more: object) =>
      web.bookmarks.add({ channel_id: channel, title: 'Run', type: 'link', ...more } as never);
    expect(await codeOf(add({ link: 'nowhere' }))).toBe('invalid_link');
    const { bookmark } = (await add({ link: 'https://shop.example/run', emoji: ':rocket:' })) as any;
    await web.bookmarks.edit({ channel_id: channel, bookmark_id: bookmark.id, title: 'Run r-1' });
    const listed = async () => (await web.bookmarks.list({ channel_id: channel })).bookmarks!;
    expect((await listed()).map(({ title, link, emoji }) => [title, link, emoji])).toEqual([
      ['Run r-1', 'https://shop.example/run', ':rocket:'],
    ]);
    await web.bookmarks.remove({ channel_id: channel, bookmark_id: bookmark.id });
    expect(await listed()).toEqual([]);
    expect(await codeOf(web.bookmarks.remove({ channel_id: channel, bookmark_id: bookmark.id }))).toBe('not_found');
  });
  it('is one canvas, which can be written on', async () => {
    const content = { type: 'markdown' as const, markdown: '# Post-mortem' };
    const create = () => bot.web.conversations.canvases.create({ channel_id: channel, document_content: content });
    const { canvas_id: id } = await create();
    expect(await codeOf(create())).toBe('channel_canvas_already_exists');
    const more = { type: 'markdown' as const, markdown: '- learnt' };
    await bot.web.canvases.edit({ canvas_id: id!, changes: [{ operation: 'insert_at_end', document_content: more }] });
    expect(bot.slack.workspace.canvases.get(id!)!.markdown).toBe('# Post-mortem\n- learnt');
    const bad = bot.web.canvases.create({ title: 'x', document_content: { type: 'html' } as never });
    expect(await codeOf(bad)).toBe('canvas_creation_failed');
  });
  it('is files, which Slack’s own client uploads in three steps', async () => {
    await bot.web.filesUploadV2({
      channel_id: channel,
      filename: 'report.md',
      title: 'Report',
      content: '# What happened',
      initial_comment: 'The report',
    });
    const { messages } = await bot.web.conversations.history({ channel, limit: 1 });
    const file = (messages![0] as any).files[0];
    expect([messages![0]!.text, file.title, file.size, file.mimetype]).toEqual([
      'The report',
      'Report',
      15,
      'text/markdown',
    ]);
    const authorization = `Bearer ${bot.slack.environment['SLACK_BOT_TOKEN']}`;
    const read = await fetch(file.url_private, { headers: { authorization } });
    expect(await read.text()).toBe('# What happened');
    expect((await fetch(file.url_private)).status).toBe(404);
    const begun = await bot.web.files.getUploadURLExternal({ filename: 'a.txt', length: 1 });
    const complete = bot.web.files.completeUploadExternal({ files: [{ id: begun.file_id!, title: 'a' }] });
    expect(await codeOf(complete)).toBe('file_not_found');
  });
});

describe('who is who', () => {
  it('is told of people and groups', async () => {
    const found = await bot.web.users.lookupByEmail({ email: 'ada@shop.example' });
    expect([found.user!.id, found.user!.profile!.title]).toEqual(['U0ADA0001', 'ADA']);
    expect(await codeOf(bot.web.users.lookupByEmail({ email: 'nobody@shop.example' }))).toBe('users_not_found');
    const { usergroups } = await bot.web.usergroups.list({ include_users: true });
    expect(usergroups!.map(({ id, handle, users }) => [id, handle, users])).toEqual([
      ['S0BOSSES1', 'bosses', ['U0BEN0001']],
    ]);
  });
});

describe('what a token may', () => {
  it('is what the manifest was granted', async () => {
    const poor = await startListeningSlack({ scopes: ['chat:write'] });
    const call = poor.web.pins.list({ channel: 'C1' }).catch((error) => error.data);
    expect(await call).toMatchObject({ error: 'missing_scope', needed: 'pins:read', provided: 'chat:write' });
    const direct = poor.slack.workspace.directChannel('U0ADA0001').id;
    const history = poor.web.conversations.history({ channel: direct }).catch((error) => error.data);
    expect(await history).toMatchObject({ needed: 'im:history' });
    await poor.close();
  });
  it('is counted by how each call ended', async () => {
    const slow = await startListeningSlack({ speed: 1 });
    const calls = Array.from({ length: 22 }, () => codeOf(slow.web.pins.list({ channel: '#alerts' })));
    await Promise.all([...calls, codeOf(slow.web.chat.postMessage({ channel: 'nowhere', text: 'x' }))]);
    expect(slow.context.ledger.calls()).toMatchObject({
      'slack:pins.list': { ok: 20, limited: 2, refused: 0 },
      'slack:chat.postMessage': { ok: 0, refused: 1 },
    });
    await slow.close();
  });
  it('changes the ledger only where it changed something', () => {
    expect([count('slack:pins.add'), count('slack:pins.list'), count('slack:bookmarks.edit')]).toEqual([1, 0, 1]);
  });
});
