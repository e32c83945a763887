import type { ApprovalRule, GroupView, PersonView } from '../define.ts';
import { missingSlots, missingWays, sayMissing, sayWho } from '../engine/approvals.ts';
import { messageOf } from '../errors.ts';
import { sayDuration } from '../plan/duration.ts';
import type { Directory } from './directory.ts';
import { membersOf, sayLiveSource } from './eligibility.ts';

/** Who fills a slot at a moment. */
export interface Filled {
  /** Slack ids. */
  slack: string[];
  /** There was nobody to ask: anybody might be among them. */
  isOpen: boolean;
  /** Why nobody is, or not all are. */
  problem: string | null;
}

const filled = (slack: string[], problem: string | null = null, isOpen = false): Filled => ({ slack, isOpen, problem });

/** What one of several lacks, the others make good. */
const together = (parts: readonly Filled[]): Filled => {
  const slack = [...new Set(parts.flatMap((part) => part.slack))];
  const isOpen = parts.some((part) => part.isOpen);
  return filled(slack, slack.length > 0 || isOpen ? null : (parts[0]?.problem ?? null), isOpen);
};

/** Who a group is as far as the plan itself says. */
export const whoIsPinned = (group: GroupView): Filled => {
  if (group.anyOf) return together(group.anyOf.map(whoIsPinned));
  if (group.live !== null) return filled([], null, true);
  const slack = group.people.flatMap((person) => person.slack ?? []);
  if (group.people.length === 0) return filled([], `the group ${group.name} has no members`);
  if (slack.length > 0) return filled(slack);
  const names = group.people.map(({ name }) => name).join(', ');
  return filled([], `${names} has no Slack user, so nobody can be ${group.name}`);
};

/** Looks up who a group is, asking its live source if there is one and a directory is given. */
export const whoFills = async (
  group: GroupView,
  people: readonly PersonView[],
  directory: Directory | undefined,
  at?: Date,
): Promise<Filled> => {
  if (group.anyOf) return together(await Promise.all(group.anyOf.map((part) => whoFills(part, people, directory, at))));
  if (group.live === null || !directory) return whoIsPinned(group);
  const where = `${sayLiveSource(group.live)} (${group.name})`;
  try {
    const { slack, strangers } = await membersOf(group.live, people, directory, at);
    if (slack.length > 0) return filled(slack);
    return filled(
      [],
      strangers.length > 0
        ? `those on call for ${where}, ${strangers.join(', ')}, are not under people with a Slack user`
        : `nobody is in ${where} now`,
    );
  } catch (error) {
    return filled([], `who is ${group.name} cannot be looked up: ${messageOf(error)}`);
  }
};

/** Slack ids of everybody in some groups; those who stand in for a group that cannot be looked up. */
export const whoIsIn = async (
  groups: readonly GroupView[],
  people: readonly PersonView[],
  directory: Directory | undefined,
): Promise<string[]> => {
  const found = await Promise.all(
    groups.map(async (group) => {
      const { slack } = await whoFills(group, people, directory);
      return slack.length > 0 ? slack : group.offline.flatMap((person) => person.slack ?? []);
    }),
  );
  return [...new Set(found.flat())];
};

/** Why nobody could meet a rule, in one sentence; null when enough different people could. */
export const whyNobodyCan = (rule: ApprovalRule, slots: readonly Filled[]): string | null => {
  const everybody = [...new Set(slots.flatMap(({ slack }) => slack))];
  const approvers = everybody.map((person) => ({
    slots: [...slots.keys()].filter((slot) => slots[slot]!.slack.includes(person) || slots[slot]!.isOpen),
  }));
  // Somebody whom only a live source could name stands in for each slot that could not be asked about.
  for (const [slot, { isOpen }] of slots.entries()) if (isOpen) approvers.push({ slots: [slot] });
  if (missingSlots(rule, approvers).length === 0) return null;
  const nearest = missingWays(rule, approvers).flat();
  const problem = nearest.flatMap((slot) => slots[slot]!.problem ?? [])[0];
  return problem ?? `there are not enough different people; nobody is left for ${sayMissing(rule, approvers)}`;
};

export interface WhoMayOptions {
  title: string;
  flow: string;
  scope: string;
  severity: string;
  rule: ApprovalRule;
  people: readonly PersonView[];
  directory: Directory | undefined;
  now: Date;
  /** Another moment than now. */
  at?: Date | undefined;
}

/** Who could approve such a run at a moment, in lines for a person. */
export const whoMay = async (options: WhoMayOptions): Promise<string[]> => {
  const { rule, people, directory, at } = options;
  const groups = [
    ...new Map(rule.slots.flatMap((slot) => slot.anyOf ?? [slot]).map((group) => [group.name, group])).values(),
  ];
  const [slots, each] = await Promise.all([
    Promise.all(rule.slots.map((slot) => whoFills(slot, people, directory, at))),
    Promise.all(groups.map((group) => whoFills(group, people, directory, at))),
  ]);
  const nameOf = (slack: string) => people.find((person) => person.slack === slack)?.name ?? slack;
  const names = ({ slack, problem, isOpen }: Filled) =>
    isOpen ? 'not asked, as nothing outside is connected' : slack.length > 0 ? slack.map(nameOf).join(', ') : problem;
  const nobody = whyNobodyCan(rule, slots);
  const offline = groups.flatMap((group) => (group.live === null ? [] : group.offline.map(({ name }) => name)));
  const isUserGroup = groups.some(({ live }) => live !== null && 'slackGroup' in live);
  const when = at ?? options.now;
  return [
    `${options.flow} of ${options.scope} of ${options.title}, ${options.severity}, ${at ? 'at' : 'now,'} ${when.toISOString().slice(0, 16)}Z: rule "${rule.name}".`,
    `Who must say yes: ${sayWho(rule)}.`,
    ...groups.map(
      (group, i) => `  ${group.name}${group.live ? ` (${sayLiveSource(group.live)})` : ''}: ${names(each[i]!)}`,
    ),
    nobody === null
      ? `There are enough different people${slots.some(({ isOpen }) => isOpen) ? ', as far as can be told without asking' : ''}.`
      : `⚠ Nobody could approve it: ${nobody}.`,
    `${[
      rule.requesterCounts ? 'Who asked for the run counts' : 'Who asked for the run does not count',
      ...(rule.typedWord ? [`each types ${rule.typedWord}`] : []),
      ...(rule.stepUp
        ? [`each proves who they are by ${rule.stepUp.join(' or ')} when something cannot be taken back`]
        : []),
      `the question stands for ${sayDuration(rule.expiresSeconds)}`,
    ].join('; ')}.`,
    ...(offline.length > 0
      ? [`While that cannot be asked, signed on the command line: ${[...new Set(offline)].join(', ')}.`]
      : []),
    ...(rule.escalate
      ? [`Asked next while nobody answers: ${rule.escalate.map(({ name }) => name).join(', then ')}.`]
      : []),
    ...rule.tell.map(({ group, withinSeconds }) => `Told within ${sayDuration(withinSeconds)}: ${group.name}.`),
    ...(rule.mayAbort ? [`May stop it as well: ${rule.mayAbort.map(({ name }) => name).join(', ')}.`] : []),
    ...(at && isUserGroup ? ['Who is in a Slack group is known for now only.'] : []),
  ];
};
