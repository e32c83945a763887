import { z } from 'zod';

/** Settings of the PagerDuty account, by their standard names. */
export const pagerdutySettings = z.object({
  PAGERDUTY_API_TOKEN: z.string().min(1, 'is a REST API token; nobody can be paged without it'),
  PAGERDUTY_FROM: z.email('is the e-mail of the PagerDuty user in whose name Mayday acts'),
  PAGERDUTY_API_URL: z.url().default('https://api.pagerduty.com'),
  /** Only for events about Mayday itself; pages go through the REST API. */
  PAGERDUTY_ROUTING_KEY: z.string().min(1).optional(),
  PAGERDUTY_EVENTS_URL: z.url().default('https://events.pagerduty.com/v2/enqueue'),
});

export type PagerDutySettings = z.infer<typeof pagerdutySettings>;
