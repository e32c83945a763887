import type { Json, PersonView } from '../define.ts';
import { approvalText } from '../engine/approval-text.ts';
import type { RunStore } from '../engine/run-store.ts';
import type { RunState } from '../engine/state.ts';
import { MaydayError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { StepUp } from './step-up.ts';

interface Mailer {
  send(mail: { from: string; to: string[]; subject: string; text: string; messageId: string }): Promise<void>;
}

/** Mails approvers a link that is good once. Throws `input/invalid` when the plan has no address for them. */
export const createLinkMailer =
  (options: {
    stepUp: StepUp;
    email: Mailer;
    planOf(name: string): Plan;
    render(template: string, state: RunState, extra: Record<string, Json>): string;
    /** By which people reach the web server. */
    baseUrl(): string | undefined;
  }) =>
  async (state: RunState, link: { person: string; hash: string; typed: string | null }): Promise<string> => {
    const { text } = options.planOf(state.created.graph.plan);
    const address = Object.values(text.people).find(({ slack }) => slack === link.person)?.email;
    const from = text.announce.mail?.from;
    if (address === undefined || from === undefined)
      throw new MaydayError(
        'input/invalid',
        `The plan has no ${address === undefined ? 'e-mail address of yours' : 'sender of mail (announce.mail)'}, so no link can be mailed. Nothing was approved. Use a code of your authenticator app (\`/dr step-up enrol\`).`,
      );
    const token = await options.stepUp.makeLink({ ...link, run: state.created.run });
    const extra = { link: `${options.baseUrl()}/approve/${token}` };
    const [subject = ''] = options.render('email/subject', state, extra).trim().split('\n');
    const body = options.render('email/approve-link', state, extra);
    const messageId = `<${token.split('.')[0]}@mayday>`;
    await options.email.send({ from, to: [address], subject: `Your approval: ${subject}`, text: body, messageId });
    return address.replace(/^(.)[^@]*/, '$1…');
  };

/** What the web server does with such a link. */
export const createLinkApprovals = (options: {
  stepUp: StepUp;
  store: RunStore;
  orders: {
    give(
      run: string,
      order: { deed: 'approve'; hash: string; typed: string | null; stepUp: 'link' },
      by: { person: string; name: string; via: 'slack' },
    ): Promise<string>;
  };
  people(plan: string): PersonView[];
}) => {
  const stateOf = async (run: string) => (await options.store.open(run)).refresh();
  const nameOf = (state: RunState, person: string): string =>
    options.people(state.created.graph.plan).find(({ slack }) => slack === person)?.name ?? person;
  const look = async (token: string) => {
    const link = await options.stepUp.readLink(token);
    const state = await stateOf(link.run);
    const { graph } = state.created;
    return {
      title: `${graph.flow} of ${graph.scope}: ${graph.title}`,
      lines: [
        `${nameOf(state, link.person)}, your yes counts when you press Approve.`,
        ...approvalText(state),
        `Run ${state.created.run} · text ${link.hash.slice(0, 12)}. To say no, press Reject on the card.`,
      ],
    };
  };
  const approve = async (token: string): Promise<{ title: string; text: string }> => {
    const { person, run, hash, typed } = await options.stepUp.useLink(token);
    const state = await stateOf(run);
    const by = { person, name: nameOf(state, person), via: 'slack' as const };
    const text = await options.orders.give(run, { deed: 'approve', hash, typed, stepUp: 'link' }, by);
    const after = await stateOf(run);
    const standing = Object.keys(after.approvals).map((id) => after.steps[id]!.state)[0];
    const title =
      standing === 'succeeded' ? 'Approved' : standing === 'waiting' ? 'Your yes is recorded' : 'Not approved';
    return { title, text: text.replaceAll('`', '') };
  };
  return {
    look: (token: string) => inOneSentence(look(token)),
    approve: (token: string) => inOneSentence(approve(token)),
  };
};

/** What is not meant for people is not shown to whoever opens an address. */
const inOneSentence = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof MaydayError && error.code !== 'internal') throw error;
    throw new MaydayError(
      'internal',
      'Mayday failed to do this through a fault of its own. Whether your yes counts shows on the card in Slack.',
      { cause: error },
    );
  }
};
