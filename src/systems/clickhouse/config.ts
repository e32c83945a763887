import { z } from 'zod';

/** Where servers are stands in plans; this system has no settings of its own. */
export const clickhouseSettings = z.object({});

export type ClickhouseSettings = z.infer<typeof clickhouseSettings>;
