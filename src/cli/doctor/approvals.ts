import { type Directory, membersOf, sayLiveSource } from '../../chat/authority.ts';
import type { ApprovalRule, FlowPlan, GroupView, PersonView } from '../../define.ts';
import { missingSlots, sayMissing } from '../../engine/approvals.ts';
import { messageOf } from '../../errors.ts';
import { bad, type Finding, good } from './finding.ts';

/** Approval rules that nobody could meet just now, with the reason. Asks the live sources, where there are any. */
export const lookAtApprovals = async (
  view: FlowPlan,
  people: readonly PersonView[],
  rules: readonly { flow: string; rule: ApprovalRule }[],
  directory: Directory | undefined,
): Promise<Finding[]> =>
  Promise.all(
    rules.map(async ({ flow, rule }) => {
      const what = `${view.plan}: ${flow}, ${rule.name}`;
      const members = await Promise.all(rule.slots.map((group) => peopleOf(group, people, directory)));
      const problem = members.find((found) => typeof found === 'string');
      if (typeof problem === 'string') return bad(`${what}: ${problem}`, adviceFor(view));
      const sets = members as (ReadonlySet<string> | undefined)[];
      const everybody = new Set(sets.flatMap((set) => [...(set ?? [])]));
      const approvers = [...everybody].map((person) => ({
        slots: [...sets.keys()].filter((slot) => sets[slot]?.has(person) ?? true),
      }));
      // Somebody whom only a live source could name stands in for each slot that could not be asked about.
      for (const [slot, set] of sets.entries()) if (!set) approvers.push({ slots: [slot] });
      return missingSlots(rule, approvers).length > 0
        ? bad(
            `${what}: there are not enough different people; nobody is left for ${sayMissing(rule, approvers)}`,
            adviceFor(view),
          )
        : good(`${what}: can be approved`);
    }),
  );

/** Slack ids of a group now; undefined when there is nobody to ask; a sentence when there is a fault in it. */
const peopleOf = async (
  group: GroupView,
  people: readonly PersonView[],
  directory: Directory | undefined,
): Promise<ReadonlySet<string> | undefined | string> => {
  if (group.anyOf) {
    const parts = await Promise.all(group.anyOf.map((part) => peopleOf(part, people, directory)));
    if (parts.includes(undefined)) return undefined;
    const sets = parts.filter((part) => typeof part === 'object');
    return sets.length > 0 ? new Set(sets.flatMap((set) => [...set!])) : (parts[0] as string);
  }
  if (group.live === null) {
    const silent = group.people.find(({ slack }) => slack === undefined);
    if (group.people.length === 0) return `the group ${group.name} has no members`;
    if (silent && group.people.length === 1) return `${silent.name} has no Slack user, so nobody can be ${group.name}`;
    return new Set(group.people.flatMap(({ slack }) => slack ?? []));
  }
  if (!directory) return undefined;
  try {
    const { slack, strangers } = await membersOf(group.live, people, directory);
    if (slack.length > 0) return new Set(slack);
    const where = `${sayLiveSource(group.live)} (${group.name})`;
    return strangers.length > 0
      ? `those on call for ${where}, ${strangers.join(', ')}, are not under people with a Slack user`
      : `nobody is in ${where} now`;
  } catch (error) {
    return `who is ${group.name} cannot be looked up: ${messageOf(error)}`;
  }
};

const adviceFor = (view: FlowPlan): string =>
  `Correct people, groups or approvals in plans/${view.plan}.yml, or the schedule or group where it is kept.`;
