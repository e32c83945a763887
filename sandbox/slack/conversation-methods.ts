import { type Method, type MethodWorld, shownMessage } from './method.ts';
import { SlackRefusal } from './slack-refusal.ts';
import type { SlackChannel, Workspace } from './workspace.ts';

/** `conversations.*`. */
export const conversationMethods: Record<string, Method> = {
  'conversations.create': {
    tier: 2,
    needs: ['name'],
    takes: ['is_private', 'team_id'],
    run(args, world) {
      const name = String(args.name);
      if (name.length > 80) throw new SlackRefusal('invalid_name_maxlength');
      if (name === '') throw new SlackRefusal('invalid_name_required');
      if (!/^[a-z0-9_-]+$/.test(name)) throw new SlackRefusal('invalid_name_specials');
      if (!/[a-z0-9]/.test(name)) throw new SlackRefusal('invalid_name_punctuation');
      if (world.workspace.findChannel(name)?.name === name) throw new SlackRefusal('name_taken');
      const channel = world.workspace.addChannel(name, world.workspace.bot.user, isTrue(args.is_private));
      accept(world, 'slack:conversations.create', channel, {});
      return { channel: shown(channel, world.workspace) };
    },
  },
  'conversations.invite': {
    tier: 3,
    needs: ['channel', 'users'],
    takes: ['force'],
    run(args, world) {
      const channel = find(args.channel, world.workspace);
      if (!channel.members.has(world.workspace.bot.user)) throw new SlackRefusal('not_in_channel');
      const ids = String(args.users).split(',').filter(Boolean);
      if (ids.length === 0) throw new SlackRefusal('no_user');
      if (ids.length > 1000) throw new SlackRefusal('too_many_users');
      const errors = ids.flatMap((user) => {
        const known = world.workspace.users.get(user);
        if (!known || known.deleted) return [{ user, ok: false, error: 'user_not_found' }];
        if (user === world.workspace.bot.user) return [{ user, ok: false, error: 'cant_invite_self' }];
        if (channel.members.has(user)) return [{ user, ok: false, error: 'already_in_channel' }];
        return [];
      });
      const mayGoOn = isTrue(args.force) && errors.length < ids.length;
      if (errors[0] && !mayGoOn)
        throw new SlackRefusal(
          errors[0].error,
          errors.map((each) => `${each.user}: ${each.error}`),
        );
      const invited = ids.filter((user) => !errors.some((each) => each.user === user));
      for (const user of invited) channel.members.add(user);
      accept(world, 'slack:conversations.invite', channel, { users: invited });
      return { channel: shown(channel, world.workspace), ...(errors.length > 0 ? { errors } : {}) };
    },
  },
  'conversations.info': {
    tier: 3,
    needs: ['channel'],
    takes: ['include_num_members', 'include_locale'],
    run: (args, world) => ({ channel: shown(find(args.channel, world.workspace), world.workspace) }),
  },
  'conversations.list': {
    tier: 2,
    needs: [],
    takes: ['types', 'exclude_archived', 'limit', 'cursor', 'team_id'],
    run(args, { workspace }) {
      const types = String(args.types ?? 'public_channel').split(',');
      const isWanted = (channel: SlackChannel) =>
        channel.kind === 'im'
          ? types.includes('im')
          : types.includes(channel.is_private ? 'private_channel' : 'public_channel');
      const all = [...workspace.channels.values()].filter(isWanted);
      const { items, next } = pageOf(all, args, 1000, 100);
      return { channels: items.map((channel) => shown(channel, workspace)), response_metadata: { next_cursor: next } };
    },
  },
  'conversations.members': {
    tier: 4,
    needs: ['channel'],
    takes: ['limit', 'cursor'],
    run(args, { workspace }) {
      const { items, next } = pageOf([...find(args.channel, workspace).members], args, 1000, 100);
      return { members: items, response_metadata: { next_cursor: next } };
    },
  },
  'conversations.history': {
    tier: 3,
    needs: ['channel'],
    takes: ['limit', 'cursor', 'oldest', 'latest', 'inclusive', 'include_all_metadata'],
    run(args, { workspace }) {
      const channel = find(args.channel, workspace);
      if (!channel.members.has(workspace.bot.user)) throw new SlackRefusal('not_in_channel');
      const inclusive = isTrue(args.inclusive);
      const isWanted = (ts: string) =>
        (args.oldest === undefined || Number(ts) > Number(args.oldest) || (inclusive && ts === args.oldest)) &&
        (args.latest === undefined || Number(ts) < Number(args.latest) || (inclusive && ts === args.latest));
      const newestFirst = channel.messages.filter(({ ts, thread_ts }) => !thread_ts && isWanted(ts)).reverse();
      const { items, next } = pageOf(newestFirst, args, 999, 100);
      return {
        messages: items.map((message) => shownMessage(message, workspace, isTrue(args.include_all_metadata))),
        has_more: next !== '',
        response_metadata: { next_cursor: next },
      };
    },
  },
  'conversations.setTopic': textMethod('topic'),
  'conversations.setPurpose': textMethod('purpose'),
  'conversations.join': {
    tier: 3,
    needs: ['channel'],
    takes: [],
    run(args, world) {
      const channel = find(args.channel, world.workspace);
      if (channel.kind === 'im' || channel.is_private) throw new SlackRefusal('method_not_supported_for_channel_type');
      channel.members.add(world.workspace.bot.user);
      accept(world, 'slack:conversations.join', channel, {});
      return { channel: shown(channel, world.workspace) };
    },
  },
  'conversations.open': {
    tier: 3,
    needs: [],
    takes: ['users', 'channel', 'return_im', 'prevent_creation'],
    run(args, { workspace }) {
      const ids = String(args.users ?? '')
        .split(',')
        .filter(Boolean);
      if (ids.length !== 1)
        throw new SlackRefusal('invalid_arguments', ['the sandbox opens direct messages with one person']);
      const user = workspace.users.get(ids[0]!);
      if (!user) throw new SlackRefusal('user_not_found');
      if (user.deleted) throw new SlackRefusal('user_disabled');
      if (user.is_bot) throw new SlackRefusal('cannot_dm_bot');
      return { channel: { id: workspace.directChannel(user.id).id } };
    },
  },
};

