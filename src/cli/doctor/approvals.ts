import type { Directory } from '../../authority/directory.ts';
import { whoFills, whyNobodyCan } from '../../authority/who-may.ts';
import type { ApprovalRule, FlowPlan, PersonView } from '../../define.ts';
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
      const filled = await Promise.all(rule.slots.map((group) => whoFills(group, people, directory)));
      const nobody = whyNobodyCan(rule, filled);
      return nobody === null
        ? good(`${what}: can be approved`)
        : bad(
            `${what}: ${nobody}`,
            `Correct people, groups or approvals in plans/${view.plan}.yml, or the schedule or group where it is kept.`,
          );
    }),
  );
