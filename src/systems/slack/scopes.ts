/** One thing that the app does, and what its token must have been granted for that. */
interface Use {
  scopes: readonly string[];
  for: string;
}

const history = ['channels:history', 'im:history'];
const manage = ['channels:manage'];
const message = ['chat:write'];

/** Every method of the Web API that something here calls; a test holds it equal to the calls. */
export const slackMethods: Record<string, Use> = {
  'auth.test': { scopes: [], for: 'who the app is, and what was granted to it' },
  'bookmarks.add': { scopes: ['bookmarks:write'], for: "an incident's card and links, at the top of its channel" },
  'bookmarks.edit': { scopes: ['bookmarks:write'], for: 'the newest card of an incident' },
  'chat.getPermalink': { scopes: [], for: 'links to messages on the timeline' },
  'chat.delete': { scopes: message, for: "taking an authenticator's secret away again" },
  'chat.postEphemeral': { scopes: message, for: 'answers for one person' },
  'chat.postMessage': { scopes: message, for: 'cards, announcements, reminders' },
  'chat.update': { scopes: message, for: 'drawing cards and headlines anew' },
  'conversations.create': { scopes: manage, for: "an incident's channel" },
  'conversations.history': {
    scopes: history,
    for: 'finding a message of its own after a crash; what is pinned with 📌',
  },
  'conversations.info': { scopes: ['channels:read'], for: 'which channel a message stands in' },
  'conversations.invite': { scopes: manage, for: 'those who are asked, into the incident’s channel' },
  'conversations.join': { scopes: ['channels:join'], for: 'public channels that a plan announces in' },
  'conversations.list': { scopes: ['channels:read'], for: 'the id of a channel that a plan names' },
  'conversations.members': { scopes: ['channels:read'], for: 'who is in the incident’s channel already' },
  'conversations.open': { scopes: ['im:write'], for: 'messages to one person' },
  'conversations.replies': { scopes: history.slice(0, 1), for: 'what was pinned with 📌 in a thread' },
  'conversations.setPurpose': { scopes: manage, for: 'what an incident’s channel is for' },
  'conversations.setTopic': { scopes: manage, for: 'severity, standing and commander, over the channel' },
  'files.completeUploadExternal': { scopes: ['files:write'], for: 'the draft of a post-mortem' },
  'files.getUploadURLExternal': { scopes: ['files:write'], for: 'the draft of a post-mortem' },
  'pins.add': { scopes: ['pins:write'], for: "an incident's headline, and a run's card" },
  'reactions.add': { scopes: ['reactions:write'], for: '✅ on what is on the timeline' },
  'reactions.remove': { scopes: ['reactions:write'], for: 'taking that ✅ back' },
  'usergroups.users.list': { scopes: ['usergroups:read'], for: 'who may approve, from the group as it is now' },
  'users.info': { scopes: ['users:read'], for: 'whether somebody is a guest, a bot, a stranger or deactivated' },
  'views.open': { scopes: [], for: 'forms' },
  'views.publish': { scopes: [], for: 'the Home tab' },
  'views.update': { scopes: [], for: 'forms that go on' },
};

/** What the app hears, by the names of Slack's events. */
export const slackEvents: Record<string, Use> = {
  app_mention: { scopes: ['app_mentions:read'], for: 'what is said to the bot in a thread' },
  app_home_opened: { scopes: [], for: 'the Home tab' },
  reaction_added: { scopes: ['reactions:read'], for: '📌 on a message' },
  reaction_removed: { scopes: ['reactions:read'], for: '📌 taken off' },
  'message.channels': { scopes: ['channels:history'], for: 'edits and deletions of what was pinned with 📌' },
};

/** What needs a scope without being a method or an event. */
const features: Record<string, Use> = {
  'slash commands': { scopes: ['commands'], for: 'slash commands, and the shortcuts beside them' },
};

/** Each scope with all that needs it; what is not here is not asked for. */
export const slackScopes = (): { scope: string; neededBy: string[]; for: string[] }[] => {
  const found = new Map<string, { neededBy: string[]; for: Set<string> }>();
  for (const [name, use] of Object.entries({ ...slackMethods, ...slackEvents, ...features }))
    for (const scope of use.scopes) {
      const entry = found.get(scope) ?? { neededBy: [], for: new Set() };
      entry.neededBy.push(name);
      entry.for.add(use.for);
      found.set(scope, entry);
    }
  return [...found]
    .map(([scope, { neededBy, for: uses }]) => ({ scope, neededBy, for: [...uses] }))
    .sort((a, b) => (a.scope < b.scope ? -1 : 1));
};
