import { channelById, findMessage, isTrue, pageOf } from './channel-access.ts';
import { type Method, scopeByChannel } from './method.ts';
import { repliesTo, shownMessage } from './shown-message.ts';
import { SlackRefusal } from './slack-refusal.ts';
import type { Workspace } from './workspace.ts';
import type { SlackChannel } from './workspace-shapes.ts';

/** What reads conversations, and opens direct ones: `conversations.*`. */
export const conversationMethods: Record<string, Method> = {
  'conversations.info': {
    tier: 3,
    scope: scopeByChannel('read'),
    needs: ['channel'],
    takes: ['include_num_members', 'include_locale'],
    run: (args, world) => ({ channel: shownConversation(channelById(args.channel, world.workspace), world.workspace) }),
  },
  'conversations.list': {
    tier: 2,
    scope: 'channels:read',
    needs: [],
    takes: ['types', 'exclude_archived', 'limit', 'cursor', 'team_id'],
    run(args, { workspace }) {
      const all = [...workspace.channels.values()].filter(isAskedFor(args, workspace));
      const { items, next } = pageOf(all, args, 1000, 100);
      return {
        channels: items.map((channel) => shownConversation(channel, workspace)),
        response_metadata: { next_cursor: next },
      };
    },
  },
  'users.conversations': {
    tier: 3,
    scope: 'channels:read',
    needs: [],
    takes: ['user', 'types', 'exclude_archived', 'limit', 'cursor', 'team_id'],
    run(args, { workspace }) {
      const user = args.user ?? workspace.bot.user;
      if (!workspace.users.has(user)) throw new SlackRefusal('user_not_found');
      const all = [...workspace.channels.values()].filter(
        (channel) => channel.members.has(user) && isAskedFor(args, workspace)(channel),
      );
      const { items, next } = pageOf(all, args, 999, 100);
      return {
        channels: items.map((channel) => shownConversation(channel, workspace)),
        response_metadata: { next_cursor: next },
      };
    },
  },
  'conversations.members': {
    tier: 4,
    scope: scopeByChannel('read'),
    needs: ['channel'],
    takes: ['limit', 'cursor'],
    run(args, { workspace }) {
      const { items, next } = pageOf([...channelById(args.channel, workspace).members], args, 1000, 100);
      return { members: items, response_metadata: { next_cursor: next } };
    },
  },
  'conversations.history': {
    tier: 3,
    scope: scopeByChannel('history'),
    needs: ['channel'],
    takes: ['limit', 'cursor', 'oldest', 'latest', 'inclusive', 'include_all_metadata'],
    run(args, { workspace }) {
      const channel = channelById(args.channel, workspace);
      if (!channel.members.has(workspace.bot.user)) throw new SlackRefusal('not_in_channel');
      const isWanted = isBetween(args);
      const newestFirst = channel.messages
        .filter(({ ts, thread_ts, broadcast }) => (!thread_ts || broadcast) && isWanted(ts))
        .reverse();
      const { items, next } = pageOf(newestFirst, args, 999, 100);
      const withMetadata = isTrue(args.include_all_metadata);
      return {
        messages: items.map((message) =>
          shownMessage(message, workspace, withMetadata, repliesTo(message.ts, channel.messages)),
        ),
        has_more: next !== '',
        pin_count: channel.messages.filter(({ pinned }) => pinned).length,
        response_metadata: { next_cursor: next },
      };
    },
  },
  'conversations.replies': {
    tier: 3,
    scope: scopeByChannel('history'),
    needs: ['channel', 'ts'],
    takes: ['limit', 'cursor', 'oldest', 'latest', 'inclusive', 'include_all_metadata'],
    run(args, { workspace }) {
      const channel = channelById(args.channel, workspace);
      if (!channel.members.has(workspace.bot.user)) throw new SlackRefusal('not_in_channel');
      const asked = findMessage(channel, args.ts, 'thread_not_found');
      const parent = asked.thread_ts ? findMessage(channel, asked.thread_ts, 'thread_not_found') : asked;
      const replies = repliesTo(parent.ts, channel.messages);
      const { items, next } = pageOf(
        replies.filter(({ ts }) => isBetween(args)(ts)),
        args,
        1000,
        1000,
      );
      const withMetadata = isTrue(args.include_all_metadata);
      const first = shownMessage(parent, workspace, withMetadata, replies);
      return {
        // The message that began the thread comes with every page.
        messages: [
          first,
          ...items.map((message) => ({
            ...shownMessage(message, workspace, withMetadata),
            parent_user_id: parent.user,
          })),
        ],
        has_more: next !== '',
        response_metadata: { next_cursor: next },
      };
    },
  },
  'conversations.open': {
    tier: 3,
    scope: 'im:write',
    needs: [],
    takes: ['users', 'channel', 'return_im', 'prevent_creation'],
    run(args, { workspace }) {
      if (args.channel !== undefined) return { channel: { id: channelById(args.channel, workspace).id } };
      const ids = String(args.users ?? '')
        .split(',')
        .filter(Boolean);
      if (ids.length === 0) throw new SlackRefusal('users_list_not_supplied');
      if (ids.length > 1)
        throw new SlackRefusal('invalid_arguments', ['the sandbox opens direct messages with one person']);
      const user = workspace.users.get(ids[0]!);
      if (!user) throw new SlackRefusal('user_not_found');
      if (user.deleted) throw new SlackRefusal('user_disabled');
      if (user.is_bot) throw new SlackRefusal('cannot_dm_bot');
      const channel = workspace.directChannel(user.id);
      return { channel: isTrue(args.return_im) ? shownConversation(channel, workspace) : { id: channel.id } };
    },
  },
};

const isBetween = (args: Record<string, any>) => {
  for (const key of ['oldest', 'latest'])
    if (args[key] !== undefined && Number.isNaN(Number(args[key]))) throw new SlackRefusal(`invalid_ts_${key}`);
  const inclusive = isTrue(args.inclusive);
  return (ts: string) =>
    (args.oldest === undefined || Number(ts) > Number(args.oldest) || (inclusive && ts === args.oldest)) &&
    (args.latest === undefined || Number(ts) < Number(args.latest) || (inclusive && ts === args.latest));
};

/** The bot sees public channels, and those others in which it is. */
const isAskedFor = (args: Record<string, any>, workspace: Workspace) => {
  const types = String(args.types ?? 'public_channel').split(',');
  const unknown = types.filter((type) => !['public_channel', 'private_channel', 'im', 'mpim'].includes(type));
  if (unknown.length > 0) throw new SlackRefusal('invalid_types');
  return (channel: SlackChannel) => {
    if (channel.is_archived && isTrue(args.exclude_archived)) return false;
    if (channel.kind === 'im') return types.includes('im');
    if (!channel.is_private) return types.includes('public_channel');
    return types.includes('private_channel') && channel.members.has(workspace.bot.user);
  };
};

export const shownConversation = (channel: SlackChannel, workspace: Workspace) => ({
  id: channel.id,
  name: channel.name,
  is_channel: channel.kind === 'channel',
  is_im: channel.kind === 'im',
  ...(channel.kind === 'im' ? { user: channel.name } : {}),
  is_private: channel.is_private,
  is_archived: channel.is_archived,
  is_member: channel.members.has(workspace.bot.user),
  created: channel.created,
  creator: channel.creator,
  topic: { value: channel.topic, creator: '', last_set: 0 },
  purpose: { value: channel.purpose, creator: '', last_set: 0 },
  num_members: channel.members.size,
  ...(channel.canvas ? { properties: { canvas: { file_id: channel.canvas, is_empty: false } } } : {}),
});
