import { join } from './channel-methods.ts';
import { removeMessage } from './chat-methods.ts';
import { type ActsWorld, createPeople } from './people.ts';
import { addReaction, removeReaction } from './reaction-methods.ts';

/** What people write, edit, take back and react to, told to the app as events. */
export const createTalk = ({ workspace, events }: ActsWorld) => {
  const people = createPeople(workspace);
  const inside = (body: { user: string; channel: string }) => {
    const user = people.person(body.user);
    const channel = people.place(body.channel);
    if (!channel.members.has(user.id)) throw new Error(`${user.name} is not in ${channel.name}`);
    if (channel.is_archived) throw new Error(`${channel.name} is archived`);
    return { user, channel };
  };

  return {
    async say(body: { user: string; channel: string; text: string; thread_ts?: string; reply_broadcast?: boolean }) {
      const { user, channel } = inside(body);
      if (!body.text) throw new Error('nothing was written');
      if (body.thread_ts !== undefined) people.message(channel, body.thread_ts);
      const message = workspace.addMessage(channel, {
        user: user.id,
        text: body.text,
        thread_ts: body.thread_ts,
        broadcast: body.reply_broadcast || undefined,
      });
      const posted = events.posted(channel, message);
      const { channel_type: _, ...mention } = posted;
      const isMention = channel.kind === 'channel' && body.text.includes(`<@${workspace.bot.user}>`);
      const [told, mentioned] = await Promise.all([
        events.tell(events.messageEvent(channel), channel, posted),
        isMention ? events.tell('app_mention', channel, { ...mention, type: 'app_mention' }) : undefined,
      ]);
      return { ts: message.ts, message: told, mention: mentioned ?? null };
    },

    async edit(body: { user: string; channel: string; ts: string; text: string }) {
      const { user, channel } = inside(body);
      const message = people.message(channel, body.ts);
      if (message.user !== user.id) throw new Error(`${user.name} did not write that message`);
      const previous = events.shown(message);
      message.text = body.text;
      message.edits += 1;
      message.editedBy = { user: user.id, ts: workspace.newTimestamp() };
      workspace.changed({ kind: 'message', channel: channel.id, ts: message.ts });
      return events.tell(events.messageEvent(channel), channel, events.edited(channel, message, previous));
    },

    async delete(body: { user: string; channel: string; ts: string }) {
      const { user, channel } = inside(body);
      const message = people.message(channel, body.ts);
      if (message.user !== user.id) throw new Error(`${user.name} did not write that message`);
      const previous = events.shown(message);
      removeMessage(channel, message, workspace);
      return events.tell(events.messageEvent(channel), channel, events.deleted(channel, previous));
    },

    async react(body: { user: string; channel: string; ts: string; name: string; remove?: boolean }) {
      const { user, channel } = inside(body);
      const message = people.message(channel, body.ts);
      if (!body.name) throw new Error('no name of an emoji was given, such as { name: "pushpin" }');
      const change = body.remove ? removeReaction : addReaction;
      change(channel, message, body.name, user.id, workspace);
      const type = body.remove ? 'reaction_removed' : 'reaction_added';
      return events.tell(type, channel, events.reaction(type, channel, message, user.id, body.name));
    },

    async pin(body: { user: string; channel: string; ts: string; remove?: boolean }) {
      const { user, channel } = inside(body);
      const message = people.message(channel, body.ts);
      const pinned = body.remove !== true;
      if (message.pinned === pinned) throw new Error(pinned ? 'already pinned' : 'not pinned');
      message.pinned = pinned;
      workspace.changed({ kind: 'message', channel: channel.id, ts: message.ts });
      const type = pinned ? 'pin_added' : 'pin_removed';
      const item = { type: 'message', channel: channel.id, created_by: user.id, message: events.shown(message) };
      return events.tell(type, channel, { type, user: user.id, channel_id: channel.id, item });
    },

    /** Comes into a public channel, as anybody who works here may. */
    join(body: { user: string; channel: string }) {
      const user = people.person(body.user);
      const channel = people.place(body.channel);
      const isOutside = user.is_restricted || user.is_stranger || user.deleted;
      if (channel.kind === 'im' || channel.is_private || isOutside)
        throw new Error(`${user.name} must be invited to ${channel.name}`);
      if (!channel.members.has(user.id)) join({ events, workspace }, channel, user.id);
      return { channel: channel.id };
    },
  };
};
