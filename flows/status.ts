import { defineFlow } from '../src/define.ts';

/** Looks at everything that a plan protects, in every place, and changes nothing. */
export const status = defineFlow({
  name: 'status',
  summary: 'Say where each part of a system runs and how it is',
  whenToUse: 'At any time.',
  canBreak: 'Nothing: it only reads.',
  approval: undefined,
  readOnly: true,
  locate: 'none',
  build(plan) {
    return {
      steps: plan.components.flatMap((component) =>
        plan.component(component).places.map((place) => ({
          id: `${component}-in-${place}`,
          title: `${component} in ${place}`,
          phase: 'report' as const,
          uses: 'component/describe',
          with: { component, place },
          informative: true,
        })),
      ),
      claims: [],
    };
  },
});
