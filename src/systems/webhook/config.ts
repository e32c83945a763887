import { z } from 'zod';

/** What is posted where, and with which secrets, stands in plans; this system has no settings of its own. */
export const webhookSettings = z.object({});

export type WebhookSettings = z.infer<typeof webhookSettings>;
