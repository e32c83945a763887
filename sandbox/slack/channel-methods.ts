import { accept, channelById, channelWithBot, isTrue } from './channel-access.ts';
import { shownConversation } from './conversation-methods.ts';
import { type Method, type MethodWorld, scopeByChannel } from './method.ts';
import { SlackRefusal } from './slack-refusal.ts';
import type { SlackChannel } from './workspace-shapes.ts';

/** What makes and changes channels: `conversations.*`. */
export const channelMethods: Record<string, Method> = {
  'conversations.create': {
    tier: 2,
    scope: (args) => (isTrue(args.is_private) ? 'groups:write' : 'channels:manage'),
    needs: ['name'],
    takes: ['is_private', 'team_id'],
    run(args, world) {
      const name = checkedName(args.name, world);
      const channel = world.workspace.addChannel(name, world.workspace.bot.user, isTrue(args.is_private));
      return told(world, 'slack:conversations.create', channel, {});
    },
  },
  'conversations.rename': {
    tier: 2,
    scope: scopeByChannel('manage'),
    needs: ['channel', 'name'],
    takes: [],
    run(args, world) {
      const channel = ofKindChannel(channelWithBot(args.channel, world.workspace));
      if (channel.creator !== world.workspace.bot.user) throw new SlackRefusal('not_authorized');
      if (args.name !== channel.name) channel.name = checkedName(args.name, world);
      return told(world, 'slack:conversations.rename', channel, {});
    },
  },
  'conversations.archive': {
    tier: 2,
    scope: scopeByChannel('manage'),
    needs: ['channel'],
    takes: [],
    run(args, world) {
      const channel = ofKindChannel(channelById(args.channel, world.workspace));
      if (channel.is_archived) throw new SlackRefusal('already_archived');
      if (channel.name === 'general') throw new SlackRefusal('cant_archive_general');
      if (!channel.members.has(world.workspace.bot.user)) throw new SlackRefusal('not_in_channel');
      channel.is_archived = true;
      const event = { type: 'channel_archive', channel: channel.id, user: world.workspace.bot.user };
      world.events.tellSoon('channel_archive', channel, event);
      told(world, 'slack:conversations.archive', channel, {});
      return {};
    },
  },
  'conversations.unarchive': {
    tier: 2,
    scope: scopeByChannel('manage'),
    needs: ['channel'],
    takes: [],
    run(args, world) {
      const channel = ofKindChannel(channelById(args.channel, world.workspace));
      if (!channel.is_archived) throw new SlackRefusal('not_archived');
      channel.is_archived = false;
      told(world, 'slack:conversations.unarchive', channel, {});
      return {};
    },
  },
  'conversations.invite': {
    tier: 3,
    scope: scopeByChannel('manage'),
    needs: ['channel', 'users'],
    takes: ['force'],
    run(args, world) {
      const channel = ofKindChannel(channelWithBot(args.channel, world.workspace));
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
      for (const user of invited) join(world, channel, user, world.workspace.bot.user);
      const answer = told(world, 'slack:conversations.invite', channel, { users: invited });
      return { ...answer, ...(errors.length > 0 ? { errors } : {}) };
    },
  },
  'conversations.kick': {
    tier: 3,
    scope: scopeByChannel('manage'),
    needs: ['channel', 'user'],
    takes: [],
    run(args, world) {
      const channel = ofKindChannel(channelWithBot(args.channel, world.workspace));
      if (!world.workspace.users.has(args.user)) throw new SlackRefusal('user_not_found');
      if (args.user === world.workspace.bot.user) throw new SlackRefusal('cant_kick_self');
      if (channel.name === 'general') throw new SlackRefusal('cant_kick_from_general');
      if (!channel.members.delete(args.user)) throw new SlackRefusal('not_in_channel');
      const event = { type: 'member_left_channel', user: args.user, channel: channel.id, channel_type: 'C' };
      world.events.tellSoon('member_left_channel', channel, event);
      told(world, 'slack:conversations.kick', channel, { user: args.user });
      return { errors: {} };
    },
  },
  'conversations.join': {
    tier: 3,
    scope: 'channels:join',
    needs: ['channel'],
    takes: [],
    run(args, world) {
      const channel = ofKindChannel(channelById(args.channel, world.workspace));
      if (channel.is_private) throw new SlackRefusal('method_not_supported_for_channel_type');
      if (channel.is_archived) throw new SlackRefusal('is_archived');
      if (!channel.members.has(world.workspace.bot.user)) join(world, channel, world.workspace.bot.user);
      return told(world, 'slack:conversations.join', channel, {});
    },
  },
  'conversations.leave': {
    tier: 3,
    scope: scopeByChannel('manage'),
    needs: ['channel'],
    takes: [],
    run(args, world) {
      const channel = ofKindChannel(channelById(args.channel, world.workspace));
      if (channel.is_archived) throw new SlackRefusal('is_archived');
      if (channel.name === 'general') throw new SlackRefusal('cant_leave_general');
      if (!channel.members.delete(world.workspace.bot.user)) return { not_in_channel: true };
      told(world, 'slack:conversations.leave', channel, {});
      return {};
    },
  },
  'conversations.setTopic': textMethod('topic'),
  'conversations.setPurpose': textMethod('purpose'),
};

/** Somebody comes in; the app hears of it when it asked to. */
export const join = (
  world: Pick<MethodWorld, 'events' | 'workspace'>,
  channel: SlackChannel,
  user: string,
  inviter?: string,
): void => {
  channel.members.add(user);
  world.workspace.changed({ kind: 'channel', channel: channel.id });
  const event = {
    type: 'member_joined_channel',
    user,
    channel: channel.id,
    channel_type: channel.is_private ? 'G' : 'C',
    team: world.workspace.team.id,
    ...(inviter ? { inviter } : {}),
  };
  world.events.tellSoon('member_joined_channel', channel, event);
};

function textMethod(key: 'topic' | 'purpose'): Method {
  return {
    tier: 2,
    scope: scopeByChannel('manage'),
    needs: ['channel', key],
    takes: [],
    run(args, world) {
      const channel = channelWithBot(args.channel, world.workspace);
      if (String(args[key]).length > 250) throw new SlackRefusal('too_long');
      channel[key] = String(args[key]);
      const change = `slack:conversations.${key === 'topic' ? 'setTopic' : 'setPurpose'}`;
      return told(world, change, channel, { [key]: channel[key] });
    },
  };
}

const checkedName = (written: unknown, { workspace }: MethodWorld): string => {
  const name = String(written);
  if (name.length > 80) throw new SlackRefusal('invalid_name_maxlength');
  if (name === '') throw new SlackRefusal('invalid_name_required');
  if (!/^[a-z0-9_-]+$/.test(name)) throw new SlackRefusal('invalid_name_specials');
  if (!/[a-z0-9]/.test(name)) throw new SlackRefusal('invalid_name_punctuation');
  if (workspace.findChannel(name)?.name === name) throw new SlackRefusal('name_taken');
  return name;
};

const ofKindChannel = (channel: SlackChannel): SlackChannel => {
  if (channel.kind === 'im') throw new SlackRefusal('method_not_supported_for_channel_type');
  return channel;
};

const told = (world: MethodWorld, change: string, channel: SlackChannel, details: Record<string, unknown>) => {
  world.workspace.changed({ kind: 'channel', channel: channel.id });
  accept(world, change, channel, details);
  return { channel: shownConversation(channel, world.workspace) };
};
