import { z } from 'zod';
import { defineKind } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { wrongDnsValue } from '../../dns-value.ts';
import { durationText } from '../../duration-text.ts';
import { lookSignal } from '../../look-signal.ts';
import type { Cloudflare } from '../client.ts';

/** A DNS name at Cloudflare with one value for each place; only one of them stands in the record. */
export const cloudflareRecord = (cloudflare: Cloudflare) =>
  defineKind({
    name: 'cloudflare-record',
    summary: 'A record in Cloudflare DNS, led to one place at a time',
    at: z.string().min(1),
    settings: z.strictObject({
      /** The zone's id, as its overview page shows it. */
      zone: z.string(),
      name: z.string(),
      type: z.enum(['A', 'AAAA', 'CNAME']).default('A'),
      ttl: durationText,
      /** Cloudflare answers with addresses of its own and passes on to the record's value. */
      proxied: z.boolean().default(false),
    }),
    wrongAt: (value, { type }) => wrongDnsValue(type, value),
    resources: (component) => [`cloudflare:${component.settings['zone']}:${component.settings['name']}`],
    async role(component, place, _plan, context) {
      const { zone, name, type } = component.settings as { zone: string; name: string; type: string };
      try {
        const records = await cloudflare.list(zone, name, type, lookSignal(context));
        if (records.length === 0) return { role: 'absent', because: `${name} has no ${type} record` };
        const leads = records.some(({ content }) => content === component.at[place]);
        const because = `${name} leads to ${records.map(({ content }) => content).join(', ')}`;
        return { role: leads ? 'active' : 'standby', because };
      } catch (error) {
        return { role: 'unknown', because: messageOf(error) };
      }
    },
    async describe(component, place, _plan, context) {
      const { zone, name, type } = component.settings as { zone: string; name: string; type: string };
      try {
        const records = await cloudflare.list(zone, name, type, lookSignal(context));
        const leads = records.some(({ content }) => content === component.at[place]);
        return `${name}: ${leads ? 'leads here' : 'leads elsewhere'} (${records.map(({ content }) => content).join(', ') || 'no record'})`;
      } catch (error) {
        return `${name}: not known (${messageOf(error)})`;
      }
    },
  });
