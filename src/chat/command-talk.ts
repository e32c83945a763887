import type { SlashCommand } from '@slack/bolt';
import type { Caller, Command, CommandContext, CommandForm, FormContext, RunDirectory, RunOrder } from '../define.ts';
import { MaydayError } from '../errors.ts';
import { redact } from '../redact.ts';
import { abilitiesOf } from './abilities.ts';
import type { ApproverProof } from './approver-proof.ts';
import {
  commandForm,
  commandFormCallback,
  type FormOrigin,
  type FormValues,
  originOf,
  valuesOf,
} from './cards/command-form.ts';
import { plain, unescaped } from './cards/text.ts';
import type { ChatOptions } from './chat.ts';
import type { IncidentDeskTools } from './incident/incident-desk.ts';
import type { IncidentOrders } from './incident/incident-orders.ts';
import type { Orders } from './orders.ts';
import type { ViewAnswer } from './slack-app.ts';
import { whatWasAsked } from './slack-request.ts';
import { createReply, type MayLook, type Say, soon, type Talk, type Tell, type Trusted } from './talk.ts';
import { typed } from './typed.ts';

export interface CommandTalk extends Talk {
  /** A command as it was typed. */
  command(command: SlashCommand, reply: (text: string) => Promise<void>): Promise<void>;
  /** A whole line, as if that person had typed it. Throws what they would have been told. */
  say(line: string, given: Given): Promise<void>;
  /** Opens a command's form; `fixed` are values that the person is not asked for. */
  openForm(triggerId: string, name: string, origin: Omit<FormOrigin, 'command'>, chosen?: FormValues): Promise<void>;
}

export interface Given {
  caller: Caller;
  /** The same for every delivery of the same order. */
  key: string;
  /** By which a form can be opened, when there is one. */
  triggerId?: string | undefined;
  reply(text: string): Promise<void>;
}

