import type { Clock } from '../define.ts';
import { approvalText } from '../engine/approval-text.ts';
import { stepUpFor, waitingApproval } from '../engine/approvals.ts';
import { ruleOf, wordToAllow } from '../engine/controls.ts';
import type { RunStore } from '../engine/run-store.ts';
import type { RunState } from '../engine/state.ts';
import { MaydayError } from '../errors.ts';
import type { SlackClient } from '../systems/slack/index.ts';
import type { ApproverProof } from './approver-proof.ts';
import { oneFieldForm, saidForm } from './cards/forms.ts';
import { type CommandOf, runDetails } from './cards/run-details.ts';
import { plain, shorten } from './cards/text.ts';
import type { ChatOptions } from './chat.ts';
import type { Order, Orders } from './orders.ts';
import type { ViewAnswer } from './slack-app.ts';
import { whatWasAsked } from './slack-request.ts';
import { type MayLook, type Say, soon, type Talk, type Trusted } from './talk.ts';
import { typed } from './typed.ts';

/** The buttons of a run's card, and the forms that some of them open. */
export const createRunTalk = (options: {
  slack: SlackClient;
  store: RunStore;
  orders: Orders;
  trusted: Trusted;
  mayLook: MayLook;
  say: Say;
  commandOf: CommandOf;
  clock: Clock;
  start: ChatOptions['start'];
  stepUp: ApproverProof;
}): Talk => {
  const { slack, store, orders, trusted, mayLook, say, commandOf, clock, stepUp } = options;

  /** Who may not approve is told so before a form opens. */
  const refused = async (runId: string, user: string, team: string): Promise<unknown> => {
    const { name } = await trusted(user, team);
    return orders.mayApprove(runId, { person: user, name, via: 'slack' });
  };

  /** The same request once more, as the plan and the world are now. However often it is pressed, it is asked once. */
  const askAgain = async (
    state: RunState,
    requester: { slack: string; name: string; team: string },
  ): Promise<string> => {
    const { run, graph, reason, severity } = state.created;
    if (state.outcome !== 'expired' && state.outcome !== 'voided')
      throw new MaydayError(
        'run/wrong-state',
        `Run ${run} is not one whose question ended without an answer (${state.outcome ?? 'it is live'}). Nothing was started.`,
      );
    const given = graph.arguments as { to?: string | null; time?: string | null; text?: string; anyway?: boolean };
    const started = await options.start(
      {
        flow: graph.flow,
        plan: graph.plan,
        scope: graph.scope,
        reason,
        severity,
        ...(given.to && { to: given.to }),
        ...(given.time && { time: new Date(given.time) }),
        ...(given.text && { text: given.text }),
        ...(given.anyway && { anyway: true }),
      },
      { requester, requestKey: `again:${run}`, receivedAt: clock.now() },
    );
    if ('nothingToDo' in started) return `✅ ${started.nothingToDo}`;
    return `Asked again as run \`${started.runId}\`: its card appears in the incident's channel. Nothing is changed before it is approved.`;
  };
  return {
    word: 'run',

    async action({ payload, action, user, team, reply }) {
      if (action.type !== 'button') throw unknownButton();
      const [runId = '', hash = '', step = ''] = (action.value ?? '').split('|');
      const actionId = action.action_id.split(':').slice(0, 2).join(':');
      const isLook = actionId === 'run:details' || actionId === 'run:page';
      const handle = await store.open(runId);
      const form = formFor(actionId, knownValue(handle.state(), hash, step), handle.state());
      const order = orderOfClick(actionId, hash, step);
      if (!isLook && !form && !order && actionId !== 'run:again') throw unknownButton();
      // One question of Slack, and a form is asked for at once: its trigger is good for three seconds.
      if (isLook) await soon(mayLook(user, team));
      else if (form) await soon(actionId === 'run:approve' ? refused(runId, user, team) : trusted(user, team));
      if (actionId === 'run:details')
        return void (await slack.openView(payload.trigger_id, runDetails(handle.state(), 0, commandOf)));
      if (actionId === 'run:page' && payload.view)
        return await slack.updateView(
          payload.view.id,
          runDetails(await handle.refresh(), Number(step), commandOf),
          payload.view.hash,
        );
      if (form) return void (await slack.openView(payload.trigger_id, form));
      const { name } = await trusted(user, team);
      if (actionId === 'run:again') return await reply(await askAgain(handle.state(), { slack: user, name, team }));
      if (order) await reply(await orders.give(runId, order, { person: user, name, via: 'slack' }));
    },

    async submitted({ payload, user, team }) {
      const { view } = payload;
      const [runId = '', hash = '', step = ''] = String(view.private_metadata).split('|');
      const value = typed(view.state?.values?.['field']?.['value']?.value);
      const asksForCode = view.blocks.some((block) => block.block_id === 'code');
      const code = typed(view.state?.values?.['code']?.['value']?.value);
      let answer: ViewAnswer | undefined;
      await say(
        { user, team, what: whatWasAsked(payload) },
        async (text) => {
          const at = view.blocks.some((block) => block.block_id === 'field') ? 'field' : 'code';
          answer = { response_action: 'errors', errors: { [at]: text.slice(0, 300) } };
        },
        async () => {
          const order = orderOfForm(view.callback_id, hash, step, value);
          if (!order) throw unknownButton();
          const { name } = await trusted(user, team);
          if (order.deed === 'approve' && asksForCode) {
            const proven = await stepUp.prove(runId, order, { person: user, name, via: 'slack' }, code);
            if ('mailed' in proven)
              answer = { response_action: 'update', view: saidForm('Look into your mail', proven.mailed) };
            else await orders.give(runId, { ...order, ...proven }, { person: user, name, via: 'slack' });
            return;
          }
          if (order.deed === 'allow' && asksForCode) {
            const { requestedAt } = (await store.open(runId)).state().created;
            await stepUp.code(user, code, new Date(requestedAt));
            return void (await orders.give(runId, { ...order, stepUp: 'totp' }, { person: user, name, via: 'slack' }));
          }
          await orders.give(runId, order, { person: user, name, via: 'slack' });
        },
      );
      return answer;
    },
  };
};

