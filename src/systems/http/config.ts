import { z } from 'zod';

/** Where hosts are really reached is the dialler's; this system has no settings of its own. */
export const httpSettings = z.object({});

export type HttpSettings = z.infer<typeof httpSettings>;
