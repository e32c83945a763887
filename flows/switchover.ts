import { defineFlow } from '../src/define.ts';
import { movingFlow } from './moving.ts';

/** Moves a scope while it is well: everything is caught up before it moves, and nothing is lost. */
export const switchover = defineFlow(
  movingFlow({
    name: 'switchover',
    summary: 'Move a system that is well, without loss',
    whenToUse: 'Maintenance, or a fault that is coming: what serves now still answers.',
    canBreak: 'Writers are stopped for as long as it takes to catch up and move.',
    locate: 'target',
  }),
);
