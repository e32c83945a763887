import { randomBytes } from 'node:crypto';
import type { SandboxContext } from '../part.ts';
import type {
  SlackCanvas,
  SlackChange,
  SlackChannel,
  SlackEphemeral,
  SlackMessage,
  SlackUser,
  SlackView,
} from './workspace-shapes.ts';

export interface Workspace {
  team: { id: string; domain: string; name: string };
  /** The Enterprise organisation that the workspace is part of, and whether the app was installed for all of it. */
  enterprise: { id: string; isOrgWide: boolean } | undefined;
  appId: string;
  bot: { user: string; id: string };
  users: Map<string, SlackUser>;
  userGroups: Map<string, { handle: string; users: string[] }>;
  channels: Map<string, SlackChannel>;
  /** Modals, open and closed. */
  views: Map<string, SlackView>;
  /** App Home by person. */
  homes: Map<string, SlackView>;
  canvases: Map<string, SlackCanvas>;
  /** What each person has chosen in the elements of a message so far, by `<user> <channel> <ts>`. */
  chosen: Map<string, Record<string, any>>;
  ephemeral: SlackEphemeral[];
  responses: { responseUrl: string; body: any; at: string }[];
  newId(prefix: string): string;
  /** A timestamp that no other message has. */
  newTimestamp(): string;
  /** Slack gives every block an id when the app gave none, and sends it back with a click. */
  withBlockIds(blocks: any[]): any[];
  findChannel(idOrName: string): SlackChannel | undefined;
  addChannel(name: string, creator: string, isPrivate?: boolean): SlackChannel;
  directChannel(user: string): SlackChannel;
  addMessage(channel: SlackChannel, message: Pick<SlackMessage, 'user' | 'text'> & Partial<SlackMessage>): SlackMessage;
  addEphemeral(made: Omit<SlackEphemeral, 'ts' | 'at'>): SlackEphemeral;
  changed(change: SlackChange): void;
  /** Calls back at every change, until the function that it returns is called. */
  watch(listener: (change: SlackChange) => void): () => void;
}

/** The workspace before anybody has done anything: the plans' people and channels, and some who may do nothing. */
export const createWorkspace = (context: SandboxContext): Workspace => {
  const team = { id: 'T0SANDBOX', domain: 'sandbox', name: 'Sandbox' };
  const bot = { user: 'U0MAYDAYBT', id: 'B0MAYDAYBT' };
  const users = new Map<string, SlackUser>();
  const channels = new Map<string, SlackChannel>();
  const listeners = new Set<(change: SlackChange) => void>();
  const addUser = (id: string, name: string, realName: string, email?: string, more: Partial<SlackUser> = {}) =>
    users.set(id, {
      id,
      team_id: team.id,
      name,
      real_name: realName,
      title: '',
      deleted: false,
      is_bot: false,
      is_restricted: false,
      is_ultra_restricted: false,
      is_stranger: false,
      email,
      ...more,
    });
  addUser(bot.user, 'mayday', 'Mayday', undefined, { is_bot: true });
  addUser('U0EMPLOYEE', 'eve', 'Eve Employee', 'eve@sandbox.example', { title: 'Employee, in no group' });
  addUser('U0GUEST001', 'gus', 'Gus Guest', 'gus@guest.example', { is_restricted: true, title: 'Guest' });
  addUser('U0STRANGER', 'sam', 'Sam Stranger', undefined, {
    team_id: 'T0ELSEWHERE',
    is_stranger: true,
    title: 'From another organisation',
  });
  addUser('U0LEFT0001', 'lea', 'Lea Left', 'lea@sandbox.example', { deleted: true, title: 'Left the company' });
  addUser('U0OTHERBOT', 'otherbot', 'Other Bot', undefined, { is_bot: true });

  let lastMicroseconds = 0;
  const workspace: Workspace = {
    team,
    enterprise: undefined,
    appId: 'A0MAYDAY01',
    bot,
    users,
    userGroups: new Map(),
    channels,
    views: new Map(),
    homes: new Map(),
    canvases: new Map(),
    chosen: new Map(),
    ephemeral: [],
    responses: [],
    newId: (prefix) => prefix + randomBytes(6).toString('hex').toUpperCase().slice(0, 10),
    newTimestamp() {
      lastMicroseconds = Math.max(Date.now() * 1000, lastMicroseconds + 1);
      return `${Math.floor(lastMicroseconds / 1e6)}.${String(lastMicroseconds % 1e6).padStart(6, '0')}`;
    },
    withBlockIds: (blocks) => blocks.map((block) => ({ block_id: workspace.newId('b'), ...block })),
    findChannel(idOrName) {
      const byId = channels.get(idOrName);
      if (byId) return byId;
      const name = idOrName.replace(/^#/, '');
      return [...channels.values()].find((channel) => channel.kind === 'channel' && channel.name === name);
    },
    addChannel(name, creator, isPrivate = false) {
      const channel = newChannel('C', name, creator);
      channel.is_private = isPrivate;
      channels.set(channel.id, channel);
      workspace.changed({ kind: 'channel', channel: channel.id });
      return channel;
    },
    directChannel(user) {
      const known = [...channels.values()].find((channel) => channel.kind === 'im' && channel.name === user);
      if (known) return known;
      const channel = newChannel('D', user, bot.user);
      channel.kind = 'im';
      channel.members.add(user);
      channels.set(channel.id, channel);
      workspace.changed({ kind: 'channel', channel: channel.id });
      return channel;
    },
    addMessage(channel, given) {
      const message = { ts: workspace.newTimestamp(), edits: 0, pinned: false, reactions: [], ...given };
      channel.messages.push(message);
      workspace.changed({ kind: 'message', channel: channel.id, ts: message.ts });
      return message;
    },
    addEphemeral(made) {
      const shown = { ts: workspace.newTimestamp(), at: context.clock.now().toISOString(), ...made };
      workspace.ephemeral.push(shown);
      workspace.changed({ kind: 'ephemeral', ts: shown.ts });
      return shown;
    },
    changed(change) {
      for (const listener of listeners) listener(change);
    },
    watch(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const newChannel = (prefix: string, name: string, creator: string): SlackChannel => ({
    id: workspace.newId(prefix),
    name,
    kind: 'channel',
    topic: '',
    purpose: '',
    creator,
    created: Math.floor(Date.now() / 1000),
    is_private: false,
    is_archived: false,
    members: new Set([creator]),
    messages: [],
    bookmarks: [],
  });

  workspace.addChannel('general', bot.user);
  for (const plan of context.plans) {
    for (const [key, person] of Object.entries(plan.people)) {
      if (person.slack) addUser(person.slack, key, person.name ?? key, person.email, { title: titleOf(key) });
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

/** A plan calls people by what they do: `vp-engineering` is shown as "VP engineering". */
const titleOf = (key: string): string => {
  const words = key.split(/[-_]/).map((word) => (/^[a-z]{1,3}$/.test(word) ? word.toUpperCase() : word));
  return words.join(' ').replace(/^./, (first) => first.toUpperCase());
};
