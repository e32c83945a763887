import type { Command, Permission, System } from '../define.ts';

/** Where Slack calls; everybody puts their own host here. */
export const placeholderUrl = 'https://mayday.example.com/slack/events';

/**
 * What the chat itself calls, besides what actions say that they need: commands, who somebody is, who is in a group,
 * cards that are posted, found again and edited.
 */
const chatScopes = [
  'commands',
  'users:read',
  'usergroups:read',
  'chat:write',
  'channels:history',
  'im:write',
  'app_mentions:read',
  // Incidents: what is pinned to the timeline, the headline, bookmarks, the draft of the post-mortem.
  'reactions:read',
  'reactions:write',
  'pins:write',
  'bookmarks:write',
  'files:write',
];

/** What the chat listens to. */
const events = ['app_mention', 'app_home_opened', 'reaction_added', 'reaction_removed', 'message.channels'];

/** What can be done about a message, from the menu beside it. */
const messageShortcuts = [
  {
    name: 'Declare an incident',
    type: 'message' as const,
    callback_id: 'incident:declare',
    description: 'Declare an incident about this message; it goes onto the timeline',
  },
];

/** The Slack app as it must be made: commands as they are defined, the scopes and events that something here uses, no others. */
export const manifestOf = (commands: readonly Command[], systems: readonly System[], url = placeholderUrl) => ({
  display_information: {
    name: 'Mayday',
    description: 'Incident response and disaster recovery: declare, approve, recover, prove and tell.',
    background_color: '#7a1f1f',
  },
  features: {
    app_home: { home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: true },
    bot_user: { display_name: 'Mayday', always_online: true },
    shortcuts: [
      ...commands.flatMap(({ name, summary, form }) =>
        form
          ? [
              {
                name: form.title,
                type: 'global' as const,
                callback_id: `command:${name.slice(1)}`,
                description: summary.slice(0, 150),
              },
            ]
          : [],
      ),
      ...messageShortcuts,
    ],
    slash_commands: commands.map(({ name, summary, usage, namesPeople }) => ({
      command: name,
      url,
      description: summary,
      usage_hint: usage,
      should_escape: namesPeople === true,
    })),
  },
  oauth_config: { scopes: { bot: scopesFor(systems) } },
  settings: {
    event_subscriptions: { request_url: url, bot_events: events },
    interactivity: { is_enabled: true, request_url: url },
    org_deploy_enabled: false,
    socket_mode_enabled: false,
    token_rotation_enabled: false,
  },
});

export const scopesFor = (systems: readonly System[]): string[] =>
  [...new Set([...chatScopes, ...systems.flatMap(slackPermissions).map(({ action }) => action)])].sort();

/** Permissions hardly depend on the input; these samples have every key that an action of Slack reads. */
const sample = { channel: 'C00000000', user: 'U00000000', name: 'sample', people: [], template: '', topic: '' };

const slackPermissions = (system: System): Permission[] =>
  [...system.actions, ...system.checks]
    .filter(({ name }) => name.startsWith('slack/'))
    .flatMap((used) => used.permissions(sample))
    .filter((permission) => permission.system === 'slack');
