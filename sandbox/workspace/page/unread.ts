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

/** How much somebody has not read, and whether it speaks to them. */
export const unreadIn = (state: State, channel: string, after: string): { count: number; isForMe: boolean } => {
  const unread = [...(state.messages.get(channel)?.values() ?? [])].filter(
    (message) => message.ts > after && message.user !== state.me && isInChannel(message),
  );
  const isDirect = state.channels.get(channel)?.kind === 'im';
  const isForMe = unread.some(
    ({ text, blocks, ephemeral }) =>
      ephemeral || isDirect || `${text} ${JSON.stringify(blocks ?? [])}`.includes(`<@${state.me}>`),
  );
  return { count: unread.length, isForMe };
};
