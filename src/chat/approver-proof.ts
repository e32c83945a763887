import type { Approver } from '../engine/approvals.ts';
import { stepUpFor } from '../engine/approvals.ts';
import type { RunState } from '../engine/state.ts';
import { MaydayError } from '../errors.ts';
import type { SlackClient } from '../systems/slack/index.ts';
import type { Order, Orderer, Orders } from './orders.ts';

/** What the chat needs of the proofs that approvers give; kept elsewhere. */
export interface StepUpPort {
  enrol(person: string): Promise<{ key: string }>;
  shownAt(person: string, place: { channel: string; ts: string }): Promise<void>;
  confirm(person: string, code: string): Promise<{ channel: string; ts: string } | undefined>;
  isEnrolled(person: string): Promise<boolean>;
  proveByCode(person: string, code: string, askedAt: Date): Promise<void>;
  /** Who takes their yes back has not said it again by a link that was mailed before. */
  forgetLinks(person: string, run: string): Promise<void>;
  /** Mails a link that is good once; returns where to, made unreadable in part. Throws when there is no address. */
  mailLink(state: RunState, link: { person: string; hash: string; typed: string | null }): Promise<string>;
}

/** How approvers prove a second time who they are, as far as it happens in Slack. */
export interface ApproverProof {
  /** By the code that was typed, or, when there is none and the rule lets them, by a link that is mailed now. */
  prove(
    runId: string,
    order: Order & { deed: 'approve' },
    by: Orderer,
    code: string,
  ): Promise<{ stepUp: NonNullable<Approver['stepUp']> } | { mailed: string }>;
  /** By a code alone, for what is allowed on a card. Throws `authority/refused`. */
  code(person: string, code: string, askedAt: Date): Promise<void>;
  /** `/dr step-up [enrol|confirm <code>]`; returns what to say. */
  command(user: string, words: string[]): Promise<string>;
}

export const createApproverProof = (options: {
  slack: SlackClient;
  orders: Orders;
  stepUp: StepUpPort;
}): ApproverProof => {
  const { slack, orders, stepUp } = options;
  return {
    async prove(runId, { hash, typed }, by, code) {
      // Who may not approve gets no link, and their codes are not judged.
      const state = await orders.mayApprove(runId, by);
      const ways = stepUpFor(state)?.ways ?? [];
      if (code.trim() !== '' || !ways.includes('link')) {
        if (!ways.includes('totp'))
          throw new MaydayError('input/invalid', 'This run asks for a mailed link; leave the code empty.');
        await stepUp.proveByCode(by.person, code, new Date(state.created.requestedAt));
        return { stepUp: 'totp' };
      }
      const address = await stepUp.mailLink(state, { person: by.person, hash, typed });
      return {
        mailed: `A link was mailed to ${address}. Your yes counts when you open it and press Approve there; it is good once, for ten minutes. Nothing is approved yet.`,
      };
    },

    code: (person, code, askedAt) => stepUp.proveByCode(person, code, askedAt),

    async command(user, words) {
      const [what = 'status', ...rest] = words;
      if (what === 'enrol' || what === 'enroll') {
        const { key } = await stepUp.enrol(user);
        const place = await slack.postMessage(await slack.directChannel(user), {
          text: `*Your authenticator for approvals.* Put this key into your app by hand (account “Mayday”; time-based, six digits, 30 seconds):\n\`${key}\`\nThen type \`/dr step-up confirm\` and the first code. This message is taken away as soon as you have; nobody needs the key again.`,
        });
        await stepUp.shownAt(user, place);
        return 'The secret is in a direct message to you. Put it into your authenticator app, then type `/dr step-up confirm` and the code that it shows.';
      }
      if (what === 'confirm') {
        const place = await stepUp.confirm(user, rest.join(''));
        if (place) await slack.deleteMessage(place.channel, place.ts).catch(() => {});
        return 'Your authenticator is enrolled. From now on its codes count wherever a plan asks for one.';
      }
      if (what !== 'status')
        throw new MaydayError(
          'input/invalid',
          'Like this: `/dr step-up enrol`, then `/dr step-up confirm 123456`. Nothing was changed.',
        );
      return (await stepUp.isEnrolled(user))
        ? 'Your authenticator is enrolled.'
        : 'You have no authenticator enrolled. `/dr step-up enrol` sends you a secret for one.';
    },
  };
};
