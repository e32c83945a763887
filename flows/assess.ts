import { defineFlow } from '../src/define.ts';

/** Asks everything that the plan can ask, and says which row of its decision matrix applies. Changes nothing. */
export const assess = defineFlow({
  name: 'assess',
  summary: 'Say which row of the decision matrix applies now, and what it would do',
  whenToUse: 'Something is wrong and it is not clear whether to fail over, to wait or to do nothing.',
  canBreak: 'Nothing: it only reads.',
  approval: undefined,
  readOnly: true,
  locate: 'home',
  build(plan, request) {
    const places = { from: request.from!, to: request.to! };
    const checks = plan.checkSteps(places);
    return {
      steps: [
        ...checks,
        {
          id: 'decide',
          title: 'Decision',
          phase: 'decide',
          uses: 'engine/assess',
          with: { rows: plan.matrix(places), situation: request.text === '' ? null : request.text, ...places },
          after: checks.map(({ id }) => id),
        },
      ],
      claims: [],
    };
  },
});
