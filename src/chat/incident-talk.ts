import type { Clock, IncidentDirectory, IncidentQuestion, StartFlow } from '../define.ts';
import type { IncidentStore } from '../engine/incident-store.ts';
import { MaydayError } from '../errors.ts';
import type { IncidentEvent } from '../incident/incident.ts';
import type { SlackClient } from '../systems/slack/index.ts';
import { unescaped } from './cards/text.ts';
import type { ChatOptions } from './chat.ts';
import type { CommandTalk } from './command-talk.ts';
import type { IncidentDeskTools } from './incident/incident-desk.ts';
import { answersOf, filledIn, nextOf, reopenForm } from './incident/incident-forms.ts';
import { type IncidentOrders, pinnedMark } from './incident/incident-orders.ts';
import type { ViewAnswer } from './slack-app.ts';
import { whatWasAsked } from './slack-request.ts';
import { type MayLook, type Say, type Submitted, soon, type Talk, type Tell, type Trusted } from './talk.ts';
import { typed } from './typed.ts';

/** With any of these on it, a message stands on the timeline. */
export const pins: readonly string[] = ['pushpin', 'round_pushpin'];

/** A little less than what a form is waited for. */
const formPatienceMs = 2_300;

/** The buttons of an incident's headline and reminders, the forms behind them, and what people pin. */
export const createIncidentTalk = (options: {
  slack: SlackClient;
  clock: Clock;
  store: IncidentStore;
  incidents: IncidentDirectory;
  orders: IncidentOrders;
  desk: IncidentDeskTools;
  commandTalk: CommandTalk;
  start: ChatOptions['start'];
  trusted: Trusted;
  mayLook: MayLook;
  say: Say;
  tell: Tell;
}): Talk => {
  const { slack, clock, store, incidents, orders, desk, trusted, mayLook, say, tell } = options;

  const startFlow = async ({ payload, user, team }: Submitted, request: StartFlow): Promise<void> => {
    const { name } = await trusted(user, team);
    await options.start(request, {
      requester: { slack: user, name, team },
      requestKey: `view:${(payload as { trigger_id?: string }).trigger_id ?? payload.view.id}`,
      receivedAt: clock.now(),
    });
  };

  /** Carries a filled-in form out; gives what to say when nobody else says it. */
  const carryOut = async (form: Submitted): Promise<string | undefined> => {
    const { payload, user, team } = form;
    const id = payload.view.private_metadata;
    const filled = filledIn(payload.view);
    const words = typed(filled['words']);
    const { incident } = await store.read(id);
    const flow = (name: string, more: Partial<StartFlow> = {}): StartFlow => ({
      flow: name,
      plan: incident.plan ?? undefined,
      incident: id,
      text: words,
      reason: words,
      ...more,
    });
    const by = async () => ({ person: user, name: (await trusted(user, team)).name });
    const severity = filled['severity'] === incident.severity ? undefined : filled['severity'];
    switch (payload.view.callback_id) {
      case 'incident:update-words': {
        desk.mustBeOpen(id, incident);
        const nextUpdate = nextOf(filled['next'], clock.now());
        await startFlow(form, flow('update', { severity, ...(nextUpdate !== undefined && { nextUpdate }) }));
        return undefined;
      }
      case 'incident:severity-words':
        desk.mustBeOpen(id, incident);
        if (!severity) return `It is ${incident.severity} already; nothing was changed.`;
        await startFlow(form, flow('update', { severity }));
        return undefined;
      case 'incident:resolve-words':
        desk.mustBeOpen(id, incident);
        await startFlow(form, flow('resolve', { checklist: answersOf(filled) }));
        return undefined;
      case 'incident:reopen-words':
        return await orders.give(id, { deed: 'reopen', reason: words }, await by());
      case 'incident:task-words': {
        const { owner = null, due = '86400' } = filled;
        return await orders.give(id, { deed: 'task', text: words, owner, dueSeconds: Number(due) }, await by());
      }
      default:
        return undefined;
    }
  };

  const turns = new Map<string, Promise<void>>();

  const pinnedHere = (channel: string, ts: string, make: (has: PinnedHere) => IncidentEvent[], actor: string) =>
    incidents.pinnedIn(channel, ts).then((ids) =>
      Promise.all(
        ids.map((id) =>
          store.commit(id, actor, ({ pinned }) => {
            const found = pinned.find((each) => each.channel === channel && each.ts === ts);
            return found ? make(found) : [];
          }),
        ),
      ),
    );

  return {
    word: 'incident',

    async action({ payload, action, user, team, reply }) {
      const by = async () => ({ person: user, name: (await trusted(user, team)).name });
      const ask = async (id: string, what: IncidentQuestion) => {
        await soon(by());
        await desk.ask(payload.trigger_id, id, what, '');
      };
      const value = 'value' in action ? String(action.value ?? '') : '';
      const [id = '', more = ''] = value.split('|');
      switch (action.action_id) {
        case 'incident:take': {
          const [role = '', incident = ''] = chosenValue(action).split('|');
          return await reply(
            await orders.give(incident, { deed: 'role', role, person: null, ifFree: true }, await by()),
          );
        }
        case 'incident:more': {
          const [what = '', incident = ''] = chosenValue(action).split('|');
          if (what === 'task') return await ask(incident, 'task');
          if (what === 'timeline') {
            await mayLook(user, team);
            return await reply(await desk.timeline(incident));
          }
          if (what !== 'postmortem') throw unknownButton();
          await by();
          return await reply(await desk.postMortem(incident));
        }
        case 'incident:update':
          return await ask(id, 'update');
        case 'incident:severity':
          return await ask(id, 'severity');
        case 'incident:resolve':
          return await ask(id, 'resolve');
        case 'incident:reopen':
          await soon(by());
          return void (await slack.openView(payload.trigger_id, reopenForm(id)));
        case 'incident:postmortem':
          await by();
          return await reply(await desk.postMortem(id));
        case 'incident:snooze':
          return await reply(await orders.give(id, { deed: 'snooze', seconds: Number(more) || 900 }, await by()));
        case 'incident:dismiss':
          return await reply(await orders.give(id, { deed: 'dismiss' }, await by()));
        case 'incident:task-done':
          return await reply(await orders.give(id, { deed: 'task-done', task: more }, await by()));
        default:
          throw unknownButton();
      }
    },

    async submitted(form) {
      const { payload, user } = form;
      let answer: ViewAnswer | undefined;
      let isOpen = true;
      const closing = setTimeout(() => {
        isOpen = false;
      }, formPatienceMs);
      const later = async (text: string) => {
        const { incident } = await store.read(payload.view.private_metadata);
        await tell({ user, channel: incident.facts['channel'] }, text);
      };
      await say(
        { user, team: form.team, what: whatWasAsked(payload) },
        async (text) => {
          if (!isOpen) return await later(text);
          answer = { response_action: 'errors', errors: { words: text.slice(0, 300) } };
        },
        async () => {
          const said = await carryOut(form);
          if (said) await later(said);
        },
      );
      clearTimeout(closing);
      return answer;
    },

    /** “Declare an incident” on a message: its words are filled in, and it goes onto the timeline. */
    async shortcut({ payload, user, team }) {
      if (payload.callback_id !== 'incident:declare' || payload.type !== 'message_action') return;
      await soon(trusted(user, team));
      const { id: channel } = payload.channel;
      await options.commandTalk.openForm(
        payload.trigger_id,
        '/incident',
        { channel, fixed: { about: `${channel}/${payload.message_ts}` } },
        { reason: typed(unescaped(String(payload.message.text ?? ''))).slice(0, 450) },
      );
    },

    async event(event, { team }) {
      const { type } = event;
      if (type === 'reaction_added' || type === 'reaction_removed') {
        const { user, reaction, item } = event;
        if (!pins.includes(reaction) || item?.type !== 'message') return;
        if (user === (await slack.whoAmI()).user) return;
        const { channel, ts } = item as { channel: string; ts: string };
        await inTurn(channel, ts, () =>
          say(
            { user, team, what: `event ${type}` },
            (text) => tell({ user, channel }, text),
            async () => {
              if (type === 'reaction_removed') return await unpin(channel, ts, user);
              const incident = await incidents.find(channel);
              if (!incident) return;
              const { name } = await trusted(user, team);
              await orders.give(incident.id, { deed: 'pin', channel, ts }, { person: user, name });
            },
          ),
        );
      }
      const { channel, message, deleted_ts: gone } = event;
      if (type === 'message' && event['subtype'] === 'message_changed' && message?.ts && !message.bot_id)
        await inTurn(channel, message.ts, () => edited(channel, message));
      if (type === 'message' && event['subtype'] === 'message_deleted')
        await inTurn(channel, gone, () => deleted(channel, gone));
    },
  };

  /** What is told of one message is done in the order in which it was told: taking it off must not overtake putting it on. */
  async function inTurn(channel: string, ts: string, work: () => Promise<void>): Promise<void> {
    const key = `${channel} ${ts}`;
    const turn = (turns.get(key) ?? Promise.resolve()).then(work, work);
    turns.set(key, turn);
    try {
      await turn;
    } finally {
      if (turns.get(key) === turn) turns.delete(key);
    }
  }

  async function unpin(channel: string, ts: string, user: string): Promise<void> {
    const off = (found: PinnedHere): IncidentEvent[] =>
      found.by.includes(user) ? [{ type: 'incident.message-unpinned', data: { channel, ts, by: user } }] : [];
    const after = await pinnedHere(channel, ts, off, `slack:${user}`);
    const isLeft = after.some(({ pinned }) => pinned.some((each) => each.channel === channel && each.ts === ts));
    if (after.length > 0 && !isLeft) await slack.unreact(channel, ts, pinnedMark).catch(() => undefined);
  }

  async function edited(channel: string, message: any): Promise<void> {
    // What Slack leaves of a message that was deleted while it has answers.
    if (message.subtype === 'tombstone') return await deleted(channel, message.ts);
    const ids = await incidents.pinnedIn(channel, message.ts);
    if (ids.length === 0) return;
    const raw: string | undefined = message.text ?? (await slack.message(channel, message.ts))?.text;
    if (raw === undefined) return;
    const text = typed(unescaped(raw));
    await pinnedHere(
      channel,
      message.ts,
      (found) =>
        found.text === text ? [] : [{ type: 'incident.message-edited', data: { channel, ts: message.ts, text } }],
      `slack:${message.user ?? 'unknown'}`,
    );
  }

  async function deleted(channel: string, ts: string): Promise<void> {
    await pinnedHere(
      channel,
      ts,
      (found) => (found.isDeleted ? [] : [{ type: 'incident.message-deleted', data: { channel, ts } }]),
      'mayday',
    );
  }
};

/** What was chosen in a menu; a forged one may have no such thing. */
const chosenValue = (action: object): string => {
  const { selected_option: chosen } = action as { selected_option?: { value?: unknown } | null };
  if (typeof chosen?.value !== 'string') throw unknownButton();
  return chosen.value;
};

const unknownButton = () =>
  new MaydayError(
    'input/invalid',
    'Mayday has no such button; the message may be of an older version. Nothing was done.',
  );

type PinnedHere = Awaited<ReturnType<IncidentStore['read']>>['incident']['pinned'][number];
