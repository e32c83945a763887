import { randomBytes } from 'node:crypto';
import type { SandboxContext } from '../part.ts';
import type { Delivered, Delivery } from './delivery.ts';
import type { Triggers } from './triggers.ts';
import { storeView } from './view-methods.ts';
import type { SlackChannel, SlackMessage, SlackView, Workspace } from './workspace.ts';

/** How long a click waits to see whether a form opens. */
const viewMilliseconds = 300;

interface ActsWorld {
  context: SandboxContext;
  workspace: Workspace;
  triggers: Triggers;
  delivery: Delivery;
  responseUrl(channel: string, user: string): string;
}

/** What people do in Slack, turned into the payloads that Slack sends for it. */
export const createPeopleActs = ({ workspace, triggers, delivery, responseUrl, context }: ActsWorld) => {
  const person = (id: string) => {
    const user = workspace.users.get(id) ?? [...workspace.users.values()].find((each) => each.name === id);
    if (!user) throw new Error(`no user ${id}; there are ${[...workspace.users.keys()].join(', ')}`);
    return user;
  };
  const place = (idOrName: string): SlackChannel => {
    const channel = workspace.findChannel(idOrName);
    if (!channel) throw new Error(`no channel ${idOrName}`);
    return channel;
  };
  const common = () => ({ token: 'deprecated', api_app_id: workspace.appId, is_enterprise_install: false });

  return {
    command(body: {
      user: string;
      channel: string;
      command: string;
      text?: string;
      tamper?: any;
      redeliver?: boolean;
    }) {
      const user = person(body.user);
      const channel = place(body.channel);
      const payload = {
        token: 'deprecated',
        team_id: user.team_id,
        team_domain: workspace.team.domain,
        channel_id: channel.id,
        channel_name: channel.kind === 'im' ? 'directmessage' : channel.name,
        user_id: user.id,
        user_name: user.name,
        command: body.command,
        text: body.text ?? '',
        api_app_id: workspace.appId,
        is_enterprise_install: 'false',
        response_url: responseUrl(channel.id, user.id),
        trigger_id: triggers.create(user.id),
      };
      return delivery.send('slash_commands', payload, body);
    },

    /** `forge` sends another action id or value than the button has, as somebody with the signing secret could. */
    async click(body: {
      user: string;
      channel: string;
      ts: string;
      actionId: string;
      forge?: { actionId?: string; value?: string };
      redeliver?: boolean;
    }): Promise<Delivered & { view: unknown }> {
      const user = person(body.user);
      const channel = place(body.channel);
      const message = channel.messages.find((each) => each.ts === body.ts);
      if (!message) throw new Error(`no message ${body.ts} in ${channel.name}`);
      const found = findElement(message.blocks ?? [], body.actionId);
      if (!found)
        throw new Error(
          `no button ${body.actionId} in that message; it has ${actionIds(message).join(', ') || 'none'}`,
        );
      const viewsBefore = new Set(workspace.views.values());
      const answer = await delivery.send(
        'interactive',
        {
          type: 'block_actions',
          ...common(),
          user: { id: user.id, username: user.name, name: user.name, team_id: user.team_id },
          team: { id: workspace.team.id, domain: workspace.team.domain },
          enterprise: null,
          container: { type: 'message', message_ts: message.ts, channel_id: channel.id, is_ephemeral: false },
          trigger_id: triggers.create(user.id),
          channel: { id: channel.id, name: channel.name },
          message: { type: 'message', user: message.user, ts: message.ts, text: message.text, blocks: message.blocks },
          state: { values: {} },
          response_url: responseUrl(channel.id, user.id),
          actions: [
            {
              type: found.element.type,
              action_id: body.forge?.actionId ?? body.actionId,
              block_id: found.blockId,
              text: found.element.text,
              value: body.forge?.value ?? found.element.value,
              style: found.element.style,
              action_ts: workspace.newTimestamp(),
            },
          ],
        },
        body,
      );
      // A bot acknowledges first and opens its form just after.
      const openedView = () =>
        [...workspace.views.values()].find((view) => !viewsBefore.has(view) && view.user === user.id);
      const until = performance.now() + viewMilliseconds;
      while (!openedView() && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
      const opened = openedView();
      return { ...answer, view: opened?.view ?? null };
    },

    async submit(body: { user: string; viewId: string; values?: Record<string, any> }) {
      const user = person(body.user);
      const view = workspace.views.get(body.viewId);
      if (!view?.open || view.user !== user.id) throw new Error(`${user.id} has no open view ${body.viewId}`);
      const values = stateOf(view, body.values ?? {});
      const answer = await delivery.send('interactive', {
        type: 'view_submission',
        ...common(),
        team: { id: workspace.team.id, domain: workspace.team.domain },
        user: { id: user.id, username: user.name, name: user.name, team_id: user.team_id },
        trigger_id: triggers.create(user.id),
        view: { ...view.view, state: { values } },
        response_urls: [],
        enterprise: null,
      });
      if (answer.status === 200) applyResponse(view, answer.body);
      return answer;
    },

    /** A message or reaction by a person, or any other event; failures are tried again three times, as Slack does. */
    async event(body: { event: any; eventId?: string; redeliver?: boolean }) {
      const { event } = body;
      const channel = event.channel ? place(event.channel) : undefined;
      if (event.type === 'message' && channel && !event.subtype) {
        event.ts ??= workspace.newTimestamp();
        event.channel = channel.id;
        channel.messages.push({
          ts: event.ts,
          user: person(event.user).id,
          text: event.text ?? '',
          edits: 0,
          pinned: false,
          reactions: [],
        });
      }
      if (event.type === 'reaction_added') {
        const message = workspace.findChannel(event.item.channel)?.messages.find((each) => each.ts === event.item.ts);
        message?.reactions.push({ name: event.reaction, users: [event.user] });
      }
      const payload = {
        ...common(),
        team_id: workspace.team.id,
        type: 'event_callback',
        event_id: body.eventId ?? `Ev${randomBytes(5).toString('hex').toUpperCase()}`,
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
        event: { event_ts: workspace.newTimestamp(), ...event },
      };
      let answer = await delivery.send('events_api', payload, body);
      for (const [index, waitSeconds] of [0, 60, 300].entries()) {
        if (answer.status === 200 || answer.status === 401) break;
        await context.clock.sleep(waitSeconds);
        answer = await delivery.send('events_api', payload, { retry: { num: index + 1, reason: 'http_error' } });
      }
      return { ...answer, ts: event.ts };
    },
  };

  function applyResponse(view: SlackView, body: any) {
    if (body?.response_action === 'errors') return;
    if (body?.response_action === 'update') storeView(body.view, view.user, { workspace }, view.id);
    else if (body?.response_action === 'push') storeView(body.view, view.user, { workspace });
    else view.open = false;
  }
};

const elementsOf = (block: any): any[] => [
  ...(block.elements ?? []),
  ...(block.accessory ? [block.accessory] : []),
  ...(block.element ? [block.element] : []),
];

const findElement = (blocks: any[], actionId: string): { element: any; blockId: string } | undefined => {
  for (const block of blocks) {
    const element = elementsOf(block).find((each) => each?.action_id === actionId);
    if (element) return { element, blockId: block.block_id };
  }
  return undefined;
};

const actionIds = (message: SlackMessage) =>
  (message.blocks ?? [])
    .flatMap(elementsOf)
    .map((each) => each?.action_id)
    .filter(Boolean);

/** The `state.values` of a submission, refused where Slack's own client would not let the person submit. */
const stateOf = (view: SlackView, written: Record<string, any>): Record<string, any> => {
  const values: Record<string, any> = {};
  const used = new Set<string>();
  for (const block of view.view.blocks) {
    if (block.type !== 'input') continue;
    const actionId = block.element.action_id;
    const nested = written[block.block_id];
    const isNested = typeof nested === 'object' && nested !== null && actionId in nested;
    const value = isNested ? nested[actionId] : written[actionId];
    used.add(isNested ? block.block_id : actionId);
    if ((value === undefined || value === '') && !block.optional) throw new Error(`the input ${actionId} is required`);
    values[block.block_id] = { [actionId]: elementState(block.element, value) };
  }
  const unknown = Object.keys(written).filter((key) => !used.has(key));
  if (unknown.length > 0) throw new Error(`the view has no input ${unknown.join(', ')}`);
  return values;
};

const elementState = (element: any, value: any) => {
  const type = element.type;
  if (type === 'users_select') return { type, selected_user: value ?? null };
  if (type === 'checkboxes')
    return {
      type,
      selected_options: (element.options ?? []).filter((each: any) => [value].flat().includes(each.value)),
    };
  if (type.endsWith('static_select') || type === 'radio_buttons') {
    return { type, selected_option: (element.options ?? []).find((each: any) => each.value === value) ?? null };
  }
  return { type, value: value ?? null };
};
