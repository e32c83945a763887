import { z } from 'zod';

/** Settings of the status page, by their standard names. */
export const statuspageSettings = z.object({
  STATUSPAGE_API_KEY: z.string().min(1, 'is the API key; customers cannot be told without it'),
  STATUSPAGE_PAGE_ID: z
    .string()
    .regex(/^[\w-]+$/, 'is the id of the page, as its address in the management site shows'),
  STATUSPAGE_API_URL: z.url().default('https://api.statuspage.io/v1'),
});

export type StatuspageSettings = z.infer<typeof statuspageSettings>;
