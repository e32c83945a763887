import type { Incident } from './incident.ts';
import { incidentAfter } from './incident.ts';

/** What happened, in the order in which it happened: from the journal of an incident and of its runs. Pure. */
export interface Entry {
  /** World time; of a message the time at which it was written. */
  at: string;
  /** Slack user id, or nobody when Mayday did it by itself. */
  who: string | null;
  /** In words, as people wrote them: whoever shows it makes it harmless. */
  text: string;
  kind: 'incident' | 'run' | 'message' | 'task';
  link?: string;
}

/** One row of a journal as it is stored. */
export interface Row {
  actor: string;
  type: string;
  data: any;
}

/** `2026-03-01 12:00 UTC`. */
export const utc = (at: string): string => `${at.slice(0, 16).replace('T', ' ')} UTC`;

/** `slack:U0ANN0001` → `U0ANN0001`. */
const personOf = (actor: string): string | null => /^(?:slack|command-line):(.+)$/.exec(actor)?.[1] ?? null;

/**
 * `streams`: the rows of the incident, of those that were merged into it, and of all their runs, each stream in its
 * order. Looking, waiting and the bookkeeping of cards are left out; everything that was decided, done or said is in.
 * `wallToWorld` says which world time a message was written at, for Slack's own clock is the wall's.
 */
export const timelineOf = (
  streams: readonly (readonly Row[])[],
  wallToWorld: (at: string) => string = (at) => at,
): Entry[] =>
  streams
    .flatMap((rows) => (rows[0]?.type === 'run.created' ? ofRun(rows) : ofIncident(rows, wallToWorld)))
    .map((entry, place) => ({ entry, place }))
    // What happened in one moment stays in the order of its journal.
    .sort((a, b) => (a.entry.at < b.entry.at ? -1 : a.entry.at > b.entry.at ? 1 : a.place - b.place))
    .map(({ entry }) => entry);

const ofIncident = (rows: readonly Row[], wallToWorld: (at: string) => string): Entry[] => {
  const incident = incidentAfter(rows);
  if (incident === null) return [];
  const entries = rows.flatMap((row): Entry[] => {
    if (row.data.erased) return [];
    const said = sayIncident(row.type, row.data.event, incident);
    if (said === null) return [];
    const kind = row.type.startsWith('incident.task') ? 'task' : 'incident';
    return [{ at: row.data.at, who: row.data.event.by ?? personOf(row.actor), text: said, kind }];
  });
  const pinned = incident.pinned.map(
    (each): Entry => ({
      at: wallToWorld(each.at),
      who: each.author,
      text: `${each.text}${each.isDeleted ? ' (deleted since)' : each.isEdited ? ' (edited)' : ''}`,
      kind: 'message',
      ...(each.link && { link: each.link }),
    }),
  );
  return [...entries, ...pinned].map((entry) => ({ ...entry, who: entry.who === 'mayday' ? null : entry.who }));
};

const sayIncident = (type: string, event: any, incident: Incident): string | null => {
  switch (type) {
    case 'incident.declared':
      return `Declared ${event.severity}: ${event.title}`;
    case 'incident.recorded':
      return event.facts.channel ? 'The channel was opened' : event.facts.pagerduty ? 'On-call was paged' : null;
    case 'incident.severity':
      return `Severity is ${event.severity} now`;
    case 'incident.updated':
      return `Update: ${event.text}`;
    case 'incident.resolved':
      return `Resolved: ${event.text}${event.checklist ? sayAnswers(event.checklist) : ' (without its checklist)'}`;
    case 'incident.reopened':
      return `Reopened: ${event.reason}`;
    case 'incident.merged':
      return `Merged into ${event.into}`;
    case 'incident.absorbed':
      return `${event.from} was merged into this one: ${event.title}`;
    case 'incident.role-given':
      return `${event.name} is ${event.role}`;
    case 'incident.update-due':
      return event.why === 'snoozed'
        ? `The next update was put off until ${utc(event.at)}`
        : event.why === 'dismissed'
          ? 'The reminder of the next update was dismissed'
          : `The next update is due at ${utc(event.at)}`;
    case 'incident.reminded':
      return `Reminded of the update that is due (${event.number})`;
    case 'incident.task-added':
      return `Task ${event.task}: ${event.text}, due ${utc(event.due)}`;
    case 'incident.task-reminded':
      return `Reminded of task ${event.task}`;
    case 'incident.task-done':
      return `Task ${event.task} is done: ${incident.tasks.find(({ id }) => id === event.task)?.text ?? ''}`;
    default:
      return null;
  }
};

