import { WebClient } from '@slack/web-api';
import type { CallBudget, Log } from '../../define.ts';
import { MaydayError } from '../../errors.ts';
import { sendable } from '../../redact.ts';
import type { SlackSettings } from './config.ts';
import { slackCode, slackError, wasClosed } from './errors.ts';
import { fitBlocks } from './fit-blocks.ts';
import { type Limit, limitOf } from './limits.ts';
import { quietLogger } from './quiet-logger.ts';

const callMilliseconds = 10_000;
/** A shorter wait for room is sat out. */
const shortWaitMs = 2_000;
/** A channel keeps its id; that its name may pass to another is seen after this time. */
const nameMilliseconds = 10 * 60_000;
/** How far back a message of our own is looked for. */
const mostMessagesRead = 1000;

export interface SlackMessageContent {
  text: string;
  blocks?: unknown[];
  metadata?: { event_type: string; event_payload: Record<string, string | number | boolean> };
  /** The message in whose thread it stands. */
  thread_ts?: string;
}

export interface SlackUserInfo {
  id: string;
  team: string;
  name: string;
  isBot: boolean;
  isGuest: boolean;
  isDeactivated: boolean;
  /** Of another workspace, through a shared channel. */
  isStranger: boolean;
  email: string | undefined;
}

export interface SlackChannelInfo {
  id: string;
  name: string;
  creator: string;
  topic: string;
  isMember: boolean;
}

/** Whom the bot's token belongs to. */
export interface SlackSelf {
  user: string;
  team: string;
  /** The Enterprise organisation that the workspace is part of, if any. */
  enterprise: string | undefined;
  /** Installed for the whole organisation, and so for each of its workspaces. */
  isOrgWide: boolean;
}

/**
 * The Web API as Mayday uses it: one try for each call with our own deadline, errors that say what became of the
 * change, nothing kept in memory but who we are. Retrying is the caller's to judge.
 */
