import type { HomeView, KnownBlock } from '@slack/types';
import { plain, shorten, slackTime } from './text.ts';

/** A run as one line of the App Home. */
export interface HomeRun {
  run: string;
  /** What the card showed when this was read; it travels with the button. */
  hash: string;
  title: string;
  flow: string;
  scope: string;
  standing: string;
  done: number;
  total: number;
  requestedAt: string;
  channel: string | undefined;
}

export interface HomeIncident {
  severity: string;
  status: string;
  title: string;
  channel: string | null;
  declaredAt: string;
}

export interface HomeSystem {
  plan: string;
  title: string;
  /** Watched checks by their last answer. */
  yes: number;
  no: number;
  unknown: number;
  /** The first few that do not say yes, by name. */
  bad: string[];
}

export interface HomeFacts {
  waiting: HomeRun[];
  live: HomeRun[];
  incidents: HomeIncident[];
  systems: HomeSystem[];
  now: Date;
}

/** Of each list as many are shown; the rest is counted, with a way to see it. */
const most = { waiting: 10, live: 10, systems: 15 };

/** Approvals that wait for this person, what runs, what happened last, and how their systems stand. */
export const homeView = ({ waiting, live, incidents, systems, now }: HomeFacts): HomeView => ({
  type: 'home',
  blocks: [
    header(waiting.length === 0 ? 'Nothing waits for you' : `${waiting.length} waiting for your approval`),
    ...waiting.slice(0, most.waiting).map(runBlock),
    ...more(waiting.length - most.waiting, '/dr run'),
    header('Live runs'),
    ...(live.length === 0 ? [quiet('Nothing is running.')] : live.slice(0, most.live).map(runBlock)),
    ...more(live.length - most.live, '/dr run'),
    header('Last incidents'),
    ...(incidents.length === 0 ? [quiet('There has been none.')] : incidents.slice(0, 5).map(incidentBlock)),
    header('My systems'),
    ...(systems.length === 0 ? [quiet('No plan names you.')] : systems.slice(0, most.systems).map(systemBlock)),
    ...more(systems.length - most.systems, '/dr status'),
    { type: 'divider' },
    {
      type: 'actions',
      block_id: 'home-refresh',
      elements: [{ type: 'button', action_id: 'home:refresh', text: { type: 'plain_text', text: 'Look again' } }],
    },
    quiet(`As of ${slackTime(now.toISOString())}. \`/dr help\` says what you can do.`),
  ],
});

const header = (text: string): KnownBlock => ({
  type: 'header',
  text: { type: 'plain_text', text: shorten(text, 150) },
});

const quiet = (text: string): KnownBlock => ({ type: 'context', elements: [{ type: 'mrkdwn', text }] });

const more = (count: number, command: string): KnownBlock[] =>
  count > 0 ? [quiet(`… and ${count} more: \`${command}\``)] : [];

const runBlock = (run: HomeRun): KnownBlock => ({
  type: 'section',
  text: {
    type: 'mrkdwn',
    text: [
      `*${plain(run.flow)} of ${plain(shorten(run.scope, 80))}: ${plain(shorten(run.title, 100))}*`,
      `${run.standing} · ${run.done} of ${run.total} steps · asked for ${slackTime(run.requestedAt)}${run.channel ? ` · <#${run.channel}>` : ''}`,
    ].join('\n'),
  },
  accessory: {
    type: 'button',
    action_id: `run:details:${run.run}`,
    text: { type: 'plain_text', text: 'Details' },
    value: `${run.run}|${run.hash}`,
  },
});

const incidentBlock = ({ severity, status, title, channel, declaredAt }: HomeIncident): KnownBlock => ({
  type: 'section',
  text: {
    type: 'mrkdwn',
    text: `${status === 'open' ? '🚨' : '✅'} *${plain(severity)}* ${plain(shorten(title, 200))}\n${plain(status)} · ${slackTime(declaredAt)}${channel ? ` · <#${channel}>` : ''}`,
  },
});

const systemBlock = ({ plan, title, yes, no, unknown, bad }: HomeSystem): KnownBlock => {
  const mark = no > 0 ? '🔴' : unknown > 0 || yes === 0 ? '⚪' : '🟢';
  const said =
    yes + no + unknown === 0
      ? 'nothing of it is watched'
      : `${yes} of ${yes + no + unknown} watched checks say yes${bad.length > 0 ? `; not: ${bad.map((name) => plain(shorten(name, 60))).join(', ')}` : ''}`;
  return {
    type: 'section',
    text: { type: 'mrkdwn', text: `${mark} *${plain(shorten(title, 100))}* \`${plain(plan)}\`: ${said}` },
  };
};
