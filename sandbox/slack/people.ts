import type { SandboxContext } from '../part.ts';
import type { AppEvents } from './app-events.ts';
import type { Delivery } from './delivery.ts';
import type { Triggers } from './triggers.ts';
import type { Workspace } from './workspace.ts';
import type { SlackChannel, SlackMessage, SlackUser } from './workspace-shapes.ts';

/** What people's acts work with. */
export interface ActsWorld {
  context: SandboxContext;
  workspace: Workspace;
  triggers: Triggers;
  delivery: Delivery;
  events: AppEvents;
  responseUrl(channel: string, user: string, original?: string): string;
}

/** Finds whom and what an act speaks of, by id or name; what is not there is said with what is. */
export const createPeople = (workspace: Workspace) => ({
  person(id: string): SlackUser {
    const user = workspace.users.get(id) ?? [...workspace.users.values()].find((each) => each.name === id);
    if (!user) throw new Error(`no user ${id}; there are ${[...workspace.users.keys()].join(', ')}`);
    return user;
  },
  place(idOrName: string): SlackChannel {
    const channel = workspace.findChannel(idOrName);
    if (!channel) throw new Error(`no channel ${idOrName}`);
    return channel;
  },
  message(channel: SlackChannel, ts: string): SlackMessage {
    const message = channel.messages.find((each) => each.ts === ts);
    if (!message) throw new Error(`no message ${ts} in ${channel.name}`);
    return message;
  },
  /** What every payload of a person's act begins with. */
  payload: (user: SlackUser) => ({
    token: 'deprecated',
    api_app_id: workspace.appId,
    is_enterprise_install: false,
    enterprise: null,
    team: { id: workspace.team.id, domain: workspace.team.domain },
    user: { id: user.id, username: user.name, name: user.name, team_id: user.team_id },
  }),
  channelName: (channel: SlackChannel) => (channel.kind === 'im' ? 'directmessage' : channel.name),
});

export type People = ReturnType<typeof createPeople>;