const sayAnswers = (answers: readonly { item: string; answer: string }[]): string =>
  `; ${answers.map(({ item, answer }) => `${answer === 'yes' ? '✓' : '✗ no:'} ${item}`).join('; ')}`;

const ofRun = (rows: readonly Row[]): Entry[] => {
  const created = rows.find(({ type, data }) => type === 'run.created' && !data.erased)?.data.event;
  if (!created) return [];
  const { graph, run } = created;
  const titles = new Map<string, any>(graph.steps.map((step: any) => [step.id, step]));
  const name = `${graph.flow} of ${graph.scope} (${run})`;
  return rows.flatMap(({ type, data, actor }): Entry[] => {
    if (data.erased) return [];
    const text = sayRun(type, data.event, name, titles);
    return text === null
      ? []
      : [{ at: data.at, who: data.event.person ?? data.event.requester?.person ?? personOf(actor), text, kind: 'run' }];
  });
};

const sayRun = (type: string, event: any, name: string, steps: Map<string, any>): string | null => {
  const step = steps.get(event.step);
  const title = step?.title ?? event.step;
  switch (type) {
    case 'run.created':
      // What is only told stands on the timeline by what it told.
      return event.graph.steps.some((each: any) => each.effect !== 'notice')
        ? `Asked for ${name}: ${event.reason}`
        : null;
    case 'approval.requested':
      return `Approval of ${name} was asked for`;
    case 'approval.given':
      return `${event.name} approved ${name}`;
    case 'approval.rejected':
      return `Rejected ${name}: ${event.reason}`;
    case 'approval.expired':
      return `Nobody approved ${name} in time`;
    case 'approval.voided':
      return `The approval of ${name} is void: ${event.why}`;
    case 'step.acting':
      return step?.effect === 'notice' ? null : `${title}: begun`;
    case 'step.succeeded':
      if (step?.effect === 'notice') return `${title}: done`;
      return event.changed ? `${title}: done, ${event.seen}` : null;
    case 'step.failed':
      return `${title}: failed, ${event.message}`;
    case 'step.blocked':
      return `${title}: stopped, ${event.message}`;
    case 'step.skipped':
      return step?.onFailure || step?.onHalt ? null : `${title}: left out, ${event.why}`;
    case 'step.retried':
      return `${title}: tried again, ${event.reason}`;
    case 'waiver.asked':
      return `${event.name} asked to ${event.deed} “${title}”: ${event.reason}`;
    case 'waiver.granted':
      return `${event.name} allowed it for “${title}”`;
    case 'waiver.refused':
      return `${event.name} refused it for “${title}”: ${event.reason}`;
    case 'checklist.ticked':
      return `${event.name} ticked ${event.item}`;
    case 'run.halted':
      return `${name} stopped and needs a human`;
    case 'run.paused':
      return `${name} was paused: ${event.reason}`;
    case 'run.resumed':
      return `${name} goes on: ${event.reason}`;
    case 'run.aborted':
      return `${name} was aborted: ${event.reason}`;
    case 'run.unwinding':
      return `${name} takes back what it did`;
    case 'run.finished':
      return steps.size > 0 && [...steps.values()].every(({ effect }) => effect === 'notice')
        ? null
        : `${name} ended: ${event.outcome}`;
    default:
      return null;
  }
};
