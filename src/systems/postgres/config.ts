import { z } from 'zod';

/** The passwords that plans name are read one by one when needed; this system has no settings of its own. */
export const postgresSettings = z.object({});

export type PostgresSettings = z.infer<typeof postgresSettings>;
