import { defineFlow } from '../src/define.ts';
import { gather } from './telling.ts';

/** Opens an incident's channel and pages, before anybody knows what must be recovered. */
export const declare = defineFlow({
  name: 'declare',
  summary: 'Declare an incident: open its channel, page, say what is known',
  whenToUse: 'Something is wrong and people must come together.',
  canBreak: 'Nothing: it pages people and opens a channel.',
  approval: undefined,
  readOnly: false,
  locate: 'none',
  build: (plan, request) => ({ steps: gather(plan, request, false, true).steps, claims: [] }),
});
