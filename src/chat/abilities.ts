import type { Directory } from '../authority/directory.ts';
import { eligibility } from '../authority/eligibility.ts';
import type { Abilities, ApprovalRule, Caller, Log, PersonView } from '../define.ts';
import { MaydayError } from '../errors.ts';
import type { Trusted } from './talk.ts';

/** What a person may do just now, from the same rules and live sources that judge their click. */
export const abilitiesOf = async (
  { user, team }: Caller,
  options: {
    trusted: Trusted;
    directory: Directory;
    log: Log;
    plans: { names(): string[] };
    people(plan: string): PersonView[];
    /** The rules in force at this hour, by flow. */
    rulesNow(plan: string): { flow: string; rule: ApprovalRule }[];
  },
): Promise<Abilities> => {
  try {
    await options.trusted(user, team);
  } catch (error) {
    if (!(error instanceof MaydayError)) throw error;
    return { noOrders: error.message, approves: [] };
  }
  const directory = askedOnce(options.directory);
  const approves = await Promise.all(
    options.plans.names().map(async (plan) => {
      const rules = options.rulesNow(plan);
      const people = options.people(plan);
      const may = await Promise.all(rules.map(({ rule }) => eligibility(rule, user, people, directory, options.log)));
      return { plan, flows: rules.flatMap(({ flow }, i) => (may[i]!.slots.length > 0 ? [flow] : [])) };
    }),
  );
  return { noOrders: null, approves: approves.filter(({ flows }) => flows.length > 0) };
};

/** Many rules name the same group; for one answer it is looked up once. */
const askedOnce = (directory: Directory): Directory => {
  const known = new Map<string, Promise<string[]>>();
  const once = (key: string, ask: () => Promise<string[]>): Promise<string[]> => {
    const found = known.get(key) ?? ask();
    known.set(key, found);
    return found;
  };
  return {
    onCallNow: (schedule) => once(`schedule ${schedule}`, () => directory.onCallNow(schedule)),
    onCallAtLevel: (policy, level) => once(`policy ${policy} ${level}`, () => directory.onCallAtLevel(policy, level)),
    groupMembers: (group) => once(`group ${group}`, () => directory.groupMembers(group)),
  };
};
