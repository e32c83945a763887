import { expect, test } from 'vitest';
import { eventToKeep, isHeard } from '../../src/chat/heard-events.ts';

const heard = (event: object) => isHeard({ kind: 'event', body: { event } });

test.each([
  ['a message that people write', { type: 'message', channel: 'C1', ts: '1.1', text: 'hello' }, false],
  ['an edit of somebody', { type: 'message', subtype: 'message_changed', message: { ts: '1.1', user: 'U1' } }, true],
  ['an edit of a bot', { type: 'message', subtype: 'message_changed', message: { ts: '1.1', bot_id: 'B1' } }, false],
  ['a deletion', { type: 'message', subtype: 'message_deleted', deleted_ts: '1.1' }, true],
  ['somebody who came in', { type: 'message', subtype: 'channel_join' }, false],
  ['a pushpin', { type: 'reaction_added', reaction: 'pushpin' }, true],
  ['a pushpin taken off', { type: 'reaction_removed', reaction: 'round_pushpin' }, true],
  ['another emoji', { type: 'reaction_added', reaction: 'tada' }, false],
  ['a mention', { type: 'app_mention' }, true],
  ['a look at the home', { type: 'app_home_opened' }, true],
])('%s', (_, event, is) => expect(heard(event)).toBe(is));

test('what is not an event is always heard', () => expect(isHeard({ kind: 'command', body: {} })).toBe(true));

test('no words of people are kept of an edit, and what is kept is enough to do it again', () => {
  const message = { ts: '1.1', user: 'U1', text: 'private words' };
  const event = { type: 'message', subtype: 'message_changed', channel: 'C1', message, previous_message: message };
  expect(eventToKeep({ event, team_id: 'T1' })).toEqual({
    team: 'T1',
    from: { teams: ['T1'], enterprise: undefined },
    event: { type: 'message', subtype: 'message_changed', channel: 'C1', message: { ts: '1.1', user: 'U1' } },
  });
  expect(eventToKeep({ event: { type: 'app_mention', text: 'private words' }, team_id: 'T1' })).toEqual({});
});
