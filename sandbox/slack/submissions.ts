import { checkView } from './check-view.ts';
import { chosenOf, elementsIn, initialOf, isEmpty, keepsState, stateValues } from './element-state.ts';
import { type ActsWorld, createPeople } from './people.ts';
import { SlackRefusal } from './slack-refusal.ts';
import { closeView, openView, stackOf, writeView } from './views.ts';
import type { SlackView } from './workspace-shapes.ts';

const source = 'https://docs.slack.dev/surfaces/modals';

/** Submits and closes modals. */
export const createSubmissions = ({ context, workspace, triggers, delivery }: ActsWorld) => {
  const people = createPeople(workspace);

  const openOf = (user: string, viewId: string): SlackView => {
    const view = workspace.views.get(viewId);
    if (!view?.open || view.user !== user) throw new Error(`${user} has no open view ${viewId}`);
    return view;
  };

  /** What Slack's client does with the bot's answer; an answer that it could not use is refused and nothing closes. */
  const applyAnswer = (view: SlackView, body: any) => {
    switch (body?.response_action) {
      case undefined:
        return closeView(view, workspace);
      case 'clear':
        for (const each of stackOf(view, workspace)) closeView(each, workspace);
        return;
      case 'errors': {
        const inputs = view.view.blocks.filter(({ type }: any) => type === 'input').map((block: any) => block.block_id);
        const strange = Object.keys(body.errors ?? {}).filter((id) => !inputs.includes(id));
        if (strange.length > 0 || !body.errors)
          throw new SlackRefusal('invalid_errors', [`no input block ${strange}`], source);
        return;
      }
      case 'update':
        checkView(body.view, 'modal');
        writeView(view, body.view, workspace);
        return;
      case 'push':
        checkView(body.view, 'modal');
        openView(body.view, view.user, workspace, view);
        return;
      default:
        throw new SlackRefusal('invalid_response_action', [String(body.response_action)], source);
    }
  };

  return {
    /** Values by block and action, or by action alone; what is left out stays as it was typed before or began. */
    async submit(body: { user: string; viewId: string; values?: Record<string, any>; altered?: Record<string, any> }) {
      const user = people.person(body.user);
      const view = openOf(user.id, body.viewId);
      view.chosen = chosenWith(view, body.values ?? {});
      const answer = await delivery.send(
        'interactive',
        {
          type: 'view_submission',
          ...people.payload(user),
          trigger_id: triggers.create(user.id, view.id),
          view: { ...view.view, state: { values: stateValues(view.view.blocks, view.chosen) } },
          response_urls: [],
        },
        body,
      );
      if (answer.status !== 200) return answer;
      try {
        applyAnswer(view, answer.body);
      } catch (error) {
        if (!(error instanceof SlackRefusal)) throw error;
        context.ledger.refuse('slack:view_submission', error.code, error.source);
        return { ...answer, refused: error.code, messages: error.messages };
      }
      return answer;
    },

    /** Leaves a modal: back to the one below it, or with `all` out of the whole stack. */
    async close(body: { user: string; viewId: string; all?: boolean }) {
      const user = people.person(body.user);
      const view = openOf(user.id, body.viewId);
      const stack = stackOf(view, workspace);
      const closed = body.all || view.view.clear_on_close ? stack : [view];
      for (const each of closed) closeView(each, workspace);
      for (const each of closed.filter((one) => one.view.notify_on_close === true).reverse())
        await delivery.send('interactive', {
          type: 'view_closed',
          ...people.payload(user),
          view: { ...each.view, state: { values: stateValues(each.view.blocks, each.chosen) } },
          is_cleared: closed === stack && stack.length > 1,
        });
      return { closed: closed.map(({ id }) => id) };
    },
  };
};

/** What the person filled in, refused where Slack's own client would not let it be submitted. */
const chosenWith = (view: SlackView, written: Record<string, any>): Record<string, any> => {
  const chosen: Record<string, any> = structuredClone(view.chosen ?? {});
  const used = new Set<string>();
  for (const { element, blockId, block } of elementsIn(view.view.blocks)) {
    if (!keepsState(element)) continue;
    const actionId = element.action_id;
    const nested = written[blockId];
    const isNested = typeof nested === 'object' && nested !== null && actionId in nested;
    const value = isNested ? nested[actionId] : written[actionId];
    const isGiven = isNested || actionId in written;
    if (isGiven) {
      used.add(isNested ? blockId : actionId);
      chosen[blockId] = { ...chosen[blockId], [actionId]: { type: element.type, ...chosenOf(element, value) } };
    }
    const state = chosen[blockId]?.[actionId] ?? initialOf(element);
    if (block.type === 'input' && block.optional !== true && isEmpty(state))
      throw new Error(`the input ${actionId} is required`);
  }
  const unknown = Object.keys(written).filter((key) => !used.has(key));
  if (unknown.length > 0) throw new Error(`the view has no input ${unknown.join(', ')}`);
  return chosen;
};
