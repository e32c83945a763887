import type { Incident, IncidentEvent, Task } from './incident.ts';

/** When word is due, when somebody is reminded of it, and what is left to do afterwards. Pure; world time. */

/** How often people want to hear of it, by how bad it is; null: nobody waits for it. */
export const cadenceSeconds = (severity: string): number | null =>
  ({ P1: 30 * 60, P2: 60 * 60 })[severity as 'P1' | 'P2'] ?? null;

/** Nobody is helped by a bot that goes on nagging: so often for one word that is due. */
export const mostReminders = 3;

/** Between two reminders of the same word. */
export const reminderPauseSeconds = 10 * 60;

const secondsAfter = (at: string, seconds: number): number => Date.parse(at) + seconds * 1000;

export interface Reminder {
  due: string;
  /** From 1. */
  number: number;
  isLast: boolean;
}

/** The reminder that is due now. Those that nobody lived to say are left out, not said one after the other. */
export const reminderDue = ({ status, due }: Incident, now: Date): Reminder | null => {
  if (status !== 'open' || due === null) return null;
  const passed = now.getTime() - Date.parse(due.at);
  if (passed < 0) return null;
  const number = Math.min(mostReminders, 1 + Math.floor(passed / (reminderPauseSeconds * 1000)));
  return number > due.reminders ? { due: due.at, number, isLast: number === mostReminders } : null;
};

/** Tasks that are due and of which nobody was reminded yet. */
export const tasksDue = ({ tasks }: Incident, now: Date): Task[] =>
  tasks.filter(({ done, due, remindedOf }) => done === null && remindedOf !== due && Date.parse(due) <= now.getTime());

/** The next moment at which there is something to say; null when there is none. */
export const nextMoment = (incident: Incident): Date | null => {
  const { due, status, tasks } = incident;
  const moments = tasks
    .filter(({ done, due: at, remindedOf }) => done === null && remindedOf !== at)
    .map(({ due: at }) => Date.parse(at));
  if (status === 'open' && due !== null && due.reminders < mostReminders)
    moments.push(secondsAfter(due.at, due.reminders * reminderPauseSeconds));
  return moments.length === 0 ? null : new Date(Math.min(...moments));
};

const hour = 3600;

/** What is left to do after a bad one, in the order of when. */
const reviews: readonly { text: string; seconds: number }[] = [
  { text: 'First review: is it really over, and is anything still patched by hand?', seconds: hour },
  { text: 'Write the post-mortem: what happened, why, and what it cost', seconds: 24 * hour },
  { text: 'Review what was decided: every follow-up has an owner, or is done', seconds: 7 * 24 * hour },
];

/** The tasks that come with the resolution of a P1 or P2; numbered apart, so that nobody's own task can take their place. */
export const followUps = (
  incident: Pick<Incident, 'severity' | 'tasks'>,
  owner: string,
  at: string,
): Extract<IncidentEvent, { type: 'incident.task-added' }>[] =>
  cadenceSeconds(incident.severity) === null
    ? []
    : reviews
        // Resolved a second time, it needs no second set of those that are still open.
        .filter(({ text }) => !incident.tasks.some((task) => task.text === text && task.done === null))
        .map(({ text, seconds }, i) => ({
          type: 'incident.task-added',
          data: {
            task: `r${incident.tasks.filter(({ id }) => id.startsWith('r')).length + 1 + i}`,
            text,
            owner,
            due: new Date(secondsAfter(at, seconds)).toISOString(),
            by: 'mayday',
          },
        }));

export const nextTaskId = (tasks: readonly Task[]): string => `t${tasks.length + 1}`;

/** What must be said yes or no to before it is over. */
export const resolveChecklist: readonly string[] = [
  'What users see was checked, not only the metrics',
  'What was changed by hand is undone, or has a task',
  'Alarms that were silenced are on again',
  'Those who were told that it began were told that it is over',
];
