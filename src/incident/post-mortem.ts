import type { Incident } from './incident.ts';
import { roles } from './incident.ts';
import { type Entry, utc } from './timeline.ts';

/** A draft from what is on record: what only people can know is asked for, not made up. Pure; Markdown. */
export const postMortem = (
  id: string,
  incident: Incident,
  entries: readonly Entry[],
  nameOf: (person: string) => string,
): string => {
  const { declared_at: began, resolved_at: ended } = incident;
  const lines = [
    `# Post-mortem: ${line(incident.title)}`,
    '',
    '> A draft from the record of the incident. What is in brackets only people can say.',
    '',
    '| | |',
    '|---|---|',
    `| incident | ${id} |`,
    `| severity | ${incident.severity}${incident.severityBefore ? ` (before: ${incident.severityBefore})` : ''} |`,
    `| plan | ${incident.plan ?? 'none'} |`,
    `| declared | ${utc(began)} by ${cell(nameOf(incident.declaredBy))} |`,
    `| resolved | ${ended ? `${utc(ended)}, after ${sayLength(began, ended)}` : 'not yet'} |`,
    ...roles.map((role) => `| ${role} | ${cell(incident.roles[role]?.name ?? 'nobody')} |`),
    ...incident.absorbed.map(({ incident: other, title }) => `| merged into it | ${other}: ${cell(title)} |`),
    '',
    '## Summary',
    '',
    incident.resolution ? line(incident.resolution.text) : '[not resolved yet]',
    '',
    '## Impact',
    '',
    '[Who was affected, how, and for how long?]',
    '',
    '## What happened',
    '',
    ...entries.map(
      (entry) =>
        `- ${utc(entry.at)} ${entry.kind === 'message' ? `**${line(nameOf(entry.who ?? ''))}:** ` : ''}${line(entry.text)}${
          entry.kind !== 'message' && entry.who ? ` (${line(nameOf(entry.who))})` : ''
        }${entry.link ? ` ([message](${entry.link}))` : ''}`,
    ),
    '',
    '## Why',
    '',
    '[What led to it? Which of it was there for long?]',
    '',
    '## What went well, and what did not',
    '',
    '[…]',
    '',
  ];
  const { checklist } = incident.resolution ?? {};
  if (checklist)
    lines.push(
      '## Checked before it was called over',
      '',
      ...checklist.map(
        ({ item, answer }) =>
          `- [${answer === 'yes' ? 'x' : ' '}] ${line(item)}${answer === 'no' ? ' (said no to)' : ''}`,
      ),
      '',
    );
  lines.push(
    '## Follow-up',
    '',
    ...(incident.tasks.length === 0
      ? ['[no task yet: `/incident task @owner in 24h what is to be done`]']
      : incident.tasks.map(
          ({ id: task, text, owner, due, done }) =>
            `- [${done ? 'x' : ' '}] ${task}: ${line(text)} (${line(nameOf(owner))}, ${done ? `done ${utc(done.at)}` : `due ${utc(due)}`})`,
        )),
    '',
  );
  return lines.join('\n');
};

/** People's words on one line, with nothing in them that Markdown or HTML would read as its own. */
const line = (text: string): string =>
  text
    .replaceAll(/\s+/g, ' ')
    .trim()
    // Only what would be read as another letter.
    .replaceAll(/&(?=#?\w+;)/g, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_[\]]/g, '\\$&');

const cell = (text: string): string => line(text).replaceAll('|', '\\|');

const sayLength = (from: string, to: string): string => {
  const minutes = Math.round((Date.parse(to) - Date.parse(from)) / 60_000);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};
