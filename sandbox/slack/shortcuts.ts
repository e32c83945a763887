import { type ActsWorld, createPeople } from './people.ts';

/** A global shortcut, or with channel and ts a message shortcut. */
export const createShortcut = ({ workspace, triggers, delivery, responseUrl, events }: ActsWorld) => {
  const people = createPeople(workspace);
  return (body: { user: string; callbackId: string; channel?: string; ts?: string; altered?: Record<string, any> }) => {
    const user = people.person(body.user);
    const common = {
      ...people.payload(user),
      callback_id: body.callbackId,
      trigger_id: triggers.create(user.id),
      action_ts: workspace.newTimestamp(),
    };
    if (body.ts === undefined) return delivery.send('interactive', { type: 'shortcut', ...common }, body);
    const channel = people.place(String(body.channel));
    const message = people.message(channel, body.ts);
    return delivery.send(
      'interactive',
      {
        type: 'message_action',
        ...common,
        channel: { id: channel.id, name: people.channelName(channel) },
        message_ts: message.ts,
        message: events.shown(message),
        response_url: responseUrl(channel.id, user.id, message.ts),
      },
      body,
    );
  };
};
