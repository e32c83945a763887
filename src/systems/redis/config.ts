import { z } from 'zod';

/** Where Sentinels are stands in plans; this system has no settings of its own. */
export const redisSettings = z.object({});

export type RedisSettings = z.infer<typeof redisSettings>;
