import { cadenceSeconds } from './due.ts';

/* What happened to an incident, and what that makes of it. Pure. Every time is the world's, ISO 8601. */

/** Who did it, and what they were called then: a name that nobody can look up any more is still on record. */
interface By {
  by: string;
  byName?: string;
}

export type IncidentEvent =
  | { type: 'incident.declared'; data: By & { plan: string | null; title: string; severity: string } }
  /** Something that a step found out or made: the channel, the page, the status page's incident. */
  | { type: 'incident.recorded'; data: { facts: Record<string, string> } }
  | { type: 'incident.severity'; data: By & { severity: string } }
  /** `next`: when the next one is due; null: none is. Absent: as the severity says. */
  | { type: 'incident.updated'; data: By & { text: string; next?: string | null } }
  | { type: 'incident.resolved'; data: By & { text: string; checklist?: Answer[] } }
  | { type: 'incident.reopened'; data: By & { reason: string } }
  | { type: 'incident.merged'; data: By & { into: string } }
  | { type: 'incident.absorbed'; data: By & { from: string; title: string } }
  | { type: 'incident.role-given'; data: By & { role: string; person: string; name: string } }
  | { type: 'incident.update-due'; data: By & { at: string | null; why: 'said' | 'snoozed' | 'dismissed' } }
  /** The reminder with that number was claimed by a process, which says it. */
  | { type: 'incident.reminded'; data: { due: string; number: number } }
  | {
      type: 'incident.message-pinned';
      data: By & {
        channel: string;
        ts: string;
        author: string;
        authorName?: string;
        text: string;
        link: string | null;
      };
    }
  | { type: 'incident.message-edited'; data: { channel: string; ts: string; text: string } }
  | { type: 'incident.message-deleted'; data: { channel: string; ts: string } }
  | { type: 'incident.message-unpinned'; data: By & { channel: string; ts: string } }
  | {
      type: 'incident.task-added';
      data: By & { task: string; text: string; owner: string; ownerName?: string; due: string };
    }
  | { type: 'incident.task-reminded'; data: { task: string; due: string } }
  | { type: 'incident.task-done'; data: By & { task: string } };

/** What a person said to one point of the checklist before it was resolved. */
export interface Answer {
  item: string;
  answer: 'yes' | 'no';
}

export interface RoleHolder {
  /** Slack user id. */
  person: string;
  name: string;
  since: string;
  /** Who gave it; the same person when it was taken. */
  by: string;
  byName: string | null;
}

export interface Pinned {
  channel: string;
  ts: string;
  author: string;
  /** As it was last seen. */
  text: string;
  link: string | null;
  /** When it was written, in wall seconds as Slack counts them, made a time. */
  at: string;
  /** Who has it pinned; without anybody it is off the timeline. */
  by: string[];
  isEdited: boolean;
  isDeleted: boolean;
}

export interface Task {
  id: string;
  text: string;
  owner: string;
  due: string;
  by: string;
  remindedOf: string | null;
  done: { at: string; by: string } | null;
}

export interface Incident {
  plan: string | null;
  title: string;
  severity: string;
  status: 'open' | 'resolved' | 'merged';
  /** Slack user id of who commands. */
  commander: string | null;
  facts: Record<string, string>;
  declared_at: string;
  declaredBy: string;
  declaredByName: string | null;
  resolved_at: string | null;
  roles: Partial<Record<Role, RoleHolder>>;
  lastUpdate: { at: string; text: string; by: string } | null;
  /** When the next word is due, and how many reminders of it were said. */
  due: { at: string; reminders: number; said: string } | null;
  resolution: { text: string; by: string; checklist: Answer[] | null } | null;
  reopened: { at: string; reason: string; byName: string | null } | null;
  severityBefore: string | null;
  mergedInto: string | null;
  absorbed: { incident: string; title: string }[];
  pinned: Pinned[];
  tasks: Task[];
}

export const severities = ['P1', 'P2', 'P3', 'P4'] as const;

export const roles = ['commander', 'operations', 'communications', 'scribe'] as const;
export type Role = (typeof roles)[number];
export const isRole = (word: string): word is Role => (roles as readonly string[]).includes(word);

/** Folds the rows of an incident's stream, oldest first; null when it was never declared. `data` holds { at, event }. */
export const incidentAfter = (rows: readonly { type: string; data: any }[]): Incident | null => {
  let incident: Incident | null = null;
  for (const row of rows)
    if (!row.data.erased)
      incident = next(incident, { type: row.type, data: row.data.event } as IncidentEvent, row.data.at);
  return incident;
};

/** What the table of incidents holds of one: what others look for by SQL. */
export const incidentRow = (id: string, incident: Incident) => {
  const { plan, title, severity, status, commander, facts, declared_at, resolved_at } = incident;
  return { id, plan, title, severity, status, commander, facts, declared_at, resolved_at };
};

const after = (at: string, seconds: number): string => new Date(Date.parse(at) + seconds * 1000).toISOString();

/** When word is due that nobody has set a time for. */
const usualDue = (severity: string, at: string): Incident['due'] => {
  const seconds = cadenceSeconds(severity);
  return seconds === null ? null : { at: after(at, seconds), reminders: 0, said: '' };
};

