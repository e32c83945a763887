import { z } from 'zod';

/** What an incident on the page may be, in the order in which it normally goes. */
export const customerStatus = z.enum(['investigating', 'identified', 'monitoring', 'resolved']);

/** What a component of the page may be shown as. */
export const componentStatus = z.enum([
  'operational',
  'under_maintenance',
  'degraded_performance',
  'partial_outage',
  'major_outage',
]);