function textMethod(key: 'topic' | 'purpose'): Method {
  return {
    tier: 2,
    needs: ['channel', key],
    takes: [],
    run(args, world) {
      const channel = find(args.channel, world.workspace);
      if (!channel.members.has(world.workspace.bot.user)) throw new SlackRefusal('not_in_channel');
      if (String(args[key]).length > 250) throw new SlackRefusal('too_long');
      channel[key] = String(args[key]);
      accept(world, `slack:conversations.${key === 'topic' ? 'setTopic' : 'setPurpose'}`, channel, {
        [key]: channel[key],
      });
      return { channel: shown(channel, world.workspace) };
    },
  };
}

const isTrue = (value: unknown) => value === true || value === 'true' || value === '1' || value === 1;

const find = (id: string, workspace: Workspace): SlackChannel => {
  // Unlike chat.postMessage, these methods know channels by id only.
  const channel = workspace.channels.get(id);
  if (!channel) throw new SlackRefusal('channel_not_found');
  return channel;
};

const shown = (channel: SlackChannel, workspace: Workspace) => ({
  id: channel.id,
  name: channel.name,
  is_channel: channel.kind === 'channel',
  is_im: channel.kind === 'im',
  is_private: channel.is_private,
  is_archived: false,
  is_member: channel.members.has(workspace.bot.user),
  created: channel.created,
  creator: channel.creator,
  topic: { value: channel.topic, creator: '', last_set: 0 },
  purpose: { value: channel.purpose, creator: '', last_set: 0 },
  num_members: channel.members.size,
});

const pageOf = <T>(all: T[], args: Record<string, any>, most: number, usual: number) => {
  const limit = args.limit === undefined ? usual : Number(args.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > most) throw new SlackRefusal('invalid_limit');
  const start = args.cursor ? Number(Buffer.from(String(args.cursor), 'base64').toString()) : 0;
  if (!Number.isInteger(start)) throw new SlackRefusal('invalid_cursor');
  const end = start + limit;
  return { items: all.slice(start, end), next: end < all.length ? Buffer.from(String(end)).toString('base64') : '' };
};

const accept = (world: MethodWorld, change: string, channel: SlackChannel, details: Record<string, unknown>) =>
  world.context.ledger.accept(change, `slack:${channel.id}`, { name: channel.name, ...details }).visible();
