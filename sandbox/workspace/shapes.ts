/** What the server of the page and the page itself say to each other; types only, so that either may import it. */

export interface Person {
  id: string;
  name: string;
  realName: string;
  title: string;
  bot: boolean;
  guest: boolean;
  stranger: boolean;
  gone: boolean;
  onCall: boolean;
  /** Plans that name this person. */
  systems: string[];
}

export interface Bookmark {
  id: string;
  title: string;
  link: string;
  emoji: string;
}

export interface Channel {
  id: string;
  name: string;
  kind: 'channel' | 'im';
  topic: string;
  purpose: string;
  isPrivate: boolean;
  isArchived: boolean;
  members: string[];
  bookmarks: Bookmark[];
  canvas?: { title: string; markdown: string };
}

export interface Message {
  ts: string;
  channel: string;
  user: string;
  text: string;
  blocks?: any[];
  threadTs?: string;
  broadcast?: boolean;
  edited: boolean;
  pinned: boolean;
  reactions: { name: string; users: string[] }[];
  files?: { id: string; title: string; name: string; mimetype: string; size: number }[];
  /** Shown to one person only. */
  ephemeral?: true;
  permalink?: string;
}

/** A modal that is open, or a home. */
export interface View {
  id: string;
  root: string;
  previous: string | null;
  open: boolean;
  view: any;
}

export interface Command {
  command: string;
  description: string;
  usageHint: string;
}

export interface Shortcut {
  name: string;
  type: 'message' | 'global';
  callbackId: string;
  description: string;
}

/** Everything that one person sees; comes first, and again after each interruption. */
export interface Snapshot {
  me: string;
  team: string;
  bot: string;
  people: Person[];
  groups: { id: string; handle: string }[];
  commands: Command[];
  shortcuts: Shortcut[];
  channels: Channel[];
  messages: Message[];
  modals: View[];
  home: View | null;
  clock: { wallStart: number; worldStart: number; speed: number };
  world: WorldView;
}

/** One change of it. */
export type Change =
  | { kind: 'channel'; channel: Channel }
  | { kind: 'channel-gone'; id: string }
  | { kind: 'message'; message: Message }
  | { kind: 'message-gone'; channel: string; ts: string }
  | { kind: 'modal'; modal: View }
  | { kind: 'home'; home: View }
  | { kind: 'people'; people: Person[] }
  | { kind: 'world'; world: WorldView };

/** The world outside Slack. */
export interface WorldView {
  broken: string[];
  lagSeconds: number;
  slackLimited: boolean;
  pagerDutyDown: boolean;
  systems: SystemView[];
  pages: PageView[];
  mails: { at: string; to: string; subject: string; text: string }[];
  calls: { method: string; ok: number; refused: number; limited: number }[];
}

/** What belongs to one plan. */
export interface SystemView {
  plan: string;
  title: string;
  regions: { id: string; place: string; down: boolean }[];
  databases: {
    id: string;
    region: string;
    role: 'primary' | 'replica';
    status: string;
    writable: boolean;
    lagSeconds: number | null;
    down: boolean;
  }[];
  names: { name: string; type: string; leads: { to: string; share: string }[] }[];
  clusters: { name: string; region: string; down: boolean; ready: number; wanted: number; deployments: Deployment[] }[];
}

export interface Deployment {
  name: string;
  ready: number;
  wanted: number;
}

/** A page that PagerDuty sent. */
export interface PageView {
  at: string;
  person: string;
  why: string;
  incident: string;
  title: string;
  status: 'triggered' | 'acknowledged' | 'resolved';
}

/** The public status page. */
export interface StatusView {
  now: string;
  components: { system: string; name: string; status: string }[];
  incidents: {
    id: string;
    name: string;
    status: string;
    impact: string;
    createdAt: string;
    resolvedAt: string | null;
    updates: { status: string; body: string; at: string }[];
  }[];
}
