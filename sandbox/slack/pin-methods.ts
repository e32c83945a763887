import { accept, channelToWrite, findMessage } from './channel-access.ts';
import type { Method } from './method.ts';
import { shownMessage } from './shown-message.ts';
import { SlackRefusal } from './slack-refusal.ts';

const mostPins = 100;

/** `pins.*`. */
export const pinMethods: Record<string, Method> = {
  'pins.add': {
    tier: 2,
    scope: 'pins:write',
    needs: ['channel'],
    takes: ['timestamp'],
    run(args, world) {
      const channel = channelToWrite(args.channel, world);
      if (args.timestamp === undefined) throw new SlackRefusal('no_item_specified');
      const message = findMessage(channel, args.timestamp);
      if (message.pinned) throw new SlackRefusal('already_pinned');
      if (channel.messages.filter(({ pinned }) => pinned).length >= mostPins) throw new SlackRefusal('too_many_pins');
      message.pinned = true;
      world.workspace.changed({ kind: 'message', channel: channel.id, ts: message.ts });
      accept(world, 'slack:pins.add', channel, { ts: message.ts });
      return {};
    },
  },
  'pins.remove': {
    tier: 2,
    scope: 'pins:write',
    needs: ['channel'],
    takes: ['timestamp'],
    run(args, world) {
      const channel = channelToWrite(args.channel, world);
      if (args.timestamp === undefined) throw new SlackRefusal('no_item_specified');
      const message = findMessage(channel, args.timestamp);
      if (!message.pinned) throw new SlackRefusal('no_pin');
      message.pinned = false;
      world.workspace.changed({ kind: 'message', channel: channel.id, ts: message.ts });
      accept(world, 'slack:pins.remove', channel, { ts: message.ts });
      return {};
    },
  },
  'pins.list': {
    tier: 2,
    scope: 'pins:read',
    needs: ['channel'],
    takes: [],
    run(args, world) {
      const channel = channelToWrite(args.channel, world);
      const pinned = channel.messages.filter((message) => message.pinned).reverse();
      return {
        items: pinned.map((message) => ({
          type: 'message',
          channel: channel.id,
          created: Math.floor(Number(message.ts)),
          created_by: world.workspace.bot.user,
          message: { ...shownMessage(message, world.workspace, false), pinned_to: [channel.id] },
        })),
      };
    },
  },
};
