import type { ApprovalRule, GroupView, PersonView } from '../define.ts';
import { hoursHold, parseHours } from './hours.ts';
import { type PlanText, type RuleText, togetherKeys } from './schema.ts';

/** What a run is, as far as rules ask after it. */
export interface AskedFor {
  scope?: string | undefined;
  severity?: string | undefined;
}

/** A list under one of `all-of`, `any-of`, `2-of`, `3-of` and `4-of`; exactly one is there. */
type Together = Partial<Record<(typeof togetherKeys)[number], (string | Together)[] | undefined>>;

/** The first rule, in the order of the plan, whose hours hold at that moment and which is for such runs. */
export const ruleInForce = (rules: readonly RuleText[], at: Date, asked: AskedFor): RuleText | undefined => {
  const fits = ({ rule }: RuleText) =>
    (rule.for === undefined || (rule.for as string[]).includes(asked.severity ?? '')) &&
    (rule.scope === undefined || rule.scope.includes(asked.scope ?? ''));
  const holds = ({ when }: RuleText) => {
    const hours = parseHours(when);
    return hours !== undefined && hoursHold(hours, at);
  };
  return rules.find((each) => holds(each) && fits(each)) ?? rules.find((each) => isForAllHours(each) && fits(each));
};

const isForAllHours = ({ when }: RuleText): boolean => when === 'otherwise' || when === 'always';

/** A rule as it stands in a graph: every name looked up, every alternative spelled out. */
export const resolveRule = (
  { when, rule }: RuleText,
  expiresSeconds: number,
  group: (name: string) => GroupView,
): ApprovalRule => {
  const ways = waysOf(rule, group);
  const slots = ways.flat();
  return {
    name: [when, ...(rule.for ?? []), ...(rule.scope ?? [])].join(', '),
    slots,
    ...(ways.length > 1 && { ways: numbered(ways) }),
    requesterCounts: rule.requester === 'counts',
    typedWord: rule.type ?? null,
    expiresSeconds,
    tell: Object.entries(rule.tell ?? {}).map(([name, withinSeconds]) => ({ group: group(name), withinSeconds })),
    ...(rule['may-abort'] && { mayAbort: rule['may-abort'].map(group) }),
    ...(rule.escalate && { escalate: rule.escalate.map(group) }),
    ...(rule['step-up'] && { stepUp: rule['step-up'] }),
  };
};

/** Places of each alternative's slots in the list of all of them. */
const numbered = (ways: readonly GroupView[][]): number[][] => {
  let next = 0;
  return ways.map((way) => way.map(() => next++));
};

/** Every alternative as the slots that it needs; each slot takes a person of its own. */
const waysOf = (written: string | Together, group: (name: string) => GroupView): GroupView[][] => {
  if (typeof written === 'string') return [[group(written)]];
  const key = togetherKeys.find((each) => written[each] !== undefined)!;
  const members = written[key]!;
  const names = members.filter((member) => typeof member === 'string');
  if (key === 'all-of')
    return members
      .map((member) => waysOf(member, group))
      .reduce<GroupView[][]>((ways, next) => ways.flatMap((way) => next.map((more) => [...way, ...more])), [[]]);
  // Several names of which any will do are one slot that any of their people fills.
  const any = names.length > 0 ? union(names.map(group)) : undefined;
  if (key !== 'any-of') return [Array.from({ length: Number(key[0]) }, () => any!)];
  return [
    ...(any ? [[any]] : []),
    ...members.flatMap((member) => (typeof member === 'string' ? [] : waysOf(member, group))),
  ];
};

const union = (groups: readonly GroupView[]): GroupView => {
  if (groups.length === 1) return groups[0]!;
  return {
    name: groups.map(({ name }) => name).join(' or '),
    people: distinct(groups.flatMap(({ people }) => people)),
    live: null,
    offline: distinct(groups.flatMap(({ offline }) => offline)),
    anyOf: [...groups],
  };
};

const distinct = (people: readonly PersonView[]): PersonView[] =>
  people.filter((person, i) => people.findIndex((other) => keyOf(other) === keyOf(person)) === i);

const keyOf = ({ slack, name }: PersonView): string => slack ?? name;

/** Every name that a rule speaks of, with the keys under which it stands. */
export const namesInRule = (rule: RuleText['rule']): { name: string; path: (string | number)[] }[] => [
  ...namesIn(rule, []),
  ...Object.keys(rule.tell ?? {}).map((name) => ({ name, path: ['tell'] })),
  ...(['may-abort', 'escalate'] as const).flatMap((key) =>
    (rule[key] ?? []).map((name, i) => ({ name, path: [key, i] })),
  ),
];

/** Names of those whose yes a rule asks for. */
export const approversInRule = (rule: RuleText['rule']): string[] => namesIn(rule, []).map(({ name }) => name);

const namesIn = (written: Together, path: (string | number)[]): { name: string; path: (string | number)[] }[] =>
  togetherKeys.flatMap((key) =>
    (written[key] ?? []).flatMap((member, i) =>
      typeof member === 'string' ? [{ name: member, path: [...path, key, i] }] : namesIn(member, [...path, key, i]),
    ),
  );

/** The rule's own words: `on-call, and any of vp and cto`. */
export const sayTogether = (written: string | Together, who: (name: string) => string = (name) => name): string => {
  if (typeof written === 'string') return who(written);
  const key = togetherKeys.find((each) => written[each] !== undefined)!;
  const members = written[key]!.map((member) => sayTogether(member, who));
  if (members.length === 1 && (key === 'all-of' || key === 'any-of')) return members[0]!;
  if (key === 'all-of') return `${members.length} different people: ${members.join(', and ')}`;
  if (key === 'any-of') return `one of: ${members.join(', or ')}`;
  return `${key[0]} different people of: ${members.join(', ')}`;
};

/** What is wrong with a flow's rules by themselves: what never holds, and where an hour or a run has no rule. */
export const faultsOfRules = (rules: readonly RuleText[]): { path: (string | number)[]; message: string }[] => {
  const isOpen = ({ rule }: RuleText) => rule.for === undefined && rule.scope === undefined;
  const faults = rules.flatMap((each, i) => {
    const before = rules.slice(0, i).find((other) => other.when === each.when && isOpen(other));
    return before
      ? [
          {
            path: each.path,
            message: 'it never holds: the one before it, which names no "for" and no "scope", is for every run',
          },
        ]
      : [];
  });
  const last = rules.filter(isForAllHours);
  if (last.length > 0 && !last.some(isOpen))
    faults.push({
      path: last.at(-1)!.path,
      message: 'expected a last rule without "for" and "scope", for every other run',
    });
  return faults;
};

export type ApprovalsText = PlanText['approvals'][string];
