import type { ServerResponse } from 'node:http';
import type { SlackPart } from '../slack/start-slack.ts';
import type { SlackChange, SlackUser } from '../slack/workspace-shapes.ts';
import type { Change, Snapshot, WorldView } from './shapes.ts';
import type { WorkspaceView } from './workspace-view.ts';

const worldMilliseconds = 400;
const aliveMilliseconds = 15_000;

interface Reader {
  user: SlackUser;
  response: ServerResponse;
  /** Channels that the reader's page knows. */
  known: Set<string>;
}

/** Tells every open page of what changes, at the moment when it does; the world outside Slack a few times a second. */
export const createLive = (options: {
  slack: SlackPart;
  view: WorkspaceView;
  world(): WorldView;
  clock: Snapshot['clock'];
}) => {
  const { slack, view } = options;
  const { workspace, manifest } = slack;
  const readers = new Set<Reader>();
  let lastWorld = '';
  let lastPeople = '';

  const send = ({ response }: Reader, event: string, data: unknown) =>
    response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  const tell = (reader: Reader, change: Change) => send(reader, 'change', change);

  const snapshot = (user: SlackUser): Snapshot => {
    const channels = view.channelsOf(user);
    const home = workspace.homes.get(user.id);
    return {
      me: user.id,
      team: workspace.team.name,
      bot: workspace.bot.user,
      people: view.people(),
      groups: [...workspace.userGroups].map(([id, { handle }]) => ({ id, handle })),
      commands: manifest.commands,
      shortcuts: manifest.shortcuts,
      channels: channels.map(view.channel),
      messages: view.messagesOf(user, channels),
      modals: [...workspace.views.values()].filter((each) => each.open && each.user === user.id).map(view.view),
      home: home ? view.view(home) : null,
      clock: options.clock,
      world: options.world(),
    };
  };

  const changesFor = (reader: Reader, change: SlackChange): Change[] => {
    switch (change.kind) {
      case 'channel': {
        const channel = workspace.channels.get(change.channel);
        if (!channel || !view.isSeenBy(channel, reader.user)) {
          if (!reader.known.delete(change.channel)) return [];
          return [{ kind: 'channel-gone', id: change.channel }];
        }
        const isNew = !reader.known.has(channel.id);
        reader.known.add(channel.id);
        const shown: Change = { kind: 'channel', channel: view.channel(channel) };
        // Who comes in sees what was said before.
        const before = isNew
          ? view.messagesOf(reader.user, [channel]).filter((each) => each.channel === channel.id)
          : [];
        return [shown, ...before.map((message): Change => ({ kind: 'message', message }))];
      }
      case 'message': {
        const channel = workspace.channels.get(change.channel);
        if (!channel || !reader.known.has(channel.id)) return [];
        const message = channel.messages.find(({ ts }) => ts === change.ts);
        if (!message) return [{ kind: 'message-gone', channel: channel.id, ts: change.ts }];
        return [{ kind: 'message', message: view.message(channel, message) }];
      }
      case 'ephemeral': {
        const made = workspace.ephemeral.find(({ ts }) => ts === change.ts);
        if (!made || made.user !== reader.user.id) return [];
        if (made.gone) return [{ kind: 'message-gone', channel: made.channel, ts: made.ts }];
        return [{ kind: 'message', message: view.ephemeral(made) }];
      }
      case 'view': {
        const home = workspace.homes.get(reader.user.id);
        if (home?.id === change.id) return [{ kind: 'home', home: view.view(home) }];
        const modal = workspace.views.get(change.id);
        return modal?.user === reader.user.id ? [{ kind: 'modal', modal: view.view(modal) }] : [];
      }
    }
  };

  const unwatch = workspace.watch((change) => {
    for (const reader of readers) for (const each of changesFor(reader, change)) tell(reader, each);
  });
  const look = setInterval(() => {
    if (readers.size === 0) return;
    const world = options.world();
    const people = view.people();
    const [nowWorld, nowPeople] = [JSON.stringify(world), JSON.stringify(people)];
    for (const reader of readers) {
      if (nowWorld !== lastWorld) tell(reader, { kind: 'world', world });
      if (nowPeople !== lastPeople) tell(reader, { kind: 'people', people });
    }
    lastWorld = nowWorld;
    lastPeople = nowPeople;
  }, worldMilliseconds);
  const alive = setInterval(() => {
    for (const { response } of readers) response.write(': alive\n\n');
  }, aliveMilliseconds);
  look.unref();
  alive.unref();

  return {
    /** Keeps the connection open; a page that comes back after an interruption begins with everything anew. */
    open(user: SlackUser, response: ServerResponse): void {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
      const reader: Reader = { user, response, known: new Set(view.channelsOf(user).map(({ id }) => id)) };
      response.write('retry: 500\n\n');
      send(reader, 'start', snapshot(user));
      readers.add(reader);
      response.on('close', () => readers.delete(reader));
    },
    close(): void {
      unwatch();
      clearInterval(look);
      clearInterval(alive);
      for (const { response } of readers) response.end();
    },
  };
};

export type Live = ReturnType<typeof createLive>;
