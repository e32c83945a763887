import type { ApprovalRule, GroupView, LiveSource, Log, PersonView } from '../define.ts';
import { messageOf } from '../errors.ts';
import type { Directory } from './directory.ts';

export interface Eligibility {
  /** Slots of the rule that this person can fill now. */
  slots: number[];
  /** Slots whose live source did not answer: unknown, which means no. */
  unknownSlots: number[];
}

/** Asks the live sources, at the moment of the click, which slots of a rule a Slack user can fill. */
export const eligibility = async (
  rule: Pick<ApprovalRule, 'slots'>,
  slackUser: string,
  people: readonly PersonView[],
  directory: Directory,
  log: Log,
  /** With `offline`, those whom the plan names for it count for a slot whose live source does not answer. */
  by: { offline: boolean } = { offline: false },
): Promise<Eligibility> => {
  const isIn = async (group: GroupView): Promise<boolean | 'unknown'> => {
    if (group.anyOf) {
      const answers = await Promise.all(group.anyOf.map(isIn));
      if (answers.includes(true)) return true;
      return answers.includes('unknown') ? 'unknown' : false;
    }
    if (group.people.some(({ slack }) => slack === slackUser)) return true;
    if (group.live === null) return false;
    try {
      return (await asked(group.live)).includes(slackUser);
    } catch (error) {
      log.warn({ group: group.name }, `who is ${group.name} could not be looked up: ${messageOf(error)}`);
      if (by.offline && group.offline.some(({ slack }) => slack === slackUser)) return true;
      return 'unknown';
    }
  };
  // A source is asked once, however many slots want it.
  const known = new Map<string, Promise<string[]>>();
  const asked = (live: LiveSource): Promise<string[]> => {
    const key = JSON.stringify(live);
    const asking = known.get(key) ?? membersOf(live, people, directory).then(({ slack }) => slack);
    known.set(key, asking);
    return asking;
  };
  const answers = await Promise.all(rule.slots.map(isIn));
  return {
    slots: answers.flatMap((answer, slot) => (answer === true ? [slot] : [])),
    unknownSlots: answers.flatMap((answer, slot) => (answer === 'unknown' ? [slot] : [])),
  };
};

/** Slack ids of who belongs to a live source, and the PagerDuty ids of those whom the plan does not know. */
export const membersOf = async (
  live: LiveSource,
  people: readonly PersonView[],
  directory: Directory,
  /** For schedules and policies; a user group is known as it is now only. */
  at?: Date,
): Promise<{ slack: string[]; strangers: string[] }> => {
  if ('slackGroup' in live) return { slack: await directory.groupMembers(live.slackGroup), strangers: [] };
  const onCall =
    'pagerdutySchedule' in live
      ? await directory.onCallNow(live.pagerdutySchedule, at)
      : await directory.onCallAtLevel(live.pagerdutyPolicy, live.level, at);
  const slackOf = (id: string) => people.find(({ pagerduty, slack }) => pagerduty === id && slack)?.slack;
  return {
    slack: onCall.flatMap((id) => slackOf(id) ?? []),
    strangers: onCall.filter((id) => slackOf(id) === undefined),
  };
};

/** Where a group is looked up, in words. */
export const sayLiveSource = (live: LiveSource): string => {
  if ('slackGroup' in live) return `the Slack group ${live.slackGroup}`;
  if ('pagerdutySchedule' in live) return `the PagerDuty schedule ${live.pagerdutySchedule}`;
  return `${live.level === null ? 'any level' : `level ${live.level}`} of the PagerDuty policy ${live.pagerdutyPolicy}`;
};
