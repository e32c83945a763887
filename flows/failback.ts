import {
  defineFlow,
  type FlowPlan,
  type FlowRequest,
  type MoveRecord,
  type Place,
  type RequirementDraft,
  type StepDraft,
} from '../src/define.ts';
import { move, placeValues, procedureSteps } from './moving.ts';

/**
 * Brings home what a failover moved, from that run's own record: what it promoted elsewhere is first made to follow and to
 * catch up, then everything goes back by the plan's procedure in the other direction, traffic little by little, and what
 * the failover had changed in the place that is left becomes what it was.
 */
export const failback = defineFlow({
  name: 'failback',
  summary: 'Bring a system home after a failover, from the record of what was moved',
  whenToUse: 'The place that was lost is well again, and people have time.',
  canBreak: 'The database at home is made anew from the one that serves; nothing else there is kept.',
  approval: 'failback',
  readOnly: false,
  locate: 'record',
  build(plan, request) {
    const { record } = request;
    if (!record) throw new Error('a failback is made from the record of a failover, and there is none');
    const { execute: swapped, verify } = procedureSteps(plan, record.flow, request);
    // What declares an incident is not a change that a failback makes; and by the time in which a failover must be done a
    // failback, which makes a database follow and watches each share, would always be too late.
    const going = swapped.filter(({ source, uses }) => source?.[1] !== 'declare' && uses !== 'engine/deadline');
    const follow = following(plan, record, { from: request.from!, to: request.to! }, request, 'sync');
    const { steps, weights } = littleByLittle(plan, request, going);
    for (const step of steps)
      if (follow.some((sync) => sync.component === step.with?.['component']))
        step.needs = [
          ...(step.needs ?? []),
          ...follow.filter((sync) => sync.component === step.with?.['component']).map(({ draft }) => draft.id),
        ];
    return move(plan, request, {
      flow: 'failback',
      execute: [...follow.map(({ draft }) => draft), ...steps],
      verify,
      planned: true,
      afterwards: [
        ...standingDown(record, weights.uses),
        ...following(plan, record, { from: request.to!, to: request.from! }, request, 'protect').map(
          ({ draft }) => draft,
        ),
      ],
      // Only the shares go back by themselves, to the last one that was watched and good.
      unwind: weights.ids.length > 0 ? ['failed', 'aborted'] : undefined,
      takenBack: weights.ids,
    });
  },
});

/** Components whose change the record calls irreversible: what was promoted there does not follow by itself any more. */
const following = (
  plan: FlowPlan,
  record: MoveRecord,
  places: { from: Place; to: Place },
  request: FlowRequest,
  word: 'sync' | 'protect',
): { component: string; draft: StepDraft }[] => {
  const promoted = plan.componentsOf(record.scope).filter((name) => {
    const { places: standing } = plan.component(name);
    const mine = plan.resourcesOf(name, record.to);
    return (
      standing.includes(places.from) &&
      standing.includes(places.to) &&
      record.changed.some(
        ({ stays, resources, uses }) =>
          stays !== null && plan.makesWriter(uses) && resources.some((id) => mine.includes(id)),
      )
    );
  });
  return promoted.flatMap((component) => {
    const drafts = plan.resynchronise(component, places, request.stamp);
    return drafts.map((each, i) => ({
      component,
      draft: {
        id: `${word}-${component}-${each.name}`,
        title: each.title,
        phase: 'execute' as const,
        uses: each.uses,
        with: each.manual === undefined ? each.with : { text: each.manual, checklist: [] },
        needs: i === 0 ? [] : [`${word}-${component}-${drafts[i - 1]!.name}`],
        ...(each.timeoutSeconds !== undefined && { timeoutSeconds: each.timeoutSeconds }),
      },
    }));
  });
};

/** Each step that moves traffic becomes one for each share, with a watched pause between; the last keeps its name. */
const littleByLittle = (
  plan: FlowPlan,
  request: FlowRequest,
  steps: StepDraft[],
): { steps: StepDraft[]; weights: { ids: string[]; uses: Set<string> } } => {
  const { weights, soakSeconds, healthy } = plan.failback;
  const watched: RequirementDraft[] = plan.requirements(healthy, placeValues(plan, request));
  const weighed: string[] = [];
  const uses = new Set<string>();
  const made = steps.flatMap((step): StepDraft[] => {
    const key = plan.gradualKey(step.uses);
    if (key === undefined) return [step];
    uses.add(step.uses);
    let before: string | undefined;
    return weights.flatMap((share, i): StepDraft[] => {
      const isLast = i === weights.length - 1;
      const id = isLast ? step.id : `${step.id}-${share}`;
      const soak = `${step.id}-${share}-watched`;
      const needs = before === undefined ? step.needs : [before];
      before = soak;
      weighed.push(id);
      const title = `${step.title ?? step.id}: ${share} %`;
      const shifted: StepDraft = { ...step, id, title, needs, with: { ...step.with, [key]: share }, goodOnce: soak };
      return [
        shifted,
        {
          id: soak,
          title: `Watch ${share} %`,
          phase: 'execute',
          uses: 'engine/wait',
          // After the last share the proof of the whole follows, so it is only looked at once.
          with: { seconds: isLast ? 0 : soakSeconds, while: watched },
          needs: [id],
          timeoutSeconds: soakSeconds + 600,
          stage: step.stage,
          source: ['failback'],
        },
      ];
    });
  });
  return { steps: made, weights: { ids: weighed, uses } };
};

/** What the failover found in the place that is left now, brought back in the opposite order. */
const standingDown = (record: MoveRecord, gradual: ReadonlySet<string>): StepDraft[] => {
  const reversible = record.changed.filter(
    ({ stays, before, uses, phase }) => stays === null && before !== null && !gradual.has(uses) && phase !== 'fence',
  );
  return reversible.toReversed().map(
    (change, i, all): StepDraft => ({
      id: `stand-down-${change.step}`,
      title: `Stand down: ${change.title}`,
      phase: 'execute',
      uses: change.uses,
      needs: i === 0 ? [] : [`stand-down-${all[i - 1]!.step}`],
      takesBack: {
        run: record.run,
        step: change.step,
        version: change.version,
        input: change.input,
        before: change.before,
      },
    }),
  );
};
