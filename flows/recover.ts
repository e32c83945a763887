import { defineFlow } from '../src/define.ts';
import { movingFlow } from './moving.ts';

/** Brings a part back where it runs, by the plan's own runbook for it: restart, scale, clean up, bring back in order. */
export const recover = defineFlow(
  movingFlow({
    name: 'recover',
    summary: 'Bring a part of a system back where it runs, by its runbook',
    whenToUse: 'Something has failed that moving elsewhere would not mend: an API, a volume, pods, deleted data.',
    canBreak: 'What the runbook says; every change is on the card before it is approved.',
    locate: 'active',
  }),
);
