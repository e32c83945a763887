import { accept, channelById, channelToWrite, findMessage, isTrue } from './channel-access.ts';
import { checkBlocks } from './check-blocks.ts';
import type { Method, MethodWorld } from './method.ts';
import { shownMessage } from './shown-message.ts';
import { SlackRefusal } from './slack-refusal.ts';
import type { SlackChannel, SlackMessage } from './workspace-shapes.ts';

/** `chat.*`. */
export const chatMethods: Record<string, Method> = {
  'chat.postMessage': {
    tier: 'post',
    scope: 'chat:write',
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
      const message = world.workspace.addMessage(channel, {
        user: world.workspace.bot.user,
        text: args.text ?? '',
        blocks: args.blocks === undefined ? undefined : world.workspace.withBlockIds(args.blocks),
        metadata: args.metadata,
        thread_ts: args.thread_ts,
        broadcast: args.thread_ts !== undefined && isTrue(args.reply_broadcast) ? true : undefined,
      });
      accept(world, 'slack:chat.postMessage', channel, { ts: message.ts, text: message.text });
      const { events } = world;
      events.tellSoon(events.messageEvent(channel), channel, events.posted(channel, message));
      return { channel: channel.id, ts: message.ts, message: shownMessage(message, world.workspace, true) };
    },
  },
  'chat.update': {
    tier: 3,
    scope: 'chat:write',
    needs: ['channel', 'ts'],
    takes: ['text', 'blocks', 'metadata', 'link_names', 'parse', 'reply_broadcast'],
    run(args, world) {
      const channel = channelToWrite(args.channel, world);
      const message = ownMessage(channel, args.ts, 'cant_update_message', world);
      checkContent(args);
      const previous = world.events.shown(message);
      if (args.text !== undefined) message.text = args.text;
      if (args.blocks !== undefined) message.blocks = world.workspace.withBlockIds(args.blocks);
      else if (args.text !== undefined) message.blocks = undefined;
      if (args.metadata !== undefined) message.metadata = args.metadata;
      message.edits += 1;
      message.editedBy = { user: message.user, ts: world.workspace.newTimestamp() };
      world.workspace.changed({ kind: 'message', channel: channel.id, ts: message.ts });
      accept(world, 'slack:chat.update', channel, { ts: message.ts });
      const { events } = world;
      events.tellSoon(events.messageEvent(channel), channel, events.edited(channel, message, previous));
      return {
        channel: channel.id,
        ts: message.ts,
        text: message.text,
        message: shownMessage(message, world.workspace, true),
      };
    },
  },
  'chat.delete': {
    tier: 3,
    scope: 'chat:write',
    needs: ['channel', 'ts'],
    takes: ['as_user'],
    run(args, world) {
      const channel = channelById(args.channel, world.workspace);
      const message = ownMessage(channel, args.ts, 'cant_delete_message', world);
      const previous = world.events.shown(message);
      removeMessage(channel, message, world.workspace);
      accept(world, 'slack:chat.delete', channel, { ts: message.ts });
      const { events } = world;
      events.tellSoon(events.messageEvent(channel), channel, events.deleted(channel, previous));
      return { channel: channel.id, ts: message.ts };
    },
  },
  'chat.postEphemeral': {
    tier: 4,
    scope: 'chat:write',
    needs: ['channel', 'user'],
    takes: ['text', 'blocks', 'thread_ts', 'link_names', 'parse'],
    run(args, world) {
      const channel = channelToWrite(args.channel, world);
      if (!channel.members.has(args.user)) throw new SlackRefusal('user_not_in_channel');
      checkContent(args);
      const shown = world.workspace.addEphemeral({
        channel: channel.id,
        user: args.user,
        text: args.text ?? '',
        blocks: args.blocks === undefined ? undefined : world.workspace.withBlockIds(args.blocks),
        thread_ts: args.thread_ts,
      });
      accept(world, 'slack:chat.postEphemeral', channel, { user: args.user });
      return { message_ts: shown.ts };
    },
  },
  'chat.getPermalink': {
    // Without a limit of its own, says its page.
    tier: 'special',
    needs: ['channel', 'message_ts'],
    takes: [],
    run(args, { workspace }) {
      const channel = channelById(args.channel, workspace);
      const message = findMessage(channel, args.message_ts);
      return { channel: channel.id, permalink: permalinkOf(workspace.team.domain, channel, message) };
    },
  },
};

/** The address of a message; a reply's also names its thread. */
export const permalinkOf = (domain: string, channel: SlackChannel, message: SlackMessage): string =>
  `https://${domain}.slack.com/archives/${channel.id}/p${message.ts.replace('.', '')}` +
  (message.thread_ts ? `?thread_ts=${message.thread_ts}&cid=${channel.id}` : '');

export const removeMessage = (channel: SlackChannel, message: SlackMessage, workspace: MethodWorld['workspace']) => {
  channel.messages.splice(channel.messages.indexOf(message), 1);
  workspace.changed({ kind: 'message', channel: channel.id, ts: message.ts });
};

const ownMessage = (channel: SlackChannel, ts: string, code: string, { workspace }: MethodWorld): SlackMessage => {
  const message = findMessage(channel, ts);
  if (message.user !== workspace.bot.user) throw new SlackRefusal(code);
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
