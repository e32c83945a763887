import type { Message } from '../shapes.ts';
import type { State } from './store.ts';

const keyOf = (me: string) => `read ${me}`;

/** Up to where each person has read each channel, kept by this browser. */
export const createRead = (me: string) => {
  let read: Record<string, string> = {};
  try {
    read = JSON.parse(localStorage.getItem(keyOf(me)) ?? '{}');
  } catch {
    // What cannot be read is begun anew.
  }
  return {
    upTo: (channel: string) => read[channel] ?? '',
    mark(channel: string, ts: string) {
      if ((read[channel] ?? '') >= ts) return;
      read = { ...read, [channel]: ts };
      localStorage.setItem(keyOf(me), JSON.stringify(read));
    },
  };
};

export type Read = ReturnType<typeof createRead>;

/** What stands in the channel itself: no answers in threads but those that were shown to all. */
export const isInChannel = ({ threadTs, ts, broadcast, ephemeral }: Message): boolean =>
  !threadTs || threadTs === ts || broadcast === true || ephemeral === true;

const told = new WeakMap<Message, boolean>();

/** Whether it names somebody, or is for nobody else; asked at every change, and the same each time. */
const isFor = (me: string, message: Message): boolean => {
  const known = told.get(message);
  if (known !== undefined) return known;
  const { ephemeral, text, blocks } = message;
  const isIt = ephemeral === true || `${text} ${JSON.stringify(blocks ?? [])}`.includes(`<@${me}>`);
  told.set(message, isIt);
  return isIt;
};

/** How much somebody has not read, and whether it speaks to them. */
export const unreadIn = (state: State, channel: string, after: string): { count: number; isForMe: boolean } => {
  const isDirect = state.channels.get(channel)?.kind === 'im';
  const unread = { count: 0, isForMe: false };
  for (const message of [...(state.messages.get(channel)?.values() ?? [])].reverse()) {
    if (message.ts <= after) break;
    if (message.user === state.me || !isInChannel(message)) continue;
    unread.count += 1;
    unread.isForMe ||= isDirect || isFor(state.me, message);
  }
  return unread;
};
