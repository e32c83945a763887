import { eligibility } from '../chat/authority.ts';
import { readSettings } from '../config.ts';
import type { FlowPlan, PersonView } from '../define.ts';
import { approve, missingSlots, openApproval, voidIfEdited } from '../engine/approvals.ts';
import { MaydayError, messageOf } from '../errors.ts';
import { createLog } from '../logging.ts';
import { createTools, loadPlans } from '../main.ts';
import { viewPlan } from '../plan/view.ts';
import { type OpenJournal, print, withJournal } from './open.ts';

/**
 * A yes from the command line, by the same rules as a click: who may is asked of PagerDuty and Slack now. Who types it
 * is not proven, so this works in a rehearsal only.
 */
export const approveRun = async (runId: string, options: { as: string; type?: string }): Promise<void> =>
  withJournal(process.env, async (journal) => {
    if (!journal.isRehearsal)
      throw new MaydayError(
        'authority/refused',
        [
          'An approval on the command line needs a signature, and without one it is taken in a rehearsal only. Nothing was approved.',
          `Approve run ${runId} on its card in Slack. To rehearse, run \`npm start\` without tokens and without DATABASE_URL, and approve while it runs.`,
        ].join('\n'),
      );
    print(await recordYes(runId, options, journal));
  });

const recordYes = async (
  runId: string,
  options: { as: string; type?: string },
  { store, clock, environment }: OpenJournal,
): Promise<string> => {
  const handle = await store.open(runId);
  const { graph } = (await handle.refresh()).created;
  const settings = readSettings(environment);
  const log = createLog('error');
  const { systems, registry, plans } = loadPlans(settings, createTools(settings, environment, clock, log));
  try {
    const { rule } = openApproval(handle.state(), clock.now());
    const plan = plans.find(graph.plan);
    const view = viewPlan(plan, registry);
    const person = personNamed(view, options.as);
    const people = Object.keys(plan.text.people).map((name) => view.person(name));
    const directory = {
      onCallNow: (schedule: string) => systems.pagerduty.onCallNow(schedule),
      groupMembers: (group: string) => systems.slack.client.groupMembers(group),
    };
    const may = await eligibility(rule, person.slack, people, directory, log);
    const approver = {
      person: person.slack,
      name: person.name,
      ...may,
      typed: options.type ?? null,
      via: 'command-line' as const,
    };
    const after = await handle.commit(
      (now) => {
        const voided = voidIfEdited(now, plan.digest, clock.now());
        return voided.length > 0 ? voided : approve(now, approver, graph.hash, clock.now());
      },
      { actor: `command-line:${person.slack}` },
    );
    const voided = Object.values(after.steps).find(({ code }) => code === 'voided');
    if (voided) throw new MaydayError('run/wrong-state', `Not approved: ${voided.message}.`);
    const given = Object.values(after.approvals).flatMap((approval) => approval.given);
    const missing = missingSlots(rule, given).map((slot) => rule.slots[slot]!.name);
    return missing.length === 0
      ? `The yes of ${person.name} is recorded, and it was the last one needed: run ${runId} goes on.`
      : `The yes of ${person.name} is recorded. Still missing: ${missing.join(' and ')}.`;
  } finally {
    await Promise.allSettled(systems.all.map((system) => system.close()));
  }
};

const personNamed = (view: FlowPlan, name: string): PersonView & { slack: string } => {
  let person: PersonView;
  try {
    person = view.person(name);
  } catch (error) {
    throw new MaydayError('input/invalid', `In ${view.plan} ${messageOf(error)} Nothing was approved.`);
  }
  if (person.slack === undefined)
    throw new MaydayError(
      'input/invalid',
      `${person.name} has no Slack user in ${view.plan}, by which a person is known; add "slack:" under people.${name}. Nothing was approved.`,
    );
  return { ...person, slack: person.slack };
};
