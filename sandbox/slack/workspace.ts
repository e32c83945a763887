import { randomBytes } from 'node:crypto';
import type { SandboxContext } from '../part.ts';

export interface SlackUser {
  id: string;
  team_id: string;
  name: string;
  real_name: string;
  title: string;
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
  /** A reply that the channel shows as well. */
  broadcast?: boolean;
  edits: number;
  editedBy?: { user: string; ts: string };
  pinned: boolean;
  reactions: { name: string; users: string[] }[];
  files?: SlackFile[];
}

export interface SlackFile {
  id: string;
  name: string;
  title: string;
  mimetype: string;
  filetype: string;
  size: number;
  user: string;
  created: number;
  url_private: string;
  permalink: string;
  alt_txt?: string;
}

export interface SlackBookmark {
  id: string;
  channel_id: string;
  title: string;
  link: string;
  emoji: string;
  type: 'link';
  date_created: number;
  date_updated: number;
}

export interface SlackCanvas {
  id: string;
  title: string;
  markdown: string;
  channel?: string;
  created: number;
  updated: number;
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
  is_archived: boolean;
  members: Set<string>;
  messages: SlackMessage[];
  bookmarks: SlackBookmark[];
  canvas?: string;
}

/** What only one person sees. It has a ts, and buttons in it work, but the API never gives it back. */
export interface SlackEphemeral {
  ts: string;
  channel: string;
  user: string;
  text: string;
  blocks?: any[];
  thread_ts?: string;
  at: string;
  gone?: boolean;
}

export interface SlackView {
  id: string;
  user: string;
  hash: string;
  open: boolean;
  view: any;
  /** What the person has chosen and typed so far, by block and action. */
  chosen?: Record<string, any>;
}

/** What has changed, so that whoever shows the workspace looks there again. */
export type SlackChange =
  | { kind: 'channel'; channel: string }
  | { kind: 'message'; channel: string; ts: string }
  | { kind: 'ephemeral'; ts: string }
  /** Of a modal or a home. */
  | { kind: 'view'; id: string };

export interface Workspace {
  team: { id: string; domain: string; name: string };
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
