import { ruleOf, wordToAllow } from '../engine/controls.ts';
import type { RunStore } from '../engine/run-store.ts';
import type { RunState } from '../engine/state.ts';
import { MaydayError } from '../errors.ts';
import type { SlackClient } from '../systems/slack/index.ts';
import { oneFieldForm } from './cards/forms.ts';
import { type CommandOf, runDetails } from './cards/run-details.ts';
import { shorten } from './cards/text.ts';
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
}): Talk => {
  const { slack, store, orders, trusted, mayLook, say, commandOf } = options;
  return {
    word: 'run',

    async action({ payload, action, user, team, reply }) {
      if (action.type !== 'button') throw unknownButton();
      const [runId = '', hash = '', step = ''] = (action.value ?? '').split('|');
      const actionId = action.action_id.split(':').slice(0, 2).join(':');
      const isLook = actionId === 'run:details' || actionId === 'run:page';
      const handle = await store.open(runId);
      const form = formFor(actionId, action.value ?? '', handle.state());
      const order = orderOfClick(actionId, hash, step);
      if (!isLook && !form && !order) throw unknownButton();
      // One question of Slack, and a form is asked for at once: its trigger is good for three seconds.
      if (isLook) await soon(mayLook(user, team));
      else if (form) await soon(trusted(user, team));
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
      if (order) await reply(await orders.give(runId, order, { person: user, name, via: 'slack' }));
    },

    async submitted({ payload, user, team }) {
      const { view } = payload;
      const [runId = '', hash = '', step = ''] = String(view.private_metadata).split('|');
      const value = typed(view.state?.values?.['field']?.['value']?.value);
      let answer: ViewAnswer | undefined;
      await say(
        { user, team, what: whatWasAsked(payload) },
        async (text) => {
          answer = { response_action: 'errors', errors: { field: text.slice(0, 300) } };
        },
        async () => {
          const order = orderOfForm(view.callback_id, hash, step, value);
          if (!order) throw unknownButton();
          const { name } = await trusted(user, team);
          await orders.give(runId, order, { person: user, name, via: 'slack' });
        },
      );
      return answer;
    },
  };
};

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
  const typed = actionId === 'run:allow' ? wordToAllow(state, step) : (ruleOf(state)?.typedWord ?? null);
  if (typed === null || (actionId !== 'run:approve' && actionId !== 'run:allow')) return undefined;
  return oneFieldForm({
    callback: `${actionId}-typed`,
    title: actionId === 'run:allow' ? 'Allow it' : 'Approve this run',
    label: `Type ${typed} to ${actionId === 'run:allow' ? 'allow it' : 'approve'}`,
    hint: actionId === 'run:allow' ? title : `The rule "${ruleOf(state)?.name}" asks for it.`,
    submit: actionId === 'run:allow' ? 'Allow' : 'Approve',
    value,
  });
};
