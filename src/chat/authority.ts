import type { ApprovalRule, GroupView, Log, PersonView } from '../define.ts';
import { messageOf } from '../errors.ts';

export interface Directory {
  /** PagerDuty user ids that are on call for a schedule now. */
  onCallNow(schedule: string): Promise<string[]>;
  /** Slack user ids of a user group now. */
  groupMembers(group: string): Promise<string[]>;
}

export interface Eligibility {
  /** Slots of the rule that this person can fill now. */
  slots: number[];
  /** Slots whose live source did not answer: unknown, which means no. */
  unknownSlots: number[];
}

/** Asks the live sources, at the moment of the click, which slots of a rule a Slack user can fill. */
export const eligibility = async (
  rule: ApprovalRule,
  slackUser: string,
  people: readonly PersonView[],
  directory: Directory,
  log: Log,
  /** With `offline`, those whom the plan names for it count for a slot whose live source does not answer. */
  by: { offline: boolean } = { offline: false },
): Promise<Eligibility> => {
  const answers = await Promise.all(
    rule.slots.map(async (group) => {
      try {
        return await isMember(group, slackUser, people, directory);
      } catch (error) {
        log.warn({ group: group.name }, `who is ${group.name} could not be looked up: ${messageOf(error)}`);
        if (by.offline && group.offline.some(({ slack }) => slack === slackUser)) return true;
        return 'unknown' as const;
      }
    }),
  );
  return {
    slots: answers.flatMap((answer, slot) => (answer === true ? [slot] : [])),
    unknownSlots: answers.flatMap((answer, slot) => (answer === 'unknown' ? [slot] : [])),
  };
};

const isMember = async (
  group: GroupView,
  slackUser: string,
  people: readonly PersonView[],
  directory: Directory,
): Promise<boolean> => {
  if (group.people.some(({ slack }) => slack === slackUser)) return true;
  if (group.live === null) return false;
  if ('slackGroup' in group.live) return (await directory.groupMembers(group.live.slackGroup)).includes(slackUser);
  const onCall = await directory.onCallNow(group.live.pagerdutySchedule);
  return people.some(
    ({ slack, pagerduty }) => slack === slackUser && pagerduty !== undefined && onCall.includes(pagerduty),
  );
};
