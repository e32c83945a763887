import { z } from 'zod';

/** Which resolvers are asked is the dialler's (`MAYDAY_DNS_SERVERS`); this system has no settings of its own. */
export const dnsSettings = z.object({});

export type DnsSettings = z.infer<typeof dnsSettings>;
