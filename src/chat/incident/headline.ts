import type { Button, KnownBlock, PlainTextOption } from '@slack/types';
import { type Incident, roles } from '../../incident/incident.ts';
import { section } from '../cards/section.ts';
import { plain, shorten, slackMoment, slackTime } from '../cards/text.ts';

export interface Headline {
  text: string;
  blocks: KnownBlock[];
}

/** A run of the incident, as its headline names it. */
export interface RunLine {
  id: string;
  flow: string;
  scope: string;
  status: string;
}

const marks: Record<string, string> = { P1: '🔴', P2: '🟠', P3: '🟡', P4: '🔵' };
const standings = { open: 'open', resolved: 'resolved', merged: 'merged' };
export const roleTitles: Record<string, string> = {
  commander: 'Commander',
  operations: 'Operations',
  communications: 'Communications',
  scribe: 'Scribe',
};

const mark = ({ status, severity }: Incident): string =>
  status === 'resolved' ? '✅' : status === 'merged' ? '↪️' : (marks[severity] ?? '⚪');

/** One short name of it, for a line; text from people is taken apart. */
const titleOf = (incident: Incident, most: number): string =>
  plain(shorten(incident.title.replaceAll(/\s+/g, ' '), most));

/** Severity, standing and who commands: what somebody who opens the channel wants to know first. Plain text, as topics are. */
export const topicOf = (incident: Incident, into: string | undefined): string => {
  const commander = incident.roles.commander?.name;
  const standing = incident.status === 'merged' && into ? `merged into ${into}` : standings[incident.status];
  return shorten(
    [incident.severity, standing, commander ? `commander ${plain(commander)}` : 'no commander yet'].join(' · '),
    250,
  );
};

/** The one message of an incident in its channel, pinned there and drawn anew from its state. */
export const headlineOf = (id: string, incident: Incident, runs: readonly RunLine[], links: Links): Headline => {
  const { severity, status, due, lastUpdate, resolution } = incident;
  const isOpen = status === 'open';
  const text = `${mark(incident)} ${severity} ${standings[status]}: ${titleOf(incident, 200)}`;
  const holders = roles.map((role) => {
    const holder = incident.roles[role];
    return `${roleTitles[role]}: ${holder ? `*${plain(shorten(holder.name, 60))}*` : '_nobody_'}`;
  });
  const blocks: KnownBlock[] = [
    section(`*${mark(incident)} ${severity} · ${standings[status]}* · ${titleOf(incident, 400)}`),
    section(holders.join(' · ')),
  ];
  const lines = [
    lastUpdate && `*Last update* ${slackTime(lastUpdate.at)}: ${plain(shorten(oneLine(lastUpdate.text), 300))}`,
    isOpen && due && `*Next update* due ${slackMoment(due.at)}`,
    resolution && `*Resolved*: ${plain(shorten(oneLine(resolution.text), 300))}`,
    status === 'merged' && links.into && `*Goes on in* ${links.into}`,
    ...incident.absorbed.map(
      ({ incident: other, title }) => `*Merged into this one*: ${other}, ${plain(shorten(title, 100))}`,
    ),
    ...shownRuns(runs),
    ...openTasks(incident),
  ].filter((line) => typeof line === 'string');
  if (lines.length > 0) blocks.push(section(lines.join('\n')));
  blocks.push(...actions(id, incident));
  blocks.push({
    type: 'context',
    elements: [
      {
        type: 'mrkdwn',
        text: `\`${id}\` · declared ${slackMoment(incident.declared_at)} by ${incident.declaredByName ? plain(shorten(incident.declaredByName, 60)) : `<@${incident.declaredBy}>`} · 📌 on a message puts it onto the timeline`,
      },
    ],
  });
  return { text, blocks };
};

export interface Links {
  /** The incident that this one was merged into, as people reach it. */
  into?: string;
}

/** The headline of an incident where all of them are listed. One line; it is edited, never posted again. */
export const digestOf = (id: string, incident: Incident, { into }: Links): Headline => {
  const { channel } = incident.facts;
  const commander = incident.roles.commander?.name;
  const parts = [
    `${mark(incident)} *${incident.severity}* ${standings[incident.status]}`,
    channel ? `<#${channel}>` : `\`${id}\``,
    titleOf(incident, 200),
    commander ? `commander ${plain(shorten(commander, 60))}` : incident.status === 'open' ? 'no commander yet' : '',
    incident.status === 'merged' && into ? `goes on in ${into}` : '',
    `since ${slackMoment(incident.declared_at)}`,
  ];
  const line = parts.filter(Boolean).join(' · ');
  const said = incident.resolution ?? incident.lastUpdate;
  const last = said ? `\n>${plain(shorten(oneLine(said.text), 200))}` : '';
  return {
    text: `${mark(incident)} ${incident.severity} ${standings[incident.status]}: ${titleOf(incident, 200)}`,
    blocks: [section(`${line}${last}`)],
  };
};

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

const mostRuns = 5;

const shownRuns = (runs: readonly RunLine[]): string[] => {
  const shown = runs
    .slice(-mostRuns)
    .map(({ id, flow, scope, status }) => `• ${plain(flow)} of ${plain(scope)}: *${plain(status)}* (${id})`);
  return runs.length > mostRuns ? [`• … and ${runs.length - mostRuns} earlier runs`, ...shown] : shown;
};

const openTasks = ({ tasks }: Incident): string[] => {
  const open = tasks.filter(({ done }) => done === null);
  const shown = open
    .slice(0, 5)
    .map(
      ({ id, text, owner, due }) =>
        `☐ ${id} ${plain(shorten(oneLine(text), 120))} · <@${owner}> until ${slackMoment(due)}`,
    );
  return open.length > 5 ? [...shown, `☐ … and ${open.length - 5} more`] : shown;
};

const option = (value: string, text: string): PlainTextOption => ({ value, text: { type: 'plain_text', text } });

const button = (actionId: string, text: string, value: string, more: Partial<Button> = {}): Button => ({
  type: 'button',
  action_id: actionId,
  text: { type: 'plain_text', text },
  value,
  ...more,
});

const actions = (id: string, incident: Incident): KnownBlock[] => {
  const more = {
    type: 'overflow' as const,
    action_id: 'incident:more',
    options: [
      option(`timeline|${id}`, 'Timeline'),
      option(`task|${id}`, 'New task …'),
      option(`postmortem|${id}`, 'Post-mortem draft'),
    ],
  };
  if (incident.status === 'merged') return [];
  if (incident.status === 'resolved')
    return [
      {
        type: 'actions',
        block_id: 'incident-actions',
        elements: [
          button('incident:reopen', 'Reopen …', id),
          button('incident:postmortem', 'Post-mortem draft', id),
          more,
        ],
      },
    ];
  return [
    {
      type: 'actions',
      block_id: 'incident-actions',
      elements: [
        {
          type: 'static_select',
          action_id: 'incident:take',
          placeholder: { type: 'plain_text', text: 'Take a role …' },
          options: roles.map((role) => option(`${role}|${id}`, `I am ${role}`)),
        },
        button('incident:update', 'Update …', id, { style: 'primary' }),
        button('incident:severity', 'Severity …', id),
        button('incident:resolve', 'Resolve …', id, { style: 'danger' }),
        more,
      ],
    },
  ];
};
