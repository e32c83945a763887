import { pins } from './incident-talk.ts';
import { originOfRequest, type VerifiedRequest } from './slack-request.ts';

/**
 * Whether an event is of any interest. Slack tells of every message and every emoji in the channels where Mayday is; what
 * people write there is none of its business, so it is neither kept nor counted. Asked before anything is written down.
 */
export const isHeard = ({ kind, body }: Pick<VerifiedRequest, 'kind' | 'body'>): boolean => {
  if (kind !== 'event') return true;
  const event = body['event'] ?? {};
  switch (event.type) {
    case 'reaction_added':
    case 'reaction_removed':
      return pins.includes(event.reaction);
    case 'message':
      // Mayday's own edits are most of them.
      return event.subtype === 'message_deleted' || (event.subtype === 'message_changed' && !event.message?.bot_id);
    default:
      return true;
  }
};

/** Those that are handled again when the process died in between; handled twice they come to the same. No words of people. */
export const eventToKeep = ({ event = {}, team_id, ...body }: Record<string, any>): object => {
  const from = originOfRequest({ team_id, authorizations: body['authorizations'] });
  const { type, subtype, user, reaction, item, channel, deleted_ts, message } = event;
  if (type === 'reaction_added' || type === 'reaction_removed')
    return { team: team_id, from, event: { type, user, reaction, item } };
  if (type === 'message' && subtype === 'message_deleted')
    return { team: team_id, from, event: { type, subtype, channel, deleted_ts } };
  if (type === 'message' && subtype === 'message_changed')
    return {
      team: team_id,
      from,
      event: { type, subtype, channel, message: { ts: message?.ts, user: message?.user } },
    };
  return {};
};
