import type { Delivered } from './delivery.ts';
import { chosenOf, elementsIn, findElement, keepsState, stateValues } from './element-state.ts';
import { type ActsWorld, createPeople } from './people.ts';
import type { SlackView } from './workspace-shapes.ts';

/** How long a click waits to see what comes of it when something else of that place has changed meanwhile. */
const changeMilliseconds = 1_500;
/** As long as its trigger is good: no form opens later. */
const viewMilliseconds = 3_000;

export interface Click {
  user: string;
  /** Where the message is; a view needs neither. */
  channel?: string;
  ts?: string;
  viewId?: string;
  actionId: string;
  /** Where an action stands in several blocks. */
  blockId?: string;
  /** Which option, person, channel, date or text; several as a list. */
  value?: any;
  /** Sends another action id or value than the button has, as somebody with the signing secret could. */
  forge?: { actionId?: string; value?: string };
  redeliver?: boolean;
  altered?: Record<string, any>;
  /** False: do not wait to see whether a form opens. */
  wait?: boolean;
}

/** Presses a button, or chooses in any other element, of a message, a modal or a home. */
export const createClick = (world: ActsWorld) => {
  const { workspace, triggers, delivery, responseUrl } = world;
  const people = createPeople(workspace);

  const known = (id: string): SlackView | undefined =>
    workspace.views.get(id) ?? [...workspace.homes.values()].find((home) => home.id === id);

  const viewOf = (id: string, user: string): SlackView => {
    const view = known(id);
    if (!view?.open || view.user !== user) throw new Error(`${user} has no open view ${id}`);
    return view;
  };

  /** Where the element stands, what is to be seen there, and what its payload says of that place. */
  const surfaceOf = (body: Click, user: string) => {
    if (body.viewId !== undefined) {
      const view = viewOf(body.viewId, user);
      view.chosen ??= {};
      return {
        blocks: view.view.blocks as any[],
        chosen: view.chosen,
        look: () => JSON.stringify(known(view.id)?.view),
        view: view.view.type === 'modal' ? view.id : undefined,
        payload: (state: object) => ({
          container: { type: 'view', view_id: view.id },
          view: { ...view.view, state: { values: state } },
        }),
      };
    }
    const channel = people.place(String(body.channel));
    const ephemeral = workspace.ephemeral.find(
      (each) => each.ts === body.ts && each.channel === channel.id && each.user === user && !each.gone,
    );
    const message = ephemeral ?? people.message(channel, String(body.ts));
    const key = `${user} ${channel.id} ${message.ts}`;
    const chosen = workspace.chosen.get(key) ?? {};
    workspace.chosen.set(key, chosen);
    return {
      blocks: message.blocks ?? [],
      chosen,
      look: () => JSON.stringify(message),
      view: undefined,
      payload: (state: object) => ({
        container: {
          type: 'message',
          message_ts: message.ts,
          channel_id: channel.id,
          is_ephemeral: ephemeral !== undefined,
          ...(message.thread_ts ? { thread_ts: message.thread_ts } : {}),
        },
        channel: { id: channel.id, name: people.channelName(channel) },
        // Slack does not send what only one person sees.
        ...(ephemeral ? {} : { message: world.events.shown(message as never) }),
        state: { values: state },
        response_url: responseUrl(channel.id, user, message.ts),
      }),
    };
  };

  return async (body: Click): Promise<Delivered & { view: unknown; said: string | null }> => {
    const user = people.person(body.user);
    const surface = surfaceOf(body, user.id);
    const found = findElement(surface.blocks, body.actionId, body.blockId);
    if (!found) {
      const there = elementsIn(surface.blocks).map(({ element }) => element.action_id);
      throw new Error(`no button ${body.actionId} there; there is ${there.join(', ') || 'none'}`);
    }
    const { element, blockId, block } = found;
    const chosen = chosenOf(element, body.value);
    if (keepsState(element)) {
      surface.chosen[blockId] = { ...surface.chosen[blockId], [body.actionId]: { type: element.type, ...chosen } };
      if (block.type === 'input' && block.dispatch_action !== true)
        throw new Error(
          `${body.actionId} is an input without dispatch_action: Slack sends nothing until it is submitted`,
        );
    }
    const viewsBefore = new Set(workspace.views.keys());
    const saidBefore = workspace.ephemeral.length;
    const lookBefore = surface.look();
    const place = surface.payload(stateValues(surface.blocks, surface.chosen));
    const answer = await delivery.send(
      'interactive',
      {
        type: 'block_actions',
        ...people.payload(user),
        trigger_id: triggers.create(user.id, surface.view),
        ...place,
        actions: [
          {
            type: element.type,
            action_id: body.forge?.actionId ?? body.actionId,
            block_id: blockId,
            ...chosen,
            ...(body.forge?.value === undefined ? {} : { value: body.forge.value }),
            ...(element.placeholder ? { placeholder: element.placeholder } : {}),
            action_ts: workspace.newTimestamp(),
          },
        ],
      },
      body,
    );
    // A bot acknowledges first, and opens its form or says something just after.
    const opened = () =>
      [...workspace.views.values()].find((view) => !viewsBefore.has(view.id) && view.user === user.id);
    const replyTo = 'response_url' in place ? place.response_url.split('/').at(-1) : undefined;
    const said = (): string | undefined =>
      replyTo === undefined
        ? workspace.ephemeral.slice(saidBefore).find((each) => each.user === user.id)?.text
        : workspace.responses.find(({ responseUrl: id }) => id === replyTo)?.body.text;
    const startedAt = performance.now();
    const isOver = () => {
      const waitedMs = performance.now() - startedAt;
      if (opened() || said() !== undefined || waitedMs > viewMilliseconds) return true;
      return waitedMs > changeMilliseconds && surface.look() !== lookBefore;
    };
    if (body.wait !== false && answer.status === 200)
      while (!isOver()) await new Promise((resolve) => setTimeout(resolve, 10));
    return { ...answer, view: opened()?.view ?? null, said: said() ?? null };
  };
};
