import { randomBytes } from 'node:crypto';
import type { SandboxContext } from '../part.ts';
import type { AppManifest } from './app-manifest.ts';
import type { Delivered, Delivery } from './delivery.ts';
import { shownMessage } from './shown-message.ts';
import type { Workspace } from './workspace.ts';
import type { SlackChannel, SlackMessage } from './workspace-shapes.ts';

/** What became of an event: delivered, or not sent because the app was not installed for it. */
export type Told = (Delivered & { event: any }) | { skipped: string };

/** Without these scopes Slack does not let an app subscribe to an event. */
const scopeOf: Record<string, string> = {
  app_mention: 'app_mentions:read',
  'message.channels': 'channels:history',
  'message.groups': 'groups:history',
  'message.im': 'im:history',
  reaction_added: 'reactions:read',
  reaction_removed: 'reactions:read',
  pin_added: 'pins:read',
  pin_removed: 'pins:read',
  member_joined_channel: 'channels:read',
  member_left_channel: 'channels:read',
  channel_archive: 'channels:read',
  channel_unarchive: 'channels:read',
  channel_rename: 'channels:read',
  file_shared: 'files:read',
};

/** World seconds before each further try of an event that was not taken. */
const retries = [0, 60, 300];

/** Brings events to the app that its manifest subscribes to, in channels where the bot is a member. */
export const createAppEvents = (options: {
  context: SandboxContext;
  workspace: Workspace;
  delivery: Delivery;
  manifest: AppManifest;
}) => {
  const { context, workspace, delivery, manifest } = options;

  const send = async (
    event: Record<string, any>,
    more: { eventId?: string; redeliver?: boolean; tamper?: any; altered?: Record<string, any> } = {},
  ): Promise<Delivered & { event: any }> => {
    const payload = {
      token: 'deprecated',
      api_app_id: workspace.appId,
      is_enterprise_install: false,
      team_id: workspace.team.id,
      type: 'event_callback',
      event_id: more.eventId ?? `Ev${randomBytes(5).toString('hex').toUpperCase()}`,
      event_time: Math.floor(Date.now() / 1000),
      authorizations: [
        {
          enterprise_id: null,
          team_id: workspace.team.id,
          user_id: workspace.bot.user,
          is_bot: true,
          is_enterprise_install: false,
        },
      ],
      is_ext_shared_channel: false,
      event: { event_ts: workspace.newTimestamp(), ...event },
    };
    let answer = await delivery.send('events_api', payload, more);
    for (const [index, waitSeconds] of retries.entries()) {
      if (answer.status === 200 || answer.status === 400 || answer.status === 401) break;
      // A world that is closed meanwhile does not wait for it.
      await new Promise<void>((resolve) => void context.clock.after(waitSeconds, resolve));
      const retry = { num: index + 1, reason: 'http_error' };
      answer = await delivery.send('events_api', payload, { retry, ...(more.altered && { altered: more.altered }) });
    }
    return { ...answer, event: payload.event };
  };

  /** Why the app does not hear of it; undefined when it does. */
  const deafTo = (name: string, channel: SlackChannel | undefined): string | undefined => {
    if (!manifest.events.includes(name)) return `the manifest does not subscribe to ${name}`;
    const scope = scopeOf[name];
    if (scope && !manifest.scopes.includes(scope)) return `${name} needs the scope ${scope}`;
    if (channel && !channel.members.has(workspace.bot.user)) return 'the bot is not in that channel';
    return undefined;
  };

  const tell = async (name: string, channel: SlackChannel | undefined, event: Record<string, any>): Promise<Told> => {
    const deaf = deafTo(name, channel);
    if (deaf !== undefined) return { skipped: deaf };
    return send(event);
  };

  /** For what the bot itself caused: the call that caused it does not wait for the app to hear of it. */
  const tellSoon = (name: string, channel: SlackChannel | undefined, event: Record<string, any>): void => {
    void tell(name, channel, event).catch((error) => context.log('an event found nobody', { error: String(error) }));
  };

  const kindOf = (channel: SlackChannel) => (channel.kind === 'im' ? 'im' : channel.is_private ? 'group' : 'channel');
  const messageEvent = (channel: SlackChannel) =>
    ({ im: 'message.im', group: 'message.groups', channel: 'message.channels' })[kindOf(channel)];
  const place = (channel: SlackChannel) => ({ channel: channel.id, channel_type: kindOf(channel) });
  const shown = (message: SlackMessage) => shownMessage(message, workspace, true);

  return {
    send,
    tell,
    tellSoon,
    messageEvent,
    /** A message as `message.*` events carry it. */
    posted: (channel: SlackChannel, message: SlackMessage) => ({
      ...shown(message),
      ...place(channel),
      client_msg_id: message.user === workspace.bot.user ? undefined : crypto.randomUUID(),
      parent_user_id: message.thread_ts ? channel.messages.find(({ ts }) => ts === message.thread_ts)?.user : undefined,
    }),
    edited: (channel: SlackChannel, message: SlackMessage, previous: object) => ({
      type: 'message',
      subtype: 'message_changed',
      hidden: true,
      ...place(channel),
      message: shown(message),
      previous_message: previous,
      ts: workspace.newTimestamp(),
    }),
    deleted: (channel: SlackChannel, previous: object & { ts: string }) => ({
      type: 'message',
      subtype: 'message_deleted',
      hidden: true,
      ...place(channel),
      deleted_ts: previous.ts,
      previous_message: previous,
      ts: workspace.newTimestamp(),
    }),
    reaction: (
      type: 'reaction_added' | 'reaction_removed',
      channel: SlackChannel,
      message: SlackMessage,
      by: string,
      name: string,
    ) => ({
      type,
      user: by,
      reaction: name,
      item: { type: 'message', channel: channel.id, ts: message.ts },
      item_user: message.user,
    }),
    shown,
  };
};

export type AppEvents = ReturnType<typeof createAppEvents>;