/** What a form carries along: a hash and a step of the run, and nothing else that a forged button may hold. */
const knownValue = (state: RunState, hash: string, step: string): string =>
  [
    state.created.run,
    /^[0-9a-f]{64}$/.test(hash) ? hash : '',
    ...(Object.hasOwn(state.graph, step) ? [step] : []),
  ].join('|');

const unknownButton = () =>
  new MaydayError('input/invalid', 'Mayday has no such button; the card may be of an older version. Nothing was done.');

/** What a button orders by itself; the others open a form first. */
const orderOfClick = (actionId: string, hash: string, step: string): Order | undefined => {
  switch (actionId) {
    case 'run:approve':
      return { deed: 'approve', hash, typed: null };
    case 'run:cancel':
      return { deed: 'cancel', reason: 'cancelled on the card' };
    case 'run:abort':
      return { deed: 'abort', reason: 'aborted on the card' };
    case 'run:retry':
      return { deed: 'retry', reason: 'retried on the card', ...(step && { step }) };
    case 'run:done':
      return { deed: 'done', step, reason: 'confirmed on the card' };
    case 'run:pause':
      return { deed: 'pause', reason: 'paused on the card' };
    case 'run:resume':
      return { deed: 'resume', reason: 'resumed on the card' };
    case 'run:allow':
      return { deed: 'allow', step, typed: null };
    case 'run:refuse':
      return { deed: 'refuse', step, reason: 'refused on the card' };
    default:
      return undefined;
  }
};

