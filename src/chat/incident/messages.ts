import type { KnownBlock } from '@slack/types';
import { mostReminders, type Reminder } from '../../incident/due.ts';
import type { Incident, Task } from '../../incident/incident.ts';
import type { Entry } from '../../incident/timeline.ts';
import { plain, shorten, slackMoment, slackTime } from '../cards/text.ts';

export interface Said {
  text: string;
  blocks?: KnownBlock[];
}

/** Who is asked for the next word: communications, else who commands. Nobody else is mentioned. */
export const reminderMessage = (id: string, incident: Incident, reminder: Reminder): Said => {
  const holder = incident.roles.communications ?? incident.roles.commander;
  const who = holder ? `<@${holder.person}>` : 'Nobody has taken communications or command yet, so whoever reads this:';
  const last = reminder.isLast ? ` This is the last of ${mostReminders} reminders.` : '';
  const text = `⏰ ${who} an update is due since ${slackMoment(reminder.due)}. What do users see, and when is the next word?${last}`;
  return {
    text,
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text } },
      {
        type: 'actions',
        block_id: 'incident-reminder',
        elements: [
          {
            type: 'button',
            style: 'primary',
            action_id: 'incident:update',
            text: { type: 'plain_text', text: 'Update now …' },
            value: id,
          },
          {
            type: 'button',
            action_id: 'incident:snooze',
            text: { type: 'plain_text', text: 'Snooze 15 min' },
            value: `${id}|900`,
          },
          { type: 'button', action_id: 'incident:dismiss', text: { type: 'plain_text', text: 'Dismiss' }, value: id },
        ],
      },
    ],
  };
};

export const taskMessage = (id: string, incident: Incident, task: Task): Said => {
  const { channel } = incident.facts;
  const about = `${plain(shorten(incident.title, 150))}${channel ? ` (<#${channel}>)` : ''}`;
  const text = `☐ Due now: *${plain(shorten(task.text, 500))}*\nTask ${task.id} of ${about}`;
  return {
    text,
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text } },
      {
        type: 'actions',
        block_id: 'incident-task',
        elements: [
          {
            type: 'button',
            style: 'primary',
            action_id: 'incident:task-done',
            text: { type: 'plain_text', text: 'Done' },
            value: `${id}|${task.id}`,
          },
        ],
      },
    ],
  };
};

const mostEntries = 40;
const mostText = 3_500;

/** The newest of the timeline, oldest first, as one person sees it. */
export const timelineText = (id: string, entries: readonly Entry[]): string => {
  const lines = entries.slice(-mostEntries).map((entry) => {
    const who = entry.who ? ` · <@${entry.who}>` : '';
    const words = plain(shorten(entry.text.replaceAll(/\s+/g, ' '), 300));
    const said = entry.kind === 'message' ? `📌 “${words}”` : words;
    return `${slackTime(entry.at)} ${entry.link ? `${said} <${entry.link}|(message)>` : said}${who}`;
  });
  while (lines.length > 1 && lines.join('\n').length > mostText) lines.shift();
  const left = entries.length - lines.length;
  return [
    `*Timeline of \`${id}\`*${left > 0 ? `: the newest ${lines.length}; ${left} earlier ones stand in \`/incident postmortem\`` : ''}`,
    ...lines,
  ].join('\n');
};
