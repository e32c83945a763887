import { z } from 'zod';
import { defineAction, type Json, type LookContext, type StepContext } from '../../../define.ts';
import { lookSignal } from '../../look-signal.ts';
import { changeLine, changePermissions, changeRecords } from '../change-records.ts';
import type { Route53 } from '../client.ts';
import {
  changesForRoles,
  describeRoles,
  type Roles,
  rolesFor,
  rolesNow,
  sameRoles,
  unfitForFailover,
} from '../failover-records.ts';

const input = z.strictObject({
  zone: z.string(),
  name: z.string(),
  type: z.string(),
  ttlSeconds: z.int().positive(),
  to: z.string(),
  values: z.record(z.string(), z.string()),
  healthChecks: z.record(z.string(), z.string()),
  account: z.string().optional(),
});
type Given = z.infer<typeof input>;

/** Makes a place the primary of a name with failover routing, and what was primary the secondary, in one batch. */
export const switchFailover = (route53: Route53) => {
  const look = async (given: Given, context: LookContext) => {
    const sets = await route53.list(given.zone, given.name, given.type, lookSignal(context));
    return { sets, now: rolesNow(sets) };
  };
  const bringAbout = async (given: Given, wanted: Roles, context: StepContext) => {
    const { sets } = await look(given, context);
    await changeRecords(route53, given, changesForRoles(recordOf(given), wanted, sets), context);
    return { seen: `all name servers of Route 53 have ${given.name}: ${describeRoles(wanted)}` };
  };

  return defineAction({
    name: 'route53/switch-failover',
    version: 1,
    summary: 'Make another place the primary of a DNS name',
    effect: 'change',
    with: z.strictObject({ component: z.string(), to: z.string() }),
    resolve(written, plan) {
      const { at, settings, name } = plan.component(written.component, 'route53-failover');
      const values = at as Record<string, string>;
      if (values[written.to] === undefined) {
        throw new Error(`component ${name} has no value in ${written.to}; it has ${Object.keys(values).join(', ')}`);
      }
      return {
        zone: String(settings['zone']),
        name: String(settings['name']),
        type: String(settings['type']),
        ttlSeconds: settings['ttl'] as number,
        to: written.to,
        values,
        healthChecks: (settings['health-checks'] ?? {}) as Record<string, string>,
        account: plan.account,
      };
    },
    input,
    targets: ['zone', 'name', 'type', 'to', 'values', 'healthChecks', 'account'],
    output: z.object({ name: z.string(), value: z.string() }),
    resources: ({ zone, name }) => [`route53:${zone}:${name}`],
    changes: ['route53:ChangeResourceRecordSets'],
    permissions: ({ zone }) => changePermissions(zone),
    expectedSeconds: 60,
    longestSeconds: 600,
    repeat: 'by-look',
    reversible: {
      undo: 'bring back who was primary and who secondary',
      before: async (given, context) => (await look(given, context)).now as unknown as Json,
      async observe(given, before, context) {
        const { now } = await look(given, context);
        const seen = `${given.name}: ${describeRoles(now)}`;
        const were = before as unknown as Roles | null;
        if (!were?.primary) return { state: 'impossible', seen: `${seen}; what it was before is not known` };
        if (sameRoles(now, were)) return { state: 'done', seen, output: {} };
        if (now.primary === wantedOf(given)) return { state: 'todo', seen };
        return { state: 'impossible', seen: `${seen}; somebody changed it since, and it is left so` };
      },
      act: (given, before, context) => bringAbout(given, before as unknown as Roles, context),
    },

    async observe(given, context) {
      const { sets, now } = await look(given, context);
      const seen = `${given.name}: ${describeRoles(now)}`;
      const values = Object.values(given.values);
      const obstacle = unfitForFailover(sets, values);
      if (obstacle) return { state: 'impossible', seen: obstacle };
      const wanted = wantedOf(given);
      if (!sameRoles(now, rolesFor(now, values, wanted))) return { state: 'todo', seen };
      return { state: 'done', seen, output: { name: given.name, value: wanted } };
    },

    async act(given, context) {
      const { now } = await look(given, context);
      return bringAbout(given, rolesFor(now, Object.values(given.values), wantedOf(given)), context);
    },

    async preview(given, context) {
      const { now } = await look(given, context);
      const then = describeRoles(rolesFor(now, Object.values(given.values), wantedOf(given)));
      const { zone, name, account } = given;
      return [{ resource: `route53:${zone}:${name}`, account, now: describeRoles(now), then }];
    },
    command: (given) => {
      const [from = null] = Object.values(given.values).filter((value) => value !== wantedOf(given));
      const wanted = { primary: wantedOf(given), secondary: from };
      return changeLine(given.zone, changesForRoles(recordOf(given), wanted, []));
    },
  });
};

const wantedOf = ({ values, to }: Given): string => values[to]!;

/** Health checks by the value that they watch, as records know no places. */
const recordOf = ({ values, healthChecks, ...given }: Given) => ({
  ...given,
  healthChecks: Object.fromEntries(
    Object.entries(healthChecks).flatMap(([place, id]) => (values[place] === undefined ? [] : [[values[place], id]])),
  ),
});
