import { defineFlow, type StepDraft } from '../src/define.ts';

/** Everything that a plan can ask, in every direction: what serves, what stands by, and whether a failover could begin. */
export const check = defineFlow({
  name: 'check',
  summary: 'Check everything of a system, where it runs and where it stands by',
  whenToUse: 'At any time; every morning.',
  canBreak: 'Nothing: it only reads.',
  approval: undefined,
  readOnly: true,
  locate: 'home',
  build(plan, request) {
    const places = plan.places.map((place) => ({
      from: place,
      to: plan.prefer.find((other) => other !== place) ?? place,
    }));
    // A check that says nothing of a place is asked once.
    const seen = new Set<string>();
    const asked = places.flatMap((values) =>
      plan.checkSteps(values).flatMap((step): StepDraft[] => {
        const key = JSON.stringify([step.uses, step.with]);
        if (seen.has(key)) return [];
        seen.add(key);
        return [
          { ...step, id: `${step.id}-in-${values.from}`, title: `${step.title} (${values.from})`, phase: 'report' },
        ];
      }),
    );
    const found = plan.components.flatMap((component) =>
      plan.component(component).places.map(
        (place): StepDraft => ({
          id: `${component}-in-${place}`,
          title: `${component} in ${place}`,
          phase: 'report',
          uses: 'component/describe',
          with: { component, place },
          informative: true,
        }),
      ),
    );
    const only = request.text === '' ? undefined : request.text;
    const isWanted = ({ id }: StepDraft) => only === undefined || id.endsWith(`-in-${only}`);
    return { steps: [...asked, ...found].filter(isWanted), claims: [] };
  },
});
