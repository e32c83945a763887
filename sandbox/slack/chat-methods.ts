import { checkBlocks } from './check-blocks.ts';
import { type Method, type MethodWorld, shownMessage } from './method.ts';
import { SlackRefusal } from './slack-refusal.ts';
import type { SlackChannel, SlackMessage } from './workspace.ts';

/** `chat.*`, `reactions.*`, `pins.*` and `bookmarks.*`. */
export const chatMethods: Record<string, Method> = {
  'chat.postMessage': {
    tier: 'post',
    needs: ['channel'],
    takes: [
      'text',
      'blocks',
      'metadata',
      'thread_ts',
      'reply_broadcast',
      'unfurl_links',
      'unfurl_media',
      'mrkdwn',
      'link_names',
      'parse',
    ],
    run(args, world) {
      const channel = channelToWrite(args.channel, world);
      checkContent(args);
      if (args.thread_ts !== undefined) findMessage(channel, args.thread_ts, 'thread_not_found');
      const message: SlackMessage = {
        ts: world.workspace.newTimestamp(),
        user: world.workspace.bot.user,
        text: args.text ?? '',
        blocks: args.blocks === undefined ? undefined : withBlockIds(args.blocks, world),
        metadata: args.metadata,
        thread_ts: args.thread_ts,
        edits: 0,
        pinned: false,
        reactions: [],
      };
      channel.messages.push(message);
      accept(world, 'slack:chat.postMessage', channel, { ts: message.ts, text: message.text });
      return { channel: channel.id, ts: message.ts, message: shownMessage(message, world.workspace, true) };
    },
  },
  'chat.update': {
    tier: 3,
    needs: ['channel', 'ts'],
    takes: ['text', 'blocks', 'metadata', 'link_names', 'parse', 'reply_broadcast'],
    run(args, world) {
      const channel = channelToWrite(args.channel, world);
      const message = findMessage(channel, args.ts);
      if (message.user !== world.workspace.bot.user) throw new SlackRefusal('cant_update_message');
      checkContent(args);
      if (args.text !== undefined) message.text = args.text;
      if (args.blocks !== undefined) message.blocks = withBlockIds(args.blocks, world);
      else if (args.text !== undefined) message.blocks = undefined;
      if (args.metadata !== undefined) message.metadata = args.metadata;
      message.edits += 1;
      accept(world, 'slack:chat.update', channel, { ts: message.ts });
      return {
        channel: channel.id,
        ts: message.ts,
        text: message.text,
        message: shownMessage(message, world.workspace, true),
      };
    },
  },
  'chat.postEphemeral': {
    tier: 4,
    needs: ['channel', 'user'],
    takes: ['text', 'blocks', 'thread_ts', 'link_names', 'parse'],
    run(args, world) {
      const channel = channelToWrite(args.channel, world);
      if (!channel.members.has(args.user)) throw new SlackRefusal('user_not_in_channel');
      checkContent(args);
      world.workspace.ephemeral.push({
        channel: channel.id,
        user: args.user,
        text: args.text ?? '',
        blocks: args.blocks,
        at: world.context.clock.now().toISOString(),
      });
      accept(world, 'slack:chat.postEphemeral', channel, { user: args.user });
      return { message_ts: world.workspace.newTimestamp() };
    },
  },
  'reactions.add': {
    tier: 3,
    needs: ['channel', 'timestamp', 'name'],
    takes: [],
    run(args, world) {
      const channel = channelToWrite(args.channel, world);
      const message = findMessage(channel, args.timestamp);
      const known = message.reactions.find((reaction) => reaction.name === args.name);
      if (known?.users.includes(world.workspace.bot.user)) throw new SlackRefusal('already_reacted');
      if (known) known.users.push(world.workspace.bot.user);
      else message.reactions.push({ name: args.name, users: [world.workspace.bot.user] });
      accept(world, 'slack:reactions.add', channel, { ts: message.ts, name: args.name });
      return {};
    },
  },
  'pins.add': {
    tier: 2,
    needs: ['channel', 'timestamp'],
    takes: [],
    run(args, world) {
      const channel = channelToWrite(args.channel, world);
      const message = findMessage(channel, args.timestamp);
      if (message.pinned) throw new SlackRefusal('already_pinned');
      message.pinned = true;
      accept(world, 'slack:pins.add', channel, { ts: message.ts });
      return {};
    },
  },
  'bookmarks.add': {
    tier: 2,
    needs: ['channel_id', 'title', 'type'],
    takes: ['link', 'emoji', 'entity_id', 'parent_id'],
    run(args, world) {
      const channel = channelToWrite(args.channel_id, world);
      if (args.type !== 'link') throw new SlackRefusal('invalid_bookmark_type');
      if (!URL.canParse(String(args.link))) throw new SlackRefusal('invalid_link');
      const bookmark = { id: world.workspace.newId('Bk'), title: String(args.title), link: String(args.link) };
      channel.bookmarks.push(bookmark);
      accept(world, 'slack:bookmarks.add', channel, { title: bookmark.title });
      return { bookmark: { ...bookmark, channel_id: channel.id, type: 'link' } };
    },
  },
};

/** A channel by id or name, or a person's direct messages; the bot must be inside. */
const channelToWrite = (written: string, { workspace }: MethodWorld): SlackChannel => {
  const user = workspace.users.get(written);
  if (user?.deleted || user?.is_bot) throw new SlackRefusal('channel_not_found');
  const channel = user ? workspace.directChannel(user.id) : workspace.findChannel(written);
  if (!channel) throw new SlackRefusal('channel_not_found');
  if (!channel.members.has(workspace.bot.user)) throw new SlackRefusal('not_in_channel');
  return channel;
};

const findMessage = (channel: SlackChannel, ts: string, code = 'message_not_found'): SlackMessage => {
  const message = channel.messages.find((each) => each.ts === ts);
  if (!message) throw new SlackRefusal(code);
  return message;
};

const checkContent = (args: Record<string, any>) => {
  const isEmpty = (value: unknown) => value === undefined || value === '';
  if (isEmpty(args.text) && (args.blocks === undefined || args.blocks.length === 0)) throw new SlackRefusal('no_text');
  if (typeof args.text === 'string' && args.text.length > 40_000) throw new SlackRefusal('msg_too_long');
  if (args.blocks !== undefined) checkBlocks(args.blocks, 'message');
  const metadata = args.metadata;
  if (metadata !== undefined) {
    const isWellFormed =
      typeof metadata.event_type === 'string' &&
      typeof metadata.event_payload === 'object' &&
      metadata.event_payload !== null;
    if (!isWellFormed) throw new SlackRefusal('metadata_must_be_sent_with_event_type_and_payload');
    if (JSON.stringify(metadata).length > 8_000) throw new SlackRefusal('metadata_too_large');
  }
};

/** Slack gives every block an id when the app gave none, and sends it back with a click. */
const withBlockIds = (blocks: any[], { workspace }: MethodWorld) =>
  blocks.map((block) => ({ block_id: workspace.newId('b'), ...block }));

const accept = (world: MethodWorld, change: string, channel: SlackChannel, details: Record<string, unknown>) =>
  world.context.ledger.accept(change, `slack:${channel.id}`, { name: channel.name, ...details }).visible();
