import { z } from 'zod';
import { defineKind } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { wrongDnsValue } from '../../dns-value.ts';
import { durationText } from '../../duration-text.ts';
import { lookSignal } from '../../look-signal.ts';
import type { Route53 } from '../client.ts';
import { describeWeights, recordOf } from '../weights.ts';

/** A DNS name with one value for each place, told apart by weights. */
export const route53Record = (route53: Route53) =>
  defineKind({
    name: 'route53-record',
    summary: 'A weighted record in Amazon Route 53, one value for each place',
    at: z.string().min(1),
    settings: z.strictObject({
      zone: z.string(),
      name: z.string(),
      type: z.enum(['A', 'AAAA', 'CNAME']).default('A'),
      ttl: durationText,
      'health-checks': z.record(z.string(), z.string()).optional(),
    }),
    isShared: true,
    wrongAt: (value, { type }) => wrongDnsValue(type, value),
    resources: (component) => [`route53:${component.settings['zone']}:${component.settings['name']}`],
    async role(component, place, _plan, context) {
      const { zone, name, type } = component.settings as { zone: string; name: string; type: string };
      try {
        const sets = await route53.list(zone, name, type, lookSignal(context));
        const weight = recordOf(sets, String(component.at[place]))?.Weight;
        if (weight === undefined) return { role: 'absent', because: `${name} has no record for ${place}` };
        return { role: weight > 0 ? 'active' : 'standby', because: `${name} leads to ${place} with weight ${weight}` };
      } catch (error) {
        return { role: 'unknown', because: messageOf(error) };
      }
    },
    async describe(component, place, _plan, context) {
      const { zone, name, type } = component.settings as { zone: string; name: string; type: string };
      try {
        const sets = await route53.list(zone, name, type, lookSignal(context));
        const own = recordOf(sets, String(component.at[place]));
        return `${name}: ${describeWeights(own ? [own] : [])}`;
      } catch (error) {
        return `${name}: not known (${messageOf(error)})`;
      }
    },
  });
