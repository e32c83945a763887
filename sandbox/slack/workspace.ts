import { randomBytes } from 'node:crypto';
import type { SandboxContext } from '../part.ts';

export interface SlackUser {
  id: string;
  team_id: string;
  name: string;
  real_name: string;
  deleted: boolean;
  is_bot: boolean;
  is_restricted: boolean;
  is_ultra_restricted: boolean;
  is_stranger: boolean;
  email: string | undefined;
}

export interface SlackMessage {
  ts: string;
  user: string;
  text: string;
  blocks?: any[];
  metadata?: { event_type: string; event_payload: Record<string, unknown> };
  thread_ts?: string;
  edits: number;
  pinned: boolean;
  reactions: { name: string; users: string[] }[];
}

export interface SlackChannel {
  id: string;
  name: string;
  kind: 'channel' | 'im';
  topic: string;
  purpose: string;
  creator: string;
  created: number;
  is_private: boolean;
  members: Set<string>;
  messages: SlackMessage[];
  bookmarks: { id: string; title: string; link: string }[];
}

export interface SlackView {
  id: string;
  user: string;
  hash: string;
  open: boolean;
  view: any;
}

export interface Workspace {
  team: { id: string; domain: string; name: string };
  appId: string;
  bot: { user: string; id: string };
  users: Map<string, SlackUser>;
  userGroups: Map<string, { handle: string; users: string[] }>;
  channels: Map<string, SlackChannel>;
  views: Map<string, SlackView>;
  ephemeral: { channel: string; user: string; text: string; blocks?: any[]; at: string }[];
  responses: { responseUrl: string; body: any; at: string }[];
  newId(prefix: string): string;
  /** A timestamp that no other message has. */
  newTimestamp(): string;
  findChannel(idOrName: string): SlackChannel | undefined;
  addChannel(name: string, creator: string, isPrivate?: boolean): SlackChannel;
  directChannel(user: string): SlackChannel;
}

/** The workspace before anybody has done anything: the plans' people and channels, and some who may do nothing. */
export const createWorkspace = (context: SandboxContext): Workspace => {
  const team = { id: 'T0SANDBOX', domain: 'sandbox', name: 'Sandbox' };
  const bot = { user: 'U0MAYDAYBT', id: 'B0MAYDAYBT' };
  const users = new Map<string, SlackUser>();
  const channels = new Map<string, SlackChannel>();
  const addUser = (id: string, name: string, realName: string, email?: string, more: Partial<SlackUser> = {}) =>
    users.set(id, {
      id,
      team_id: team.id,
      name,
      real_name: realName,
      deleted: false,
      is_bot: false,
      is_restricted: false,
      is_ultra_restricted: false,
      is_stranger: false,
      email,
      ...more,
    });
  addUser(bot.user, 'mayday', 'Mayday', undefined, { is_bot: true });
  addUser('U0EMPLOYEE', 'eve', 'Eve Employee', 'eve@sandbox.example');
  addUser('U0GUEST001', 'gus', 'Gus Guest', 'gus@guest.example', { is_restricted: true });
  addUser('U0STRANGER', 'sam', 'Sam Stranger', undefined, { team_id: 'T0ELSEWHERE', is_stranger: true });
  addUser('U0LEFT0001', 'lea', 'Lea Left', 'lea@sandbox.example', { deleted: true });
  addUser('U0OTHERBOT', 'otherbot', 'Other Bot', undefined, { is_bot: true });

  let lastMicroseconds = 0;
  const workspace: Workspace = {
    team,
    appId: 'A0MAYDAY01',
    bot,
    users,
    userGroups: new Map(),
    channels,
    views: new Map(),
    ephemeral: [],
    responses: [],
    newId: (prefix) => prefix + randomBytes(6).toString('hex').toUpperCase().slice(0, 10),
    newTimestamp() {
      lastMicroseconds = Math.max(Date.now() * 1000, lastMicroseconds + 1);
      return `${Math.floor(lastMicroseconds / 1e6)}.${String(lastMicroseconds % 1e6).padStart(6, '0')}`;
    },
    findChannel(idOrName) {
      const byId = channels.get(idOrName);
      if (byId) return byId;
      const name = idOrName.replace(/^#/, '');
      return [...channels.values()].find((channel) => channel.kind === 'channel' && channel.name === name);
    },
    addChannel(name, creator, isPrivate = false) {
      const channel: SlackChannel = {
        id: workspace.newId('C'),
        name,
        kind: 'channel',
        topic: '',
        purpose: '',
        creator,
        created: Math.floor(Date.now() / 1000),
        is_private: isPrivate,
        members: new Set([creator]),
        messages: [],
        bookmarks: [],
      };
      channels.set(channel.id, channel);
      return channel;
    },
    directChannel(user) {
      const known = [...channels.values()].find((channel) => channel.kind === 'im' && channel.name === user);
      if (known) return known;
      const channel = workspace.addChannel(user, bot.user);
      channels.delete(channel.id);
      channel.id = `D${channel.id.slice(1)}`;
      channel.kind = 'im';
      channel.members.add(user);
      channels.set(channel.id, channel);
      return channel;
    },
  };

  workspace.addChannel('general', bot.user);
  for (const plan of context.plans) {
    for (const [key, person] of Object.entries(plan.people)) {
      if (person.slack) addUser(person.slack, key, person.name ?? key, person.email);
    }
    for (const [name, group] of Object.entries(plan.groups)) {
      const id = group['slack-group'];
      if (!id) continue;
      const people = group.people ?? group.offline ?? [];
      const ids = people.map((key) => plan.people[key]?.slack).filter((slack) => slack !== undefined);
      workspace.userGroups.set(id, { handle: name, users: ids });
    }
    for (const written of plan.announce.channels ?? []) {
      if (!workspace.findChannel(written)) workspace.addChannel(written.replace(/^#/, ''), bot.user);
    }
  }
  // Everybody who works here sits in the channels that exist from the start.
  for (const channel of channels.values()) {
    for (const user of users.values()) if (!user.deleted && !user.is_stranger) channel.members.add(user.id);
  }
  return workspace;
};
