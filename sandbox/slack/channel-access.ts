import type { MethodWorld } from './method.ts';
import { SlackRefusal } from './slack-refusal.ts';
import type { Workspace } from './workspace.ts';
import type { SlackChannel, SlackMessage } from './workspace-shapes.ts';

/** A channel by its id; unlike chat.postMessage, most methods take no names. */
export const channelById = (id: unknown, workspace: Workspace): SlackChannel => {
  const channel = workspace.channels.get(String(id));
  if (!channel) throw new SlackRefusal('channel_not_found');
  return channel;
};

/** As `channelById`, and the bot must be inside, and the channel in use. */
export const channelWithBot = (id: unknown, workspace: Workspace): SlackChannel => {
  const channel = channelById(id, workspace);
  if (!channel.members.has(workspace.bot.user)) throw new SlackRefusal('not_in_channel');
  if (channel.is_archived) throw new SlackRefusal('is_archived');
  return channel;
};

/** A channel by id or name, or a person's direct messages; the bot must be inside. */
export const channelToWrite = (written: string, { workspace }: Pick<MethodWorld, 'workspace'>): SlackChannel => {
  const user = workspace.users.get(written);
  if (user?.deleted || user?.is_bot) throw new SlackRefusal('channel_not_found');
  const channel = user ? workspace.directChannel(user.id) : workspace.findChannel(String(written));
  if (!channel) throw new SlackRefusal('channel_not_found');
  if (!channel.members.has(workspace.bot.user)) throw new SlackRefusal('not_in_channel');
  if (channel.is_archived) throw new SlackRefusal('is_archived');
  return channel;
};

export const findMessage = (channel: SlackChannel, ts: string, code = 'message_not_found'): SlackMessage => {
  const message = channel.messages.find((each) => each.ts === ts);
  if (!message) throw new SlackRefusal(code);
  return message;
};

/** Tells the ledger of a change in a channel. */
export const accept = (
  world: Pick<MethodWorld, 'context'>,
  change: string,
  channel: SlackChannel,
  details: Record<string, unknown>,
) => world.context.ledger.accept(change, `slack:${channel.id}`, { name: channel.name, ...details }).visible();

export const isTrue = (value: unknown) => value === true || value === 'true' || value === '1' || value === 1;

/** One page of a list, and the cursor of the next. */
export const pageOf = <T>(all: T[], args: Record<string, any>, most: number, usual: number) => {
  const limit = args.limit === undefined ? usual : Number(args.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > most) throw new SlackRefusal('invalid_limit');
  const start = args.cursor ? Number(Buffer.from(String(args.cursor), 'base64').toString()) : 0;
  if (!Number.isInteger(start) || start < 0) throw new SlackRefusal('invalid_cursor');
  const end = start + limit;
  return { items: all.slice(start, end), next: end < all.length ? Buffer.from(String(end)).toString('base64') : '' };
};
