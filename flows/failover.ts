import { defineFlow } from '../src/define.ts';
import { movingFlow } from './moving.ts';

/** Moves a scope from the place where it runs to another one, or to its own standby within the place. */
export const failover = defineFlow(
  movingFlow({
    name: 'failover',
    summary: 'Move a system, or a part of it, to another Region or to its standby',
    whenToUse: 'The Region or the component that serves now is lost, or will be soon.',
    canBreak: 'A promoted replica never becomes a replica again; what it had not replayed is lost.',
    locate: 'target',
  }),
);
