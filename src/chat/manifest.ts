import type { Command } from '../define.ts';
import { slackEvents, slackScopes } from '../systems/slack/scopes.ts';

/** Where Slack calls; everybody puts their own host here. */
export const placeholderUrl = 'https://mayday.example.com/slack/events';

/** What can be done about a message, from the menu beside it. */
const messageShortcuts = [
  {
    name: 'Declare an incident',
    type: 'message' as const,
    callback_id: 'incident:declare',
    description: 'Declare an incident about this message; it goes onto the timeline',
  },
];

/** Commands whose shortcut on a message does more than fill in a reason. */
const ownMessageShortcut = new Set(['/incident']);

/** The Slack app as it must be made: commands as they are defined, the scopes and events that something here uses, no others. */
export const manifestOf = (commands: readonly Command[], url = placeholderUrl) => ({
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
      // The same about a message, whose words become the reason.
      ...commands.flatMap(({ name, form }) =>
        form && !ownMessageShortcut.has(name)
          ? [
              {
                name: `${form.title} …`,
                type: 'message' as const,
                callback_id: `command:${name.slice(1)}:message`,
                description: `${form.title}, with the words of this message as the reason`,
              },
            ]
          : [],
      ),
    ],
    slash_commands: commands.map(({ name, summary, usage, namesPeople }) => ({
      command: name,
      url,
      description: summary,
      usage_hint: usage,
      should_escape: namesPeople === true,
    })),
  },
  oauth_config: { scopes: { bot: slackScopes().map(({ scope }) => scope) } },
  settings: {
    event_subscriptions: { request_url: url, bot_events: Object.keys(slackEvents) },
    interactivity: { is_enabled: true, request_url: url },
    org_deploy_enabled: false,
    socket_mode_enabled: false,
    token_rotation_enabled: false,
  },
});
