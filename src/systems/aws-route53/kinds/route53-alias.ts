import { z } from 'zod';
import { defineKind } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import { aliasNow, describeAlias, sameName } from '../alias-records.ts';
import type { Route53 } from '../client.ts';

/** A DNS name that is an alias of one place's load balancer. */
export const route53Alias = (route53: Route53) =>
  defineKind({
    name: 'route53-alias',
    summary: 'An alias in Amazon Route 53, led to one place at a time',
    /** A load balancer's name, and the hosted zone that AWS lists for it, which is never one's own. */
    at: z.strictObject({ 'dns-name': z.string().min(1), 'hosted-zone': z.string().min(1) }),
    settings: z.strictObject({
      zone: z.string(),
      name: z.string(),
      type: z.enum(['A', 'AAAA']).default('A'),
      'evaluate-target-health': z.boolean().default(true),
      'health-checks': z.record(z.string(), z.string()).optional(),
    }),
    resources: (component) => [`route53:${component.settings['zone']}:${component.settings['name']}`],
    async role(component, place, _plan, context) {
      const { zone, name, type } = component.settings as { zone: string; name: string; type: string };
      try {
        const now = aliasNow(await route53.list(zone, name, type, lookSignal(context)));
        if (!now) return { role: 'absent', because: `${name} has no alias` };
        const own = component.at[place] as { 'dns-name': string };
        const because = `${name} is an ${describeAlias(now)}`;
        return { role: sameName(own['dns-name'], now.dnsName) ? 'active' : 'standby', because };
      } catch (error) {
        return { role: 'unknown', because: messageOf(error) };
      }
    },
    async describe(component, _place, _plan, context) {
      const { zone, name, type } = component.settings as { zone: string; name: string; type: string };
      try {
        return `${name}: ${describeAlias(aliasNow(await route53.list(zone, name, type, lookSignal(context))))}`;
      } catch (error) {
        return `${name}: not known (${messageOf(error)})`;
      }
    },
  });
