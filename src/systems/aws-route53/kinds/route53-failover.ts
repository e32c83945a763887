import { z } from 'zod';
import { defineKind } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { wrongDnsValue } from '../../dns-value.ts';
import { durationText } from '../../duration-text.ts';
import { lookSignal } from '../../look-signal.ts';
import type { Route53 } from '../client.ts';
import { describeRoles, rolesNow } from '../failover-records.ts';

/** A DNS name with one value for each place: Route 53 answers the primary's while it is healthy. */
export const route53Failover = (route53: Route53) =>
  defineKind({
    name: 'route53-failover',
    summary: 'A record with failover routing in Amazon Route 53, one value for each place',
    at: z.string().min(1),
    settings: z.strictObject({
      zone: z.string(),
      name: z.string(),
      type: z.enum(['A', 'AAAA', 'CNAME']).default('A'),
      ttl: durationText,
      'health-checks': z.record(z.string(), z.string()).optional(),
    }),
    wrongAt: (value, { type }) => wrongDnsValue(type, value),
    resources: (component) => [`route53:${component.settings['zone']}:${component.settings['name']}`],
    async role(component, place, _plan, context) {
      const { zone, name, type } = component.settings as { zone: string; name: string; type: string };
      try {
        const { primary, secondary } = rolesNow(await route53.list(zone, name, type, lookSignal(context)));
        const own = component.at[place];
        if (own === primary) return { role: 'active', because: `${place} is the primary of ${name}` };
        if (own === secondary) return { role: 'standby', because: `${place} is the secondary of ${name}` };
        // A third place stands by as well: it has a value, and only two can have a record.
        if (primary !== null) return { role: 'standby', because: `${place} has no record under ${name} just now` };
        return { role: 'absent', because: `${name} has no failover record` };
      } catch (error) {
        return { role: 'unknown', because: messageOf(error) };
      }
    },
    async describe(component, _place, _plan, context) {
      const { zone, name, type } = component.settings as { zone: string; name: string; type: string };
      try {
        return `${name}: ${describeRoles(rolesNow(await route53.list(zone, name, type, lookSignal(context))))}`;
      } catch (error) {
        return `${name}: not known (${messageOf(error)})`;
      }
    },
  });
