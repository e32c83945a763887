import type { BlockAction, GlobalShortcut, MessageShortcut, ViewSubmitAction } from '@slack/bolt';
import type { Log } from '../define.ts';
import { MaydayError, messageOf } from '../errors.ts';
import { redact } from '../redact.ts';
import type { SlackClient } from '../systems/slack/index.ts';
import { plain } from './cards/text.ts';
import type { About, Refusals } from './refusals.ts';
import type { Respond, ViewAnswer } from './slack-app.ts';
import type { Origin } from './slack-request.ts';

/** One part of the conversation. It hears of what begins with its word: `run` of `run:approve` and of `run:reject-reason`. */
export interface Talk {
  word: string;
  action?(click: Click): Promise<void>;
  /** The answer to the form; nothing closes it. */
  submitted?(form: Submitted): Promise<ViewAnswer | undefined>;
  shortcut?(shortcut: Shortcut): Promise<void>;
  /** Messages, reactions, App Home and the like; every part hears of all of them. */
  event?(event: Record<string, any>, by: { team: string }): Promise<void>;
}

export interface Click {
  payload: BlockAction;
  action: BlockAction['actions'][number];
  user: string;
  team: string;
  reply(text: string): Promise<void>;
}

export interface Submitted {
  payload: ViewSubmitAction;
  user: string;
  team: string;
}

export interface Shortcut {
  payload: GlobalShortcut | MessageShortcut;
  user: string;
  team: string;
}

/** Does something for a person and tells them in one sentence when it could not be done; a refusal is put on record. Never throws. */
export type Say = (
  about: About,
  reply: (text: string, error: unknown) => Promise<void>,
  work: () => Promise<void>,
) => Promise<void>;

export const createSay =
  (log: Log, refusals: Refusals): Say =>
  async (about, reply, work) => {
    try {
      await work();
    } catch (error) {
      refusals.note(about, error);
      if (!(error instanceof MaydayError)) log.error({}, messageOf(error));
      const text =
        error instanceof MaydayError
          ? error.message
          : 'Mayday failed at this through a fault of its own. Before you try again, see with `/dr run` whether anything was started.';
      const shown = `⚠️ ${plain(redact(text)).replaceAll(/\u2009`\u2009/g, '`')}`;
      await reply(shown, error).catch((failure) => log.warn({}, messageOf(failure)));
    }
  };

/** Somebody who acts: a name for the record, or a refusal. */
export type Trusted = (user: string, team: string) => Promise<{ name: string }>;

/** Guests, bots, strangers and people who have left may not; a Slack that does not answer means no as well. */
export const createTrusted =
  (slack: SlackClient): Trusted =>
  async (user, team) => {
    const refuse = (why: string) =>
      new MaydayError('authority/refused', `${why} Rule: only full members of this workspace may. Nothing was done.`);
    const [info, self] = await Promise.all([slack.userInfo(user), slack.whoAmI()]);
    if ((team !== self.team && !self.isOrgWide) || info.isStranger) throw refuse('You belong to another workspace.');
    if (info.isBot) throw refuse('Bots may not give orders.');
    if (info.isDeactivated) throw refuse('This account is deactivated.');
    if (info.isGuest) throw refuse('You are a guest here.');
    return { name: info.name };
  };

/** Throws for whoever may not even look. A guest may; what nobody can tell, because Slack does not answer, holds no look up. */
export type MayLook = (user: string, team: string) => Promise<void>;

export const createMayLook =
  (slack: SlackClient): MayLook =>
  async (user, team) => {
    const known = await Promise.all([slack.userInfo(user), slack.whoAmI()]).catch(() => undefined);
    if (!known) return;
    const [info, self] = known;
    const rule = 'Rule: only people of this workspace may look. Nothing was shown.';
    if ((team !== self.team && !self.isOrgWide) || info.isStranger)
      throw new MaydayError('authority/refused', `You belong to another workspace. ${rule}`);
    if (info.isBot) throw new MaydayError('authority/refused', `Bots may not ask. ${rule}`);
    if (info.isDeactivated) throw new MaydayError('authority/refused', `This account is deactivated. ${rule}`);
  };

/** Throws when a request says itself that it comes from elsewhere: another workspace, or another organisation. */
export type Ours = (from: Origin) => Promise<void>;

export const createOurs =
  (slack: SlackClient): Ours =>
  async ({ teams, enterprise }) => {
    // Whoever gives an order is looked up as well, and unknown means no there.
    const self = await slack.whoAmI().catch(() => undefined);
    if (!self) return;
    const refuse = (why: string) =>
      new MaydayError('authority/refused', `${why} Rule: only full members of this workspace may. Nothing was done.`);
    if (enterprise !== undefined && enterprise !== self.enterprise)
      throw refuse('This comes from another Enterprise organisation.');
    if (self.isOrgWide) {
      if (enterprise === undefined) throw refuse('This does not say from which Enterprise organisation it comes.');
      return;
    }
    if (teams.length === 0) throw refuse('This does not say from which workspace it comes.');
    if (teams.some((team) => team !== self.team)) throw refuse('You belong to another workspace.');
  };

/** Wall milliseconds for which a form waits to hear whether its person may have it. */
const soonMs = 700;

/**
 * Throws what is known within a moment. A form's trigger is good for three seconds, and what is filled in is judged again: so
 * a slow Slack costs nobody their form.
 */
export const soon = async (judging: Promise<unknown>): Promise<void> => {
  judging.catch(() => {});
  let timer: NodeJS.Timeout | undefined;
  const moment = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, soonMs);
  });
  await Promise.race([judging, moment]).finally(() => clearTimeout(timer));
};

/** Where a person acted, for an answer that only they see. */
export interface Whereabouts {
  user: string;
  channel?: string | undefined;
  thread?: string | undefined;
}

/** An answer where no `response_url` came: only for their eyes in the channel, or else between the two of us. */
export const createTell =
  (slack: SlackClient) =>
  async ({ user, channel, thread }: Whereabouts, text: string): Promise<void> => {
    if (channel) {
      const shown = await slack.postEphemeral(channel, user, { text, ...(thread && { thread_ts: thread }) }).then(
        () => true,
        () => false,
      );
      if (shown) return;
    }
    await slack.postMessage(await slack.directChannel(user), { text });
  };

export type Tell = ReturnType<typeof createTell>;

/**
 * An answer by the first way that takes it. Never throws: that something could not be said undoes nothing of what was done, and
 * nobody may be told that it failed.
 */
export const createReply =
  (log: Log, ...ways: ((text: string) => Promise<void>)[]) =>
  async (text: string): Promise<void> => {
    for (const way of ways)
      try {
        return await way(text);
      } catch (error) {
        log.warn({}, `an answer was not taken: ${messageOf(error)}`);
      }
  };

export const answerWith = (respond: Respond) => (text: string) => respond({ text });
