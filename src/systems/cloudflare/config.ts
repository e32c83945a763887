import { z } from 'zod';

/** Settings of Cloudflare, by their usual names. Only plans that have records there need a token. */
export const cloudflareSettings = z.object({
  CLOUDFLARE_API_TOKEN: z.string().min(1).optional(),
  CLOUDFLARE_API_URL: z.url().default('https://api.cloudflare.com/client/v4'),
});

export type CloudflareSettings = z.infer<typeof cloudflareSettings>;
