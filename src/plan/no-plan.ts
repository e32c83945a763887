import type { Plan } from './plan.ts';
import { parsePlan } from './plan.ts';
import type { Registry } from './registry.ts';

/** The name under which runs of an incident that belongs to no plan are kept; no file may be called so. */
export const noPlanName = 'none';

/** What flows are given when an incident belongs to no plan: nobody to page, nothing to recover, nowhere else to tell. */
export const noPlan = (registry: Registry): Plan =>
  parsePlan(
    '(an incident without a plan)',
    [
      `plan: ${noPlanName}`,
      'title: Incident',
      'owner: nobody',
      'objectives: { rto: 4h, rpo: 4h }',
      'people: {}',
      'regions: { here: {} }',
      'prefer: [here]',
      'components: {}',
      'scopes: {}',
      'procedures: {}',
    ].join('\n'),
    registry,
    () => {
      throw new Error('there is nothing beside it');
    },
  );
