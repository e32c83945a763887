import { findElement } from './element-state.ts';
import { type ActsWorld, createPeople } from './people.ts';

/** What a person types into an external select, for which the bot proposes options. */
export const createSuggest = ({ workspace, delivery }: ActsWorld) => {
  const people = createPeople(workspace);
  return async (body: {
    user: string;
    channel?: string;
    ts?: string;
    viewId?: string;
    actionId: string;
    value: string;
  }) => {
    const user = people.person(body.user);
    const view = body.viewId === undefined ? undefined : workspace.views.get(body.viewId);
    const channel = view ? undefined : people.place(String(body.channel));
    const message = channel && people.message(channel, String(body.ts));
    const found = findElement(view?.view.blocks ?? message?.blocks ?? [], body.actionId);
    if (!found?.element.type.endsWith('external_select')) throw new Error(`no external select ${body.actionId} there`);
    const answer = await delivery.send('interactive', {
      type: 'block_suggestion',
      ...people.payload(user),
      action_id: body.actionId,
      block_id: found.blockId,
      value: body.value,
      container: view
        ? { type: 'view', view_id: view.id }
        : { type: 'message', message_ts: message!.ts, channel_id: channel!.id, is_ephemeral: false },
      ...(view ? { view: view.view } : { channel: { id: channel!.id, name: people.channelName(channel!) } }),
    });
    return { ...answer, options: answer.body?.options ?? [] };
  };
};