const next = (incident: Incident | null, event: IncidentEvent, at: string): Incident | null => {
  if (event.type === 'incident.declared') {
    const { plan, title, severity, by, byName = null } = event.data;
    return {
      plan,
      title,
      severity,
      status: 'open',
      commander: null,
      facts: {},
      declared_at: at,
      declaredBy: by,
      declaredByName: byName,
      resolved_at: null,
      roles: {},
      lastUpdate: null,
      due: usualDue(severity, at),
      resolution: null,
      reopened: null,
      severityBefore: null,
      mergedInto: null,
      absorbed: [],
      pinned: [],
      tasks: [],
    };
  }
  if (incident === null) return null;
  switch (event.type) {
    case 'incident.recorded':
      return { ...incident, facts: { ...incident.facts, ...event.data.facts } };
    case 'incident.severity': {
      const { severity } = event.data;
      if (severity === incident.severity) return incident;
      // Worse means sooner; milder does not take back what was promised.
      const usual = incident.status === 'open' ? usualDue(severity, at) : null;
      const sooner = usual && (!incident.due || usual.at < incident.due.at) ? usual : incident.due;
      return { ...incident, severity, severityBefore: incident.severity, due: sooner };
    }
    case 'incident.updated': {
      const { text, by, next: wanted } = event.data;
      const due =
        wanted === undefined
          ? usualDue(incident.severity, at)
          : wanted === null
            ? null
            : { at: wanted, reminders: 0, said: '' };
      return { ...incident, lastUpdate: { at, text, by }, due: incident.status === 'open' ? due : null };
    }
    case 'incident.resolved': {
      const { text, by, checklist = null } = event.data;
      return { ...incident, status: 'resolved', resolved_at: at, due: null, resolution: { text, by, checklist } };
    }
    case 'incident.reopened':
      return {
        ...incident,
        status: 'open',
        resolved_at: null,
        resolution: null,
        reopened: { at, reason: event.data.reason, byName: event.data.byName ?? null },
        due: usualDue(incident.severity, at),
      };
    case 'incident.merged':
      return { ...incident, status: 'merged', mergedInto: event.data.into, resolved_at: at, due: null };
    case 'incident.absorbed': {
      const { from, title } = event.data;
      return { ...incident, absorbed: [...incident.absorbed, { incident: from, title }] };
    }
    case 'incident.role-given': {
      const { role, person, name, by, byName = null } = event.data;
      if (!isRole(role)) return incident;
      const given = { ...incident.roles, [role]: { person, name, since: at, by, byName } };
      return { ...incident, roles: given, commander: given.commander?.person ?? null };
    }
    case 'incident.update-due':
      return {
        ...incident,
        due: event.data.at === null ? null : { at: event.data.at, reminders: 0, said: '' },
      };
    case 'incident.reminded': {
      const { due, number } = event.data;
      return incident.due?.at === due ? { ...incident, due: { at: due, reminders: number, said: at } } : incident;
    }
    case 'incident.task-added':
      return incident.tasks.some(({ id }) => id === event.data.task)
        ? incident
        : { ...incident, tasks: [...incident.tasks, newTask(event.data)] };
    case 'incident.task-reminded':
      return withTask(incident, event.data.task, (task) => ({ ...task, remindedOf: event.data.due }));
    case 'incident.task-done':
      return withTask(incident, event.data.task, (task) => ({
        ...task,
        done: task.done ?? { at, by: event.data.by },
      }));
    case 'incident.message-pinned':
      return pin(incident, event.data);
    case 'incident.message-edited':
      return withPinned(incident, event.data, (each) => ({ ...each, text: event.data.text, isEdited: true }));
    case 'incident.message-deleted':
      return withPinned(incident, event.data, (each) => ({ ...each, isDeleted: true }));
    case 'incident.message-unpinned':
      return withPinned(incident, event.data, (each) => ({
        ...each,
        by: each.by.filter((person) => person !== event.data.by),
      }));
    // Written by a later version: whoever reads it now does not know it, and loses nothing else by it.
    default:
      return incident;
  }
};

const newTask = ({
  task,
  text,
  owner,
  due,
  by,
}: Extract<IncidentEvent, { type: 'incident.task-added' }>['data']): Task => ({
  id: task,
  text,
  owner,
  due,
  by,
  remindedOf: null,
  done: null,
});

const withTask = (incident: Incident, id: string, change: (task: Task) => Task): Incident => ({
  ...incident,
  tasks: incident.tasks.map((task) => (task.id === id ? change(task) : task)),
});

const isSame = (a: { channel: string; ts: string }, b: { channel: string; ts: string }): boolean =>
  a.channel === b.channel && a.ts === b.ts;

const withPinned = (
  incident: Incident,
  message: { channel: string; ts: string },
  change: (pinned: Pinned) => Pinned,
): Incident => ({
  ...incident,
  pinned: incident.pinned
    .map((each) => (isSame(each, message) ? change(each) : each))
    .filter(({ by }) => by.length > 0),
});

const pin = (
  incident: Incident,
  { channel, ts, author, text, link, by }: Extract<IncidentEvent, { type: 'incident.message-pinned' }>['data'],
): Incident => {
  const message = { channel, ts };
  if (incident.pinned.some((each) => isSame(each, message)))
    return withPinned(incident, message, (each) => (each.by.includes(by) ? each : { ...each, by: [...each.by, by] }));
  const at = new Date(Math.floor(Number(ts) * 1000) || 0).toISOString();
  const pinned = { channel, ts, author, text, link, at, by: [by], isEdited: false, isDeleted: false };
  return { ...incident, pinned: [...incident.pinned, pinned] };
};