const orderOfForm = (callback: string, hash: string, step: string, value: string): Order | undefined => {
  switch (callback) {
    case 'run:approve-typed':
      return { deed: 'approve', hash, typed: value };
    case 'run:reject-reason':
      return { deed: 'reject', reason: value };
    case 'run:withdraw-reason':
      return { deed: 'withdraw', reason: value };
    case 'run:skip-reason':
      return { deed: 'skip', step, reason: value };
    case 'run:force-reason':
      return { deed: 'force', step, reason: value };
    case 'run:allow-typed':
      return { deed: 'allow', step, typed: value };
    default:
      return undefined;
  }
};

/** The form that a button opens; undefined for one that acts at once. */
export const formFor = (actionId: string, value: string, state: RunState) => {
  const step = value.split('|')[2] ?? '';
  const title = shorten(state.graph[step]?.title ?? step, 60);
  if (actionId === 'run:reject')
    return oneFieldForm({
      callback: 'run:reject-reason',
      title: 'Reject this run',
      label: 'Why not?',
      hint: 'Everybody in the channel sees it.',
      submit: 'Reject',
      value,
      multiline: true,
    });
  if (actionId === 'run:withdraw')
    return oneFieldForm({
      callback: 'run:withdraw-reason',
      title: 'Take your yes back',
      label: 'Why?',
      hint: 'Everybody sees it on the card. It can be done until the first change has begun.',
      submit: 'Take it back',
      value,
      multiline: true,
    });
  if (actionId === 'run:skip' || actionId === 'run:force') {
    const skips = actionId === 'run:skip';
    return oneFieldForm({
      callback: `${actionId}-reason`,
      title: skips ? 'Leave a step out' : 'Force a step',
      label: skips ? `Why leave “${title}” out?` : `Why force “${title}”?`,
      hint: 'Somebody else who may approve the run must allow it, and sees this.',
      submit: 'Ask',
      value,
      multiline: true,
    });
  }
  if (actionId === 'run:allow') {
    const typed = wordToAllow(state, step);
    const { stays, whenUnreachable } = state.graph[step] ?? {};
    const again = stays !== undefined || whenUnreachable !== undefined ? stepUpFor(state) : null;
    if (typed === null && again === null) return undefined;
    return oneFieldForm({
      ...(typed === null && { without: true }),
      ...(again && { more: [codeField({ ...again, ways: ['totp'] })] }),
      callback: 'run:allow-typed',
      title: 'Allow it',
      label: `Type ${typed} to allow it`,
      hint: title,
      submit: 'Allow',
      value,
    });
  }
  if (actionId !== 'run:approve') return undefined;
  const typed = ruleOf(state)?.typedWord ?? null;
  const again = stepUpFor(state);
  if ((typed === null && again === null) || waitingApproval(state) === undefined) return undefined;
  const { graph } = state.created;
  return oneFieldForm({
    callback: 'run:approve-typed',
    title: 'Approve this run',
    label: `Type ${typed} to approve`,
    hint: `The rule "${ruleOf(state)?.name}" asks for it.`,
    submit: 'Approve',
    value,
    about: [
      `*${plain(`${graph.flow} of ${graph.scope}: ${graph.title}`)}*`,
      approvalText(state)
        .map((line) => plain(shorten(line, 400)))
        .join('\n'),
    ],
    ...(typed === null && { without: true }),
    ...(again && { more: [codeField(again)] }),
  });
};

const codeField = ({ ways, because }: NonNullable<ReturnType<typeof stepUpFor>>) => ({
  id: 'code',
  label: ways.includes('totp') ? 'Code of your authenticator app' : 'A link is mailed to you',
  hint: ways.includes('totp')
    ? `Asked for because ${because}.${ways.includes('link') ? ' Without one leave it empty, and a link is mailed to you.' : ''}`
    : `Leave this empty; your yes counts when you open the link. Asked for because ${because}.`,
  most: 10,
  ...(ways.includes('link') && { optional: true as const }),
});
