import { z } from 'zod';

/** Settings of the mail server, by their standard names. */
export const emailSettings = z.object({
  SMTP_URL: z.url({ protocol: /^smtps?$/, error: 'is smtp://user:password@host:port or smtps://…' }),
});

export type EmailSettings = z.infer<typeof emailSettings>;
