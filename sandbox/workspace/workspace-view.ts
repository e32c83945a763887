import type { Account } from '../pagerduty/account.ts';
import { permalinkOf } from '../slack/chat-methods.ts';
import type { SlackPart } from '../slack/start-slack.ts';
import type { SlackChannel, SlackEphemeral, SlackMessage, SlackUser, SlackView } from '../slack/workspace-shapes.ts';
import type { WorldPlan } from '../world-plan.ts';
import type { Channel, Message, Person, View } from './shapes.ts';

/** How many messages of a channel a page begins with. */
const shownMessages = 300;

/** The workspace as one person sees it: their channels, what is meant for them alone, their modals. */
export const createWorkspaceView = ({ workspace }: SlackPart, account: Account, plans: WorldPlan[]) => {
  const onCall = () => {
    const ids = new Set([...account.schedules.values()].flat());
    return new Set([...account.users.values()].filter(({ id }) => ids.has(id)).map(({ email }) => email));
  };
  const isSeenBy = (channel: SlackChannel, user: SlackUser): boolean => {
    if (channel.members.has(user.id)) return true;
    const isOutside = user.is_restricted || user.is_stranger;
    return channel.kind === 'channel' && !channel.is_private && !isOutside;
  };
  const message = (channel: SlackChannel, made: SlackMessage): Message => ({
    ts: made.ts,
    channel: channel.id,
    user: made.user,
    text: made.text,
    blocks: made.blocks,
    threadTs: made.thread_ts,
    broadcast: made.broadcast,
    edited: made.edits > 0,
    pinned: made.pinned,
    reactions: made.reactions,
    files: made.files?.map(({ id, title, name, mimetype, size }) => ({ id, title, name, mimetype, size })),
    permalink: permalinkOf(workspace.team.domain, channel, made),
  });
  const ephemeral = (made: SlackEphemeral): Message => ({
    ts: made.ts,
    channel: made.channel,
    user: workspace.bot.user,
    text: made.text,
    blocks: made.blocks,
    threadTs: made.thread_ts,
    edited: false,
    pinned: false,
    reactions: [],
    ephemeral: true,
  });

  return {
    isSeenBy,
    message,
    ephemeral,
    people(): Person[] {
      const called = onCall();
      return [...workspace.users.values()].map((user) => ({
        id: user.id,
        name: user.name,
        realName: user.real_name,
        title: user.title,
        bot: user.is_bot,
        guest: user.is_restricted || user.is_ultra_restricted,
        stranger: user.is_stranger,
        gone: user.deleted,
        systems: plans.flatMap(({ plan, people }) =>
          Object.values(people).some(({ slack }) => slack === user.id) ? [plan] : [],
        ),
        onCall: user.email !== undefined && called.has(user.email),
      }));
    },
    channel(made: SlackChannel): Channel {
      const canvas = made.canvas === undefined ? undefined : workspace.canvases.get(made.canvas);
      return {
        id: made.id,
        name: made.name,
        kind: made.kind,
        topic: made.topic,
        purpose: made.purpose,
        isPrivate: made.is_private,
        isArchived: made.is_archived,
        members: [...made.members],
        bookmarks: made.bookmarks.map(({ id, title, link, emoji }) => ({ id, title, link, emoji })),
        canvas: canvas && { title: canvas.title, markdown: canvas.markdown },
      };
    },
    view: (made: SlackView): View => ({
      id: made.id,
      root: made.view.root_view_id,
      previous: made.view.previous_view_id,
      open: made.open,
      view: made.view,
    }),
    channelsOf: (user: SlackUser) => [...workspace.channels.values()].filter((channel) => isSeenBy(channel, user)),
    messagesOf: (user: SlackUser, channels: SlackChannel[]): Message[] => [
      ...channels.flatMap((channel) => channel.messages.slice(-shownMessages).map((each) => message(channel, each))),
      ...workspace.ephemeral.filter((each) => each.user === user.id && !each.gone).map(ephemeral),
    ],
  };
};

export type WorkspaceView = ReturnType<typeof createWorkspaceView>;