export const createSlackClient = (settings: SlackSettings, log: Log, budget?: CallBudget) => {
  let made: { token: string; web: WebClient } | undefined;
  /** With the token as it is now: it may have been replaced since the last call. */
  const web = (): WebClient => {
    const token = settings.SLACK_BOT_TOKEN;
    if (made?.token !== token)
      made = {
        token,
        web: new WebClient(token, {
          slackApiUrl: settings.SLACK_API_URL,
          retryConfig: { retries: 0 },
          rejectRateLimitedCalls: true,
          timeout: callMilliseconds,
          // Every failure reaches the caller as an error with the same words; the library's own lines would say it twice.
          logger: quietLogger(log),
        }),
      };
    return made.web;
  };

  /** Waits for a moment when Slack has no room for a call, or says when to come back; Slack itself is not asked. */
  const room = async (method: string, limit: Limit): Promise<void> => {
    for (let waited = 0; ; ) {
      // Without its record of calls Mayday still speaks: Slack refuses what is too much by itself.
      const waitMs = await budget!.take(limit.key, limit).catch(() => 0);
      if (waitMs === 0) return;
      waited += waitMs;
      if (waited > shortWaitMs || limit.kept > 0)
        throw new MaydayError('system/throttled', `Slack has no room for ${method} just now; it was not called.`, {
          retryAfterSeconds: waitMs / 1000,
        });
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  };

  const call = async (
    isChange: boolean,
    method: string,
    args: Record<string, unknown>,
    signal?: AbortSignal,
    urgent = false,
  ): Promise<any> => {
    const limit = budget && limitOf(method, args, urgent);
    if (limit) await room(method, limit);
    if (signal?.aborted)
      throw new MaydayError('system/unavailable', `There was no time left to call Slack's ${method}.`);
    const aborted = Promise.withResolvers<never>();
    const onAbort = () =>
      aborted.reject(
        isChange
          ? new MaydayError(
              'system/unknown',
              `Slack did not answer ${method} before the deadline; it may have been done.`,
            )
          : new MaydayError('system/unavailable', `Slack did not answer ${method} before the deadline.`),
      );
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const send = () => web().apiCall(method, isChange ? sendable(args) : args);
      const sent = send().catch((error) => {
        // A kept connection may be closed in the moment it is used again; who asks is not to be refused for that.
        if (isChange || !wasClosed(error)) throw error;
        return send();
      });
      return await Promise.race([sent, aborted.promise]);
    } catch (error) {
      const fault = slackError(method, isChange, error);
      if (limit && fault.retryAfterSeconds !== undefined)
        await budget!.refused(limit.key, fault.retryAfterSeconds, limit).catch(() => {});
      throw fault;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  };
  const read = (method: string, args: Record<string, unknown>, signal?: AbortSignal) =>
    call(false, method, args, signal);
  const change = (method: string, args: Record<string, unknown>, signal?: AbortSignal, urgent = false) =>
    call(true, method, args, signal, urgent);

  let self: Promise<SlackSelf> | undefined;
  const whoAmI = (signal?: AbortSignal) => {
    self ??= read('auth.test', {}, signal).then((answer) => ({
      user: answer.user_id,
      team: answer.team_id,
      enterprise: answer.enterprise_id || undefined,
      isOrgWide: answer.is_enterprise_install === true,
    }));
    // A failure is not kept: the next call asks again.
    self.catch(() => {
      self = undefined;
    });
    return self;
  };

  async function* channels(signal?: AbortSignal): AsyncGenerator<any> {
    let cursor = '';
    do {
      const args = {
        types: 'public_channel',
        limit: 1000,
        exclude_archived: true,
        ...(cursor ? { cursor } : {}),
      };
      const page = await read('conversations.list', args, signal);
      yield* page.channels;
      cursor = page.response_metadata?.next_cursor ?? '';
    } while (cursor);
  }

  const idsByName = new Map<string, { id: string; at: number }>();
  const client = {
    read,
    change,
    whoAmI,

    /** Takes one of our own messages away. */
    async deleteMessage(channel: string, ts: string, signal?: AbortSignal): Promise<void> {
      await change('chat.delete', { channel, ts }, signal);
    },
    async postMessage(
      channel: string,
      content: SlackMessageContent,
      signal?: AbortSignal,
    ): Promise<{ channel: string; ts: string }> {
      const args = { channel, unfurl_links: false, ...fitted(content) };
      try {
        const { channel: id, ts } = await change('chat.postMessage', args, signal);
        return { channel: id, ts };
      } catch (error) {
        // A public channel that nobody has invited us to: join, as the manifest's channels:join is for.
        if (slackCode(error) !== 'not_in_channel') throw error;
        await change('conversations.join', { channel: await client.channelId(channel, signal) }, signal);
        const { channel: id, ts } = await change('chat.postMessage', args, signal);
        return { channel: id, ts };
      }
    },
    async updateMessage(
      channel: string,
      ts: string,
      content: SlackMessageContent,
      /** People wait for it: then it may use the room that is kept for that. */
      urgent = true,
      signal?: AbortSignal,
    ): Promise<void> {
      await change('chat.update', { channel, ts, ...fitted(content) }, signal, urgent);
    },
    async postEphemeral(
      channel: string,
      user: string,
      content: { text: string; blocks?: unknown[]; thread_ts?: string },
      signal?: AbortSignal,
    ) {
      await change('chat.postEphemeral', { channel, user, ...fitted(content) }, signal);
    },
    async openView(triggerId: string, view: unknown, signal?: AbortSignal): Promise<{ id: string }> {
      const answer = await change('views.open', { trigger_id: triggerId, view }, signal);
      return { id: answer.view.id };
    },
    /** With `hash`, only if nobody has drawn it anew since. */
    async updateView(viewId: string, view: unknown, hash?: string, signal?: AbortSignal): Promise<void> {
      await change('views.update', { view_id: viewId, view, ...(hash && { hash }) }, signal);
    },
    async publishHome(user: string, view: unknown, signal?: AbortSignal): Promise<void> {
      await change('views.publish', { user_id: user, view }, signal);
    },
    async pin(channel: string, ts: string, signal?: AbortSignal): Promise<void> {
      await ignoring('already_pinned', change('pins.add', { channel, timestamp: ts }, signal));
    },
    async react(channel: string, ts: string, name: string, signal?: AbortSignal): Promise<void> {
      await ignoring('already_reacted', change('reactions.add', { channel, timestamp: ts, name }, signal));
    },
    async unreact(channel: string, ts: string, name: string, signal?: AbortSignal): Promise<void> {
      await ignoring('no_reaction', change('reactions.remove', { channel, timestamp: ts, name }, signal));
    },
    async addBookmark(channel: string, title: string, link: string, signal?: AbortSignal): Promise<{ id: string }> {
      const { bookmark } = await change('bookmarks.add', { channel_id: channel, title, type: 'link', link }, signal);
      return { id: bookmark.id };
    },
    async editBookmark(channel: string, id: string, link: string, signal?: AbortSignal): Promise<void> {
      await change('bookmarks.edit', { channel_id: channel, bookmark_id: id, link }, signal);
    },
    async setTopic(channel: string, topic: string, signal?: AbortSignal): Promise<void> {
      await change('conversations.setTopic', { channel, topic }, signal);
    },
    async createChannel(name: string, signal?: AbortSignal): Promise<{ id: string }> {
      return { id: (await change('conversations.create', { name }, signal)).channel.id };
    },
    /** Who is inside already is no fault. */
    async invite(channel: string, user: string, signal?: AbortSignal): Promise<void> {
      await ignoring('already_in_channel', change('conversations.invite', { channel, users: user }, signal));
    },
    async permalink(channel: string, ts: string, signal?: AbortSignal): Promise<string> {
      return (await read('chat.getPermalink', { channel, message_ts: ts }, signal)).permalink;
    },
    /** One message as it stands now, in the channel or in one of its threads; undefined when it is gone. */
    async message(
      channel: string,
      ts: string,
      signal?: AbortSignal,
    ): Promise<{ ts: string; user: string; text: string } | undefined> {
      const isIt = (each: any) => each.ts === ts;
      const page = await read('conversations.history', { channel, latest: ts, inclusive: true, limit: 1 }, signal);
      const found = page.messages.find(isIt) ?? (await replies()).find(isIt);
      return found && { ts, user: found.user ?? found.bot_id ?? '', text: found.text ?? '' };

      // What was answered in a thread stands in no channel's history.
      async function replies(): Promise<any[]> {
        try {
          return (await read('conversations.replies', { channel, ts, latest: ts, inclusive: true, limit: 10 }, signal))
            .messages;
        } catch (error) {
          if (slackCode(error) === 'thread_not_found') return [];
          throw error;
        }
      }
    },
    /** Shares a text file in a channel; returns where people read it. */
    async uploadText(
      channel: string,
      file: { name: string; title: string; text: string; comment: string },
      signal: AbortSignal = AbortSignal.timeout(3 * callMilliseconds),
    ): Promise<string> {
      const bytes = Buffer.from(sendable(file.text), 'utf8');
      const begun = await read('files.getUploadURLExternal', { filename: file.name, length: bytes.length }, signal);
      const post = { method: 'POST', body: new Uint8Array(bytes), redirect: 'error', signal } as const;
      const sent = await fetch(begun.upload_url, post).catch((error: unknown) => {
        throw new MaydayError('system/unavailable', 'Slack took no file; nothing was shared. Try again.', {
          cause: error,
        });
      });
      if (!sent.ok)
        throw new MaydayError('system/refused', `Slack took no file: HTTP ${sent.status}. Nothing was shared.`);
      const { files } = await change(
        'files.completeUploadExternal',
        { files: [{ id: begun.file_id, title: file.title }], channel_id: channel, initial_comment: file.comment },
        signal,
      );
      return files?.[0]?.permalink ?? '';
    },
    /** Who is in a user group at this moment; never an older answer. */
    async groupMembers(group: string, signal?: AbortSignal): Promise<string[]> {
      return (await read('usergroups.users.list', { usergroup: group }, signal)).users ?? [];
    },
    async userInfo(user: string, signal?: AbortSignal): Promise<SlackUserInfo> {
      const { user: found } = await read('users.info', { user }, signal);
      const { team, enterprise, isOrgWide } = await whoAmI(signal);
      const isOurs = isOrgWide ? found.enterprise_user?.enterprise_id === enterprise : found.team_id === team;
      return {
        id: found.id,
        team: found.team_id,
        name: found.profile?.real_name || found.real_name || found.name,
        isBot: found.is_bot === true,
        isGuest: found.is_restricted === true || found.is_ultra_restricted === true,
        isDeactivated: found.deleted === true,
        isStranger: found.is_stranger === true || !isOurs,
        email: found.profile?.email,
      };
    },
    async findChannel(name: string, signal?: AbortSignal): Promise<SlackChannelInfo | undefined> {
      for await (const channel of channels(signal)) if (channel.name === name) return channelInfo(channel);
      return undefined;
    },
    async channelInfo(id: string, signal?: AbortSignal): Promise<SlackChannelInfo> {
      return channelInfo((await read('conversations.info', { channel: id }, signal)).channel);
    },
    /** The id of a channel that a plan names; ids pass. */
    async channelId(nameOrId: string, signal?: AbortSignal): Promise<string> {
      if (/^[CDG][A-Z0-9]{7,}$/.test(nameOrId)) return nameOrId;
      const known = idsByName.get(nameOrId);
      if (known && performance.now() - known.at < nameMilliseconds) return known.id;
      const found = await client.findChannel(nameOrId.replace(/^#/, ''), signal);
      if (!found)
        throw new MaydayError('system/refused', `There is no Slack channel ${nameOrId}, or Mayday cannot see it.`);
      idsByName.set(nameOrId, { id: found.id, at: performance.now() });
      return found.id;
    },
    async channelMembers(channel: string, signal?: AbortSignal): Promise<string[]> {
      const members: string[] = [];
      let cursor = '';
      do {
        const page = await read(
          'conversations.members',
          { channel, limit: 1000, ...(cursor ? { cursor } : {}) },
          signal,
        );
        members.push(...page.members);
        cursor = page.response_metadata?.next_cursor ?? '';
      } while (cursor);
      return members;
    },
    async directChannel(user: string, signal?: AbortSignal): Promise<string> {
      // Nobody sees that a direct channel was opened, so a lost answer is no lost change.
      return (await read('conversations.open', { users: user }, signal)).channel.id;
    },
    /** Our own message that carries this step's key, if it was ever posted. */
    async findOwnMessage(
      channel: string,
      key: string,
      signal?: AbortSignal,
    ): Promise<{ channel: string; ts: string } | undefined> {
      const { user } = await whoAmI(signal);
      let cursor = '';
      for (let seen = 0; seen < mostMessagesRead; ) {
        const args = { channel, limit: 200, include_all_metadata: true, ...(cursor ? { cursor } : {}) };
        const page = await read('conversations.history', args, signal);
        const found = page.messages.find(
          (message: any) =>
            message.user === user &&
            message.metadata?.event_type === 'mayday_step' &&
            message.metadata.event_payload?.key === key,
        );
        if (found) return { channel, ts: found.ts };
        seen += page.messages.length;
        cursor = page.response_metadata?.next_cursor ?? '';
        if (!page.has_more || !cursor) return undefined;
      }
      return undefined;
    },
  };
  return client;
};

export type SlackClient = ReturnType<typeof createSlackClient>;

/** What marks a message as a certain step's. */
export const stepMetadata = (key: string) => ({ event_type: 'mayday_step', event_payload: { key } });

const fitted = <T extends { blocks?: unknown[] }>(content: T): T =>
  content.blocks ? { ...content, blocks: fitBlocks(content.blocks) } : content;

const channelInfo = (channel: any): SlackChannelInfo => ({
  id: channel.id,
  name: channel.name,
  creator: channel.creator,
  topic: channel.topic?.value ?? '',
  isMember: channel.is_member === true,
});

const ignoring = async (code: string, call: Promise<unknown>): Promise<void> => {
  try {
    await call;
  } catch (error) {
    if (slackCode(error) !== code) throw error;
  }
};
