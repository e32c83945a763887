import { z } from 'zod';
import { defineAction, type Json, type LookContext, type StepContext } from '../../../define.ts';
import { lookSignal } from '../../look-signal.ts';
import { type AliasTo, aliasNow, changesForAlias, describeAlias, sameAlias, unfitForAlias } from '../alias-records.ts';
import { changeLine, changePermissions, changeRecords } from '../change-records.ts';
import type { Route53 } from '../client.ts';

const target = z.strictObject({ dnsName: z.string(), hostedZone: z.string() });
const input = z.strictObject({
  zone: z.string(),
  name: z.string(),
  type: z.string(),
  to: z.string(),
  targets: z.record(z.string(), target),
  evaluateTargetHealth: z.boolean(),
  account: z.string().optional(),
});
type Given = z.infer<typeof input>;

/** Leads a name to another place's load balancer by its alias. */
export const switchAlias = (route53: Route53) => {
  const look = async (given: Given, context: LookContext) => {
    const sets = await route53.list(given.zone, given.name, given.type, lookSignal(context));
    return { sets, now: aliasNow(sets) };
  };
  const bringAbout = async (given: Given, wanted: AliasTo, context: StepContext) => {
    await changeRecords(route53, given, changesForAlias(given, wanted), context);
    return { seen: `all name servers of Route 53 have ${given.name}: ${describeAlias(wanted)}` };
  };

  return defineAction({
    name: 'route53/switch-alias',
    version: 1,
    summary: 'Send a DNS name to another place by its alias',
    effect: 'change',
    with: z.strictObject({ component: z.string(), to: z.string() }),
    resolve(written, plan) {
      const { at, settings, name } = plan.component(written.component, 'route53-alias');
      if (at[written.to] === undefined) {
        throw new Error(`component ${name} has no alias target in ${written.to}; it has ${Object.keys(at).join(', ')}`);
      }
      const places = Object.entries(at as Record<string, { 'dns-name': string; 'hosted-zone': string }>);
      return {
        zone: String(settings['zone']),
        name: String(settings['name']),
        type: String(settings['type']),
        to: written.to,
        targets: Object.fromEntries(
          places.map(([place, each]) => [place, { dnsName: each['dns-name'], hostedZone: each['hosted-zone'] }]),
        ),
        evaluateTargetHealth: settings['evaluate-target-health'] === true,
        account: plan.account,
      };
    },
    input,
    targets: ['zone', 'name', 'type', 'to', 'targets', 'account'],
    output: z.object({ name: z.string(), value: z.string() }),
    resources: ({ zone, name }) => [`route53:${zone}:${name}`],
    changes: ['route53:ChangeResourceRecordSets'],
    permissions: ({ zone }) => changePermissions(zone),
    expectedSeconds: 60,
    longestSeconds: 600,
    repeat: 'by-look',
    reversible: {
      undo: 'bring back the alias that it had',
      before: async (given, context) => (await look(given, context)).now as unknown as Json,
      async observe(given, before, context) {
        const { now } = await look(given, context);
        const seen = `${given.name}: ${describeAlias(now)}`;
        const was = before as unknown as AliasTo | null;
        if (!was?.dnsName) return { state: 'impossible', seen: `${seen}; what it was before is not known` };
        if (sameAlias(now, was)) return { state: 'done', seen, output: {} };
        if (sameAlias(now, wantedOf(given))) return { state: 'todo', seen };
        return { state: 'impossible', seen: `${seen}; somebody changed it since, and it is left so` };
      },
      act: (given, before, context) => bringAbout(given, before as unknown as AliasTo, context),
    },

    async observe(given, context) {
      const { sets, now } = await look(given, context);
      const known = Object.values(given.targets).map(({ dnsName }) => dnsName);
      const obstacle = unfitForAlias(sets, known);
      if (obstacle) return { state: 'impossible', seen: obstacle };
      const seen = `${given.name}: ${describeAlias(now)}`;
      const wanted = wantedOf(given);
      if (!sameAlias(now, wanted)) return { state: 'todo', seen };
      return { state: 'done', seen, output: { name: given.name, value: wanted.dnsName } };
    },

    act: (given, context) => bringAbout(given, wantedOf(given), context),

    async preview(given, context) {
      const now = describeAlias((await look(given, context)).now);
      const { zone, name, account } = given;
      return [{ resource: `route53:${zone}:${name}`, account, now, then: describeAlias(wantedOf(given)) }];
    },
    command: (given) => changeLine(given.zone, changesForAlias(given, wantedOf(given))),
  });
};

const wantedOf = ({ targets, to, evaluateTargetHealth }: Given): AliasTo => ({ ...targets[to]!, evaluateTargetHealth });