/** Commands: typed, filled in as a form, chosen as a shortcut, or said to the bot by its name. */
export const createCommandTalk = (
  options: ChatOptions & {
    orders: Orders;
    incidentOrders: IncidentOrders;
    desk: IncidentDeskTools;
    trusted: Trusted;
    mayLook: MayLook;
    say: Say;
    tell: Tell;
    propose: CommandContext['propose'];
    approverProof: ApproverProof;
  },
): CommandTalk => {
  const { slack, clock, log, orders, trusted, mayLook, say, tell, commands } = options;

  const named = (name: string): Command => {
    const found = commands.find((each) => each.name === name);
    if (found) return found;
    throw new MaydayError('input/invalid', `Mayday has no ${name}; \`/dr help\` lists what there is.`);
  };

  /** Who may not give the order is told before they fill in its form; gives their name where it is needed. */
  const judged = async (definition: Command, user: string, team: string): Promise<string | undefined> => {
    if (definition.effect !== 'read') return (await trusted(user, team)).name;
    await mayLook(user, team);
    return undefined;
  };

  const carryOut = async (
    definition: Command,
    text: string,
    { caller, key, triggerId, reply }: Given,
  ): Promise<void> => {
    caller.name = (await judged(definition, caller.user, caller.team)) ?? caller.name;
    const receivedAt = clock.now();
    const context: CommandContext = {
      caller,
      receivedAt,
      reply,
      commands,
      plans: options.plans,
      runs: {
        ...options.runs,
        // What systems and people said of a run is no formatting of ours.
        describe: async (runId) => shown(await options.runs.describe(runId)),
        result: async (runId, seconds) => shown(await options.runs.result(runId, seconds)),
        async control(runId, order) {
          const { name } = await trusted(caller.user, caller.team);
          return orders.give(runId, redacted(order), { person: caller.user, name, via: 'slack' });
        },
      },
      incidents: {
        ...options.incidents,
        ...options.desk,
        async give(id, order) {
          const { name } = await trusted(caller.user, caller.team);
          return options.incidentOrders.give(id, order, { person: caller.user, name });
        },
        async ask(id, what, words) {
          if (!triggerId) return false;
          await options.desk.ask(triggerId, id, what, words);
          return true;
        },
      },
      planTools: options.planTools,
      abilities: () => abilitiesOf(caller, options),
      async stepUp(words) {
        await trusted(caller.user, caller.team);
        return options.approverProof.command(caller.user, words);
      },
      propose: options.propose,
      checklists: options.checklists,
      async start(request) {
        try {
          const started = await options.start(request, {
            requester: { slack: caller.user, name: caller.name, team: caller.team },
            requestKey: key,
            receivedAt,
          });
          if (!('nothingToDo' in started)) return started;
          await reply(`✅ ${plain(started.nothingToDo)}`);
          return undefined;
        } catch (error) {
          throw error instanceof MaydayError && error.code === 'claim/held' ? await heldBy(error, options.runs) : error;
        }
      },
    };
    await definition.run(redact(definition.namesPeople ? unescaped(text) : text), context);
  };

  const formContext = async (): Promise<FormContext> => ({
    plans: options.plans,
    runs: (await options.runs.list()).map(({ id, flow, scope, plan, status }) => ({
      id,
      title: `${flow} of ${scope} of ${plan}: ${status} (${id})`,
    })),
  });

  const openForm: CommandTalk['openForm'] = async (triggerId, name, origin, chosen = {}) => {
    const { form } = named(name) as { form: CommandForm };
    await slack.openView(triggerId, commandForm(form, { command: name, ...origin }, chosen, await formContext()));
  };

  return {
    word: 'command',
    openForm,
    say(line, given) {
      const [name = '', ...words] = line.split(' ');
      return carryOut(named(name), words.join(' '), given);
    },

    async command(command, reply) {
      const { team_id: team, user_id: user, user_name: name, channel_id: channel } = command;
      await say({ user, team, what: command.command }, reply, async () => {
        const definition = named(command.command);
        if ((command.text ?? '').trim() === '' && definition.form && command.trigger_id) {
          await soon(judged(definition, user, team));
          return await openForm(command.trigger_id, definition.name, { channel });
        }
        await carryOut(definition, command.text ?? '', {
          caller: { team, user, name, channel },
          key: `command:${command.trigger_id}`,
          triggerId: command.trigger_id,
          reply,
        });
      });
    },

    /** A choice on which the rest of the form depends. */
    async action({ payload }) {
      const { view } = payload;
      if (!view || view.callback_id !== commandFormCallback) return;
      const origin = originOf(view.private_metadata);
      const { form } = named(origin.command);
      if (form)
        await slack.updateView(view.id, commandForm(form, origin, valuesOf(view), await formContext()), view.hash);
    },

    async submitted({ payload, user, team }) {
      const { view } = payload;
      const origin = originOf(view.private_metadata);
      const definition = named(origin.command);
      let answer: ViewAnswer | undefined;
      // The form is answered within three seconds or closed; what is said later goes to where it was opened.
      let isOpen = true;
      const reply = createReply(log, (text) => tell({ user, channel: origin.channel, thread: origin.thread }, text));
      const closing = setTimeout(() => {
        isOpen = false;
      }, formPatienceMs);
      const inputs = view.blocks.flatMap((block) => (block.type === 'input' ? (block.block_id ?? []) : []));
      await say(
        { user, team, what: whatWasAsked(payload) },
        async (text, error) => {
          if (!isOpen) return await reply(text);
          const { field } = ((error as Error).cause ?? {}) as { field?: string };
          const at = field !== undefined && inputs.includes(field) ? field : inputs[0]!;
          answer = { response_action: 'errors', errors: { [at]: text.slice(0, 300) } };
        },
        () =>
          carryOut(definition, definition.form!.line(valuesOf(view)), {
            caller: { team, user, name: payload.user.name ?? user, channel: origin.channel ?? '' },
            key: `view:${(payload as { trigger_id?: string }).trigger_id ?? view.id}`,
            reply,
          }),
      );
      clearTimeout(closing);
      return answer;
    },

    async shortcut({ payload, user, team }) {
      const name = `/${payload.callback_id.split(':')[1]}`;
      await soon(judged(named(name), user, team));
      if (!('channel' in payload)) return await openForm(payload.trigger_id, name, {});
      const place = { channel: payload.channel.id, thread: payload.message_ts };
      await openForm(payload.trigger_id, name, place, {
        reason: typed(unescaped(String(payload.message['text'] ?? ''))),
      });
    },

    /** `@Mayday failover shop region it is dark`, in a thread as well, where Slack lets nobody type a command. */
    async event(event, { team }) {
      if (event['type'] !== 'app_mention' || typeof event['user'] !== 'string') return;
      const { user, channel } = event as { user: string; channel: string };
      const thread = (event['thread_ts'] ?? event['ts']) as string;
      const reply = createReply(log, (text) => tell({ user, channel, thread }, text));
      await say({ user, team, what: 'mention' }, reply, async () => {
        const { user: self } = await slack.whoAmI();
        const words = String(event['text'] ?? '')
          .replaceAll(`<@${self}>`, ' ')
          .trim();
        const [first = '', ...rest] = words.split(/\s+/);
        const name = `/${first.toLowerCase().replace(/^\//, '')}`;
        const definition = commands.find((each) => each.name === name);
        const { effect } = definition ?? {};
        if (!definition || effect === undefined)
          throw new MaydayError(
            'input/invalid',
            `Say it as you would type it: \`@Mayday ${commands[0]!.examples[0]!.slice(1)}\`. Known are ${commands.map((each) => each.name.slice(1)).join(', ')}. Nothing was done.`,
          );
        await carryOut(definition, rest.join(' '), {
          caller: { team, user, name: user, channel },
          key: `event:${channel}:${event['ts']}`,
          reply,
        });
      });
    },
  };
};

/** Words of systems and people show nothing but themselves; our own ids, and a line that is bold from end to end, stay. */
const shown = (text: string): string =>
  plain(text)
    .replaceAll(/\u2009`\u2009/g, '`')
    .replaceAll(/^\u2009\*\u2009([^\n]*?)\u2009\*\u2009$/gm, '*$1*');

/** A little less than what a form is waited for. */
const formPatienceMs = 2_300;

/** Text that people typed is freed of secrets before it is journalled. */
const redacted = (order: RunOrder): RunOrder =>
  'reason' in order ? { ...order, reason: redact(order.reason) } : order;

const heldBy = async (error: MaydayError, runs: RunDirectory): Promise<MaydayError> => {
  const { resource, holder } = error.cause as { resource: string; holder: string };
  const description = await runs.describe(holder).catch(() => holder);
  if (description.includes('waiting for approval'))
    return new MaydayError(
      'claim/held',
      `Somebody has asked for it already, and it waits for approval: whoever may approve says yes on its card. \`/dr run ${holder}\` shows it. ${description.split('\n')[0]} Nothing more was started.`,
      { cause: error.cause },
    );
  return new MaydayError(
    'claim/held',
    `Not started: ${resource} is held by run ${holder}. ${description.split('\n')[0]} Wait for it; \`/dr run ${holder}\` shows where it stands and how to end it.`,
    { cause: error.cause },
  );
};
