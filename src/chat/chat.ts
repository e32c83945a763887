import type { BlockAction, SlashCommand, ViewSubmitAction } from '@slack/bolt';
import type {
  Caller,
  ChecklistDirectory,
  Clock,
  Command,
  IncidentDirectory,
  Log,
  PersonView,
  PlanDirectory,
  PlanTools,
  RunDirectory,
  StartedRun,
  StartFlow,
} from '../define.ts';
import { ruleOf, wordToAllow } from '../engine/controls.ts';
import type { RunStore } from '../engine/run-store.ts';
import type { RunState } from '../engine/state.ts';
import { MaydayError, messageOf } from '../errors.ts';
import { redact } from '../redact.ts';
import type { SlackClient } from '../systems/slack/index.ts';
import type { Directory } from './authority.ts';
import { oneFieldForm } from './cards/forms.ts';
import { plain, shorten } from './cards/text.ts';
import { createOrders, type Order, type Orderer, type OrdersOptions } from './orders.ts';
import type { Respond, ViewAnswer } from './slack-app.ts';

export interface ChatOptions {
  slack: SlackClient;
  directory: Directory;
  clock: Clock;
  log: Log;
  store: RunStore;
  commands: readonly Command[];
  plans: PlanDirectory;
  runs: RunDirectory;
  incidents: IncidentDirectory;
  planTools: PlanTools;
  checklists: ChecklistDirectory;
  /** Digest of a plan as its file says it now; undefined when it is gone or broken. */
  planDigest(plan: string): string | undefined;
  steeredBy: OrdersOptions['steeredBy'];
  /** Everybody whom a plan pins, by which a Slack user is known in PagerDuty. */
  people(plan: string): PersonView[];
  start(
    request: StartFlow,
    by: { requester: { slack: string; name: string; team: string }; requestKey: string; receivedAt: Date },
  ): Promise<StartedRun | { nothingToDo: string }>;
}

export interface Chat {
  command(command: SlashCommand, respond: Respond): Promise<void>;
  action(payload: BlockAction, respond: Respond): Promise<void>;
  view(payload: ViewSubmitAction): Promise<ViewAnswer | undefined>;
}

/** What people type and click, after the front door has proven it and written it down. Every refusal is one sentence. */
export const createChat = (options: ChatOptions): Chat => {
  const { slack, store, clock, log } = options;

  /** Guests, bots, strangers and people who have left may not; a Slack that does not answer means no as well. */
  const trusted = async (user: string, team: string): Promise<{ name: string }> => {
    const refuse = (why: string) =>
      new MaydayError('authority/refused', `${why} Rule: only full members of this workspace may. Nothing was done.`);
    const [info, self] = await Promise.all([slack.userInfo(user), slack.whoAmI()]);
    if (team !== self.team || info.isStranger) throw refuse('You belong to another workspace.');
    if (info.isBot) throw refuse('Bots may not give orders.');
    if (info.isDeactivated) throw refuse('This account is deactivated.');
    if (info.isGuest) throw refuse('You are a guest here.');
    return { name: info.name };
  };

  const say = async (respond: (text: string) => Promise<void>, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof MaydayError)) log.error({}, messageOf(error));
      const text =
        error instanceof MaydayError
          ? error.message
          : 'Mayday failed to do this through a fault of its own; nothing was started. Try again, or use the command line.';
      await respond(`⚠️ ${plain(redact(text)).replaceAll(/\u2009`\u2009/g, '`')}`).catch((failure) =>
        log.warn({}, messageOf(failure)),
      );
    }
  };

  const orders = createOrders(options);
  const ordererOf = (caller: Caller): Orderer => ({ person: caller.user, name: caller.name, via: 'slack' });

  return {
    async command(command, respond) {
      const reply = (text: string) => respond({ text });
      await say(reply, async () => {
        const definition = options.commands.find(({ name }) => name === command.command);
        if (!definition)
          throw new MaydayError('input/invalid', `Mayday has no ${command.command}; \`/dr help\` lists what there is.`);
        const { name } =
          definition.effect === 'read' ? { name: command.user_name } : await trusted(command.user_id, command.team_id);
        const caller: Caller = { team: command.team_id, user: command.user_id, name, channel: command.channel_id };
        const receivedAt = clock.now();
        await definition.run(redact(command.text ?? ''), {
          caller,
          receivedAt,
          reply,
          commands: options.commands,
          plans: options.plans,
          runs: {
            ...options.runs,
            async control(runId, order) {
              const { name } = await trusted(caller.user, caller.team);
              return orders.give(runId, redacted(order), { ...ordererOf(caller), name });
            },
          },
          incidents: options.incidents,
          planTools: options.planTools,
          checklists: options.checklists,
          async start(request) {
            try {
              const started = await options.start(request, {
                requester: { slack: caller.user, name: caller.name, team: caller.team },
                requestKey: `command:${command.trigger_id}`,
                receivedAt,
              });
              if (!('nothingToDo' in started)) return started;
              await reply(`✅ ${plain(started.nothingToDo)}`);
              return undefined;
            } catch (error) {
              throw error instanceof MaydayError && error.code === 'claim/held'
                ? await heldBy(error, options.runs)
                : error;
            }
          },
        });
      });
    },

    async action(payload, respond) {
      const reply = (text: string) => respond({ text });
      await say(reply, async () => {
        const action = payload.actions[0];
        if (action?.type !== 'button' || !action.action_id.startsWith('run:')) return;
        const [runId = '', hash = '', step = ''] = (action.value ?? '').split('|');
        const actionId = action.action_id.split(':').slice(0, 2).join(':');
        const user = payload.user.id;
        const team = payload.user.team_id ?? payload.team?.id ?? '';
        // A form must be asked for within three seconds of the click, so that comes before everything slow.
        const handle = await store.open(runId);
        const form = formFor(actionId, action.value ?? '', handle.state());
        if (form) return void (await slack.openView(payload.trigger_id, form));
        const order = orderOfClick(actionId, hash, step);
        if (!order) return;
        const { name } = await trusted(user, team);
        await reply(await orders.give(runId, order, { person: user, name, via: 'slack' }));
      });
    },

    async view(payload) {
      const [runId = '', hash = '', step = ''] = payload.view.private_metadata.split('|');
      const value = redact(payload.view.state.values['field']?.['value']?.value ?? '');
      const user = payload.user.id;
      const team = payload.user.team_id ?? payload.team?.id ?? '';
      let answer: ViewAnswer | undefined;
      await say(
        async (text) => {
          answer = { response_action: 'errors', errors: { field: text.slice(0, 300) } };
        },
        async () => {
          const order = orderOfForm(payload.view.callback_id, hash, step, value);
          if (!order) return;
          const { name } = await trusted(user, team);
          await orders.give(runId, order, { person: user, name, via: 'slack' });
        },
      );
      return answer;
    },
  };
};

/** Text that people typed is freed of secrets before it is journalled. */
const redacted = (order: Order): Order => ('reason' in order ? { ...order, reason: redact(order.reason) } : order);

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
const formFor = (actionId: string, value: string, state: RunState) => {
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

const heldBy = async (error: MaydayError, runs: RunDirectory): Promise<MaydayError> => {
  const { resource, holder } = error.cause as { resource: string; holder: string };
  const description = await runs.describe(holder).catch(() => holder);
  return new MaydayError(
    'claim/held',
    `Not started: ${resource} is held by run ${holder}. ${description.split('\n')[0]} Wait for it; \`/dr run ${holder}\` shows where it stands and how to end it.`,
    { cause: error.cause },
  );
};
