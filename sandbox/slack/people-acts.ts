import { createClick } from './clicks.ts';
import { createCommand } from './commands.ts';
import { createHome } from './home.ts';
import { type ActsWorld, createPeople } from './people.ts';
import { createShortcut } from './shortcuts.ts';
import { createSubmissions } from './submissions.ts';
import { createSuggest } from './suggest.ts';
import { createTalk } from './talk.ts';

/** What people do in Slack, turned into the payloads that Slack sends for it. */
export const createPeopleActs = (world: ActsWorld) => {
  const { workspace, events } = world;
  const people = createPeople(workspace);
  return {
    command: createCommand(world),
    click: createClick(world),
    shortcut: createShortcut(world),
    suggest: createSuggest(world),
    home: createHome(world),
    ...createSubmissions(world),
    ...createTalk(world),

    /** Any event, whether or not the app subscribes to it; a message and a reaction leave their mark in the channel. */
    async event(body: {
      event: any;
      eventId?: string;
      redeliver?: boolean;
      tamper?: any;
      altered?: Record<string, any>;
    }) {
      const { event } = body;
      const channel = event.channel ? people.place(event.channel) : undefined;
      if (event.type === 'message' && channel && !event.subtype) {
        event.ts ??= workspace.newTimestamp();
        event.channel = channel.id;
        const user = people.person(event.user).id;
        workspace.addMessage(channel, { ts: event.ts, user, text: event.text ?? '', thread_ts: event.thread_ts });
      }
      if (event.type === 'reaction_added') {
        const place = workspace.findChannel(event.item.channel);
        const message = place?.messages.find((each) => each.ts === event.item.ts);
        message?.reactions.push({ name: event.reaction, users: [event.user] });
        if (place && message) workspace.changed({ kind: 'message', channel: place.id, ts: message.ts });
      }
      const { event: _, ...answer } = await events.send(event, body);
      return { ...answer, ts: event.ts };
    },
  };
};

export type PeopleActs = ReturnType<typeof createPeopleActs>;
