import { accept, channelToWrite, findMessage } from './channel-access.ts';
import type { Method } from './method.ts';
import { shownMessage } from './shown-message.ts';
import { SlackRefusal } from './slack-refusal.ts';
import type { Workspace } from './workspace.ts';
import type { SlackChannel, SlackMessage } from './workspace-shapes.ts';

/** How many different emoji one message takes, and how many reactions of one person. */
const mostEmoji = 23;

/** `reactions.*`. */
export const reactionMethods: Record<string, Method> = {
  'reactions.add': {
    tier: 3,
    scope: 'reactions:write',
    needs: ['channel', 'timestamp', 'name'],
    takes: [],
    run(args, world) {
      const channel = channelToWrite(args.channel, world);
      const message = findMessage(channel, args.timestamp);
      const by = world.workspace.bot.user;
      addReaction(channel, message, args.name, by, world.workspace);
      accept(world, 'slack:reactions.add', channel, { ts: message.ts, name: args.name });
      const { events } = world;
      events.tellSoon('reaction_added', channel, events.reaction('reaction_added', channel, message, by, args.name));
      return {};
    },
  },
  'reactions.remove': {
    tier: 2,
    scope: 'reactions:write',
    needs: ['name'],
    takes: ['channel', 'timestamp'],
    run(args, world) {
      if (args.channel === undefined || args.timestamp === undefined) throw new SlackRefusal('no_item_specified');
      const channel = channelToWrite(args.channel, world);
      const message = findMessage(channel, args.timestamp);
      const by = world.workspace.bot.user;
      removeReaction(channel, message, args.name, by, world.workspace);
      accept(world, 'slack:reactions.remove', channel, { ts: message.ts, name: args.name });
      const { events } = world;
      events.tellSoon(
        'reaction_removed',
        channel,
        events.reaction('reaction_removed', channel, message, by, args.name),
      );
      return {};
    },
  },
  'reactions.get': {
    tier: 3,
    scope: 'reactions:read',
    needs: [],
    takes: ['channel', 'timestamp', 'full'],
    run(args, world) {
      if (args.channel === undefined || args.timestamp === undefined) throw new SlackRefusal('no_item_specified');
      const channel = channelToWrite(args.channel, world);
      const message = findMessage(channel, args.timestamp);
      return { type: 'message', channel: channel.id, message: shownMessage(message, world.workspace, false) };
    },
  },
};

export const addReaction = (
  channel: SlackChannel,
  message: SlackMessage,
  name: string,
  by: string,
  workspace: Workspace,
): void => {
  // A skin tone may follow: `wave::skin-tone-2`.
  if (!/^[a-z0-9_+'-]+(::skin-tone-[2-6])?$/.test(name)) throw new SlackRefusal('invalid_name');
  const known = message.reactions.find((reaction) => reaction.name === name);
  if (known?.users.includes(by)) throw new SlackRefusal('already_reacted');
  if (!known && message.reactions.length >= mostEmoji) throw new SlackRefusal('too_many_emoji');
  if (message.reactions.filter(({ users }) => users.includes(by)).length >= mostEmoji)
    throw new SlackRefusal('too_many_reactions');
  if (known) known.users.push(by);
  else message.reactions.push({ name, users: [by] });
  workspace.changed({ kind: 'message', channel: channel.id, ts: message.ts });
};

export const removeReaction = (
  channel: SlackChannel,
  message: SlackMessage,
  name: string,
  by: string,
  workspace: Workspace,
): void => {
  const known = message.reactions.find((reaction) => reaction.name === name);
  if (!known?.users.includes(by)) throw new SlackRefusal('no_reaction');
  known.users.splice(known.users.indexOf(by), 1);
  if (known.users.length === 0) message.reactions.splice(message.reactions.indexOf(known), 1);
  workspace.changed({ kind: 'message', channel: channel.id, ts: message.ts });
};
