import { z } from 'zod';

/** Where the members' APIs are stands in plans; this system has no settings of its own. */
export const patroniSettings = z.object({});

export type PatroniSettings = z.infer<typeof patroniSettings>;
