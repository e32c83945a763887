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
