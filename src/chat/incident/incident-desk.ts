import type { IncidentQuestion } from '../../define.ts';
import type { IncidentStore } from '../../engine/incident-store.ts';
import { MaydayError } from '../../errors.ts';
import type { Incident } from '../../incident/incident.ts';
import { postMortem } from '../../incident/post-mortem.ts';
import type { Entry } from '../../incident/timeline.ts';
import type { SlackClient } from '../../systems/slack/index.ts';
import { plain } from '../cards/text.ts';
import { incidentForm } from './incident-forms.ts';
import { timelineText } from './messages.ts';

/** What is on record of an incident. */
export interface OnRecord {
  id: string;
  incident: Incident;
  entries: Entry[];
  /** Names that the record itself holds, by Slack user id. */
  names: Map<string, string>;
}

/** What people look at and fill in of an incident, from a command as from a button. */
export interface IncidentDeskTools {
  ask(triggerId: string, id: string, what: IncidentQuestion, words: string): Promise<void>;
  timeline(id: string): Promise<string>;
  postMortem(id: string): Promise<string>;
  mustBeOpen(id: string, incident: Incident): void;
}

/** Names of people that the record does not hold are asked of Slack, so many of them. */
const mostNames = 20;

export const createIncidentDesk = (options: {
  slack: SlackClient;
  store: IncidentStore;
  read(id: string): Promise<OnRecord>;
}): IncidentDeskTools => {
  const { slack, store, read } = options;

  const mustBeOpen = (id: string, incident: Incident): void => {
    if (incident.status === 'open') return;
    throw new MaydayError(
      'incident/wrong-state',
      incident.status === 'merged'
        ? `\`${id}\` was merged into \`${incident.mergedInto}\`; go on there. Nothing was changed.`
        : `\`${id}\` is resolved. Nothing was changed. If it is not over: \`/incident reopen <why>\`.`,
    );
  };

  return {
    mustBeOpen,
    async ask(triggerId, id, what, words) {
      const { incident } = await store.read(id);
      if (what !== 'task') mustBeOpen(id, incident);
      await slack.openView(triggerId, incidentForm(what, id, incident, words));
    },
    async timeline(id) {
      return timelineText(id, (await read(id)).entries);
    },
    async postMortem(id) {
      const { incident, entries, names } = await read(id);
      const { channel } = incident.facts;
      if (!channel)
        throw new MaydayError(
          'incident/wrong-state',
          `\`${id}\` has no channel, so there is nowhere to put the draft. \`mayday incident postmortem ${id}\` prints it.`,
        );
      const people = [
        incident.declaredBy,
        ...incident.tasks.map(({ owner }) => owner),
        ...entries.map(({ who }) => who),
      ];
      const unknown = [...new Set(people)].filter((who): who is string => !!who && !names.has(who)).slice(0, mostNames);
      await Promise.all(
        unknown.map(async (who) => {
          const info = await slack.userInfo(who).catch(() => undefined);
          if (info) names.set(who, info.name);
        }),
      );
      const text = postMortem(id, incident, entries, (person) => names.get(person) ?? person);
      const link = await slack.uploadText(channel, {
        name: `post-mortem-${id}.md`,
        title: `Post-mortem of ${id} (draft)`,
        text,
        comment: `📄 Draft of the post-mortem: ${plain(incident.title)}`,
      });
      return link ? `The draft is in <#${channel}>: <${link}|post-mortem-${id}.md>.` : `The draft is in <#${channel}>.`;
    },
  };
};
