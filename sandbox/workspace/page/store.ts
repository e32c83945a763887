import { useEffect, useState } from 'preact/hooks';
import type { Change, Channel, Message, Person, Snapshot, View, WorldView } from '../shapes.ts';
import { worldTime } from './world-time.ts';

export interface State extends Omit<Snapshot, 'channels' | 'messages' | 'people' | 'modals'> {
  people: Map<string, Person>;
  channels: Map<string, Channel>;
  /** By channel, then by ts, oldest first. */
  messages: Map<string, Map<string, Message>>;
  modals: View[];
  connected: boolean;
}

const againMilliseconds = 1000;

/** What the page knows, kept up to date by the server; whoever shows it is told of each change. */
export const createStore = (as: string | null) => {
  let state: State | undefined;
  const listeners = new Set<() => void>();
  const arrived = new Set<(message: Message) => void>();
  const told = () => {
    for (const listener of listeners) listener();
  };
  const put = (message: Message) => {
    const all = state!.messages.get(message.channel) ?? new Map<string, Message>();
    const isNew = !all.has(message.ts);
    const isLast = isNew && [...all.keys()].every((ts) => ts < message.ts);
    all.set(message.ts, message);
    // A map keeps the order of arrival, which is the order of time but for what an interruption brought late.
    const sorted = isNew && !isLast ? new Map([...all].sort(([one], [other]) => (one < other ? -1 : 1))) : all;
    state!.messages.set(message.channel, sorted);
    return isNew;
  };
  const start = (snapshot: Snapshot) => {
    worldTime.set(snapshot.clock);
    state = {
      ...snapshot,
      people: new Map(snapshot.people.map((person) => [person.id, person])),
      channels: new Map(snapshot.channels.map((channel) => [channel.id, channel])),
      messages: new Map(),
      modals: snapshot.modals,
      connected: true,
    };
    for (const message of [...snapshot.messages].sort((one, other) => (one.ts < other.ts ? -1 : 1))) put(message);
    told();
  };
  const change = (each: Change) => {
    if (!state) return;
    switch (each.kind) {
      case 'channel':
        state.channels = new Map(state.channels).set(each.channel.id, each.channel);
        break;
      case 'channel-gone':
        state.channels = new Map([...state.channels].filter(([id]) => id !== each.id));
        break;
      case 'message':
        if (put(each.message)) for (const listener of arrived) listener(each.message);
        break;
      case 'message-gone':
        state.messages.get(each.channel)?.delete(each.ts);
        break;
      case 'modal': {
        const others = state.modals.filter(({ id }) => id !== each.modal.id);
        const at = state.modals.findIndex(({ id }) => id === each.modal.id);
        if (each.modal.open) others.splice(at < 0 ? others.length : at, 0, each.modal);
        state.modals = others;
        break;
      }
      case 'home':
        state.home = each.home;
        break;
      case 'people':
        state.people = new Map(each.people.map((person) => [person.id, person]));
        break;
      case 'world':
        state.world = each.world as WorldView;
        break;
    }
    state = { ...state };
    told();
  };

  const connect = (): void => {
    const source = new EventSource(`/api/live${as ? `?as=${encodeURIComponent(as)}` : ''}`);
    source.addEventListener('start', (event) => start(JSON.parse(event.data)));
    source.addEventListener('change', (event) => change(JSON.parse(event.data)));
    // A connection that breaks is taken up again by the browser itself, and begins with everything anew; where the
    // browser gives up, we do not.
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, againMilliseconds);
      if (!state?.connected) return;
      state = { ...state, connected: false };
      told();
    });
  };
  connect();

  return {
    get: () => state,
    onChange(listener: () => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onArrival(listener: (message: Message) => void) {
      arrived.add(listener);
      return () => void arrived.delete(listener);
    },
  };
};

export type Store = ReturnType<typeof createStore>;

/** The state as it is now, and again after each change. */
export const useStore = (store: Store): State | undefined => {
  const [, again] = useState(0);
  useEffect(() => store.onChange(() => again((count) => count + 1)), [store]);
  return store.get();
};
