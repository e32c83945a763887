import { z } from 'zod';

/** Where servers are stands in plans; this system has no settings of its own. */
export const natsSettings = z.object({});

export type NatsSettings = z.infer<typeof natsSettings>;
