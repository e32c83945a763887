import type { Workspace } from './workspace.ts';
import type { SlackMessage } from './workspace-shapes.ts';

/** A message as the API and the events show it, without what only the sandbox keeps. */
export const shownMessage = (
  message: SlackMessage,
  workspace: Workspace,
  withMetadata: boolean,
  replies: SlackMessage[] = [],
) => ({
  type: 'message',
  user: message.user,
  ...(message.user === workspace.bot.user ? { bot_id: workspace.bot.id, app_id: workspace.appId } : {}),
  ts: message.ts,
  text: message.text,
  team: workspace.team.id,
  ...(message.blocks ? { blocks: message.blocks } : {}),
  ...(message.files ? { files: message.files } : {}),
  ...(message.thread_ts ? { thread_ts: message.thread_ts } : {}),
  ...(replies.length > 0
    ? {
        thread_ts: message.ts,
        reply_count: replies.length,
        reply_users: [...new Set(replies.map(({ user }) => user))],
        reply_users_count: new Set(replies.map(({ user }) => user)).size,
        latest_reply: replies.at(-1)!.ts,
      }
    : {}),
  ...(message.edits > 0 ? { edited: message.editedBy ?? { user: message.user, ts: message.ts } } : {}),
  ...(message.reactions.length > 0
    ? { reactions: message.reactions.map(({ name, users }) => ({ name, users, count: users.length })) }
    : {}),
  ...(withMetadata && message.metadata ? { metadata: message.metadata } : {}),
});

/** Answers to a message, oldest first. */
export const repliesTo = (ts: string, messages: SlackMessage[]): SlackMessage[] =>
  messages.filter((each) => each.thread_ts === ts && each.ts !== ts);
