import type { ResourceRecordSet, RRType } from '@aws-sdk/client-route-53';
import { z } from 'zod';
import { defineAction, type Json, type StepContext } from '../../../define.ts';
import { lookSignal } from '../../look-signal.ts';
import { changeLine, changePermissions, changeRecords } from '../change-records.ts';
import type { Route53 } from '../client.ts';
import {
  describeWeights,
  recordOf,
  unfit,
  type WeightedValue,
  wantedWeights,
  weightsHold,
  weightsNow,
} from '../weights.ts';

const input = z.strictObject({
  zone: z.string(),
  name: z.string(),
  type: z.string(),
  ttlSeconds: z.int().positive(),
  to: z.string(),
  percent: z.int().min(1).max(100).default(100),
  values: z.record(z.string(), z.string()),
  account: z.string().optional(),
});

type Given = z.infer<typeof input>;

/**
 * Leads a name to a place by weights, in one batch that Route 53 takes whole or not at all. Waits until all name
 * servers have it; resolvers may go on answering the old value for the record's time to live.
 */
export const switchWeights = (route53: Route53) =>
  defineAction({
    name: 'route53/switch-weights',
    version: 1,
    summary: 'Send a DNS name to another place by weights',
    effect: 'change',
    with: z.strictObject({
      component: z.string(),
      to: z.string(),
      /** How many of a hundred go to the place; the rest is shared out among the others. */
      percent: z.int().min(1).max(100).default(100),
    }),
    resolve(written, plan) {
      const { at, settings, name } = plan.component(written.component, 'route53-record');
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
        percent: written.percent,
        values,
        account: plan.account,
      };
    },
    input,
    targets: ['zone', 'name', 'type', 'to', 'values', 'account'],
    output: z.object({ name: z.string(), value: z.string() }),
    resources: ({ zone, name }) => [`route53:${zone}:${name}`],
    changes: ['route53:ChangeResourceRecordSets'],
    permissions: ({ zone }) => changePermissions(zone),
    expectedSeconds: 60,
    longestSeconds: 600,
    repeat: 'by-look',
    gradual: 'percent',
    reversible: {
      undo: 'bring back the weights that it had',
      async before(given, context) {
        const sets = await route53.list(given.zone, given.name, given.type, lookSignal(context));
        return weightsNow(sets, wantedOf(given)) as unknown as Json;
      },
      async observe(given, before, context) {
        const sets = await route53.list(given.zone, given.name, given.type, lookSignal(context));
        const seen = `${given.name}: ${describeWeights(sets)}`;
        if (!Array.isArray(before)) return { state: 'impossible', seen: `${seen}; what it was before is not known` };
        if (weightsHold(sets, before as unknown as WeightedValue[])) return { state: 'done', seen, output: {} };
        if (weightsHold(sets, wantedOf(given))) return { state: 'todo', seen };
        return { state: 'impossible', seen: `${seen}; somebody changed it since, and it is left so` };
      },
      act: (given, before, context) => change(route53, given, before as unknown as WeightedValue[], context),
    },

    async observe(given, context) {
      const wanted = wantedOf(given);
      const sets = await route53.list(given.zone, given.name, given.type, lookSignal(context));
      const seen = `${given.name}: ${describeWeights(sets)}`;
      const obstacle = unfit(sets, wanted);
      if (obstacle) return { state: 'impossible', seen: obstacle };
      if (!weightsHold(sets, wanted)) return { state: 'todo', seen };
      return { state: 'done', seen, output: { name: given.name, value: given.values[given.to]! } };
    },

    act: (given, context) => change(route53, given, wantedOf(given), context),

    async preview(given, context) {
      const sets = await route53.list(given.zone, given.name, given.type, lookSignal(context));
      const wanted = wantedOf(given);
      return [
        {
          resource: `route53:${given.zone}:${given.name}`,
          account: given.account,
          now: describeWeights(sets),
          then: wanted.map(({ value, weight }) => `${value} ${weight}`).join(', '),
        },
      ];
    },
    command: (given) => changeLine(given.zone, changesFor(given, wantedOf(given), [])),
  });

const wantedOf = ({ values, to, percent }: Given): WeightedValue[] => wantedWeights(values, to, percent);

const change = async (
  route53: Route53,
  given: Given,
  weights: WeightedValue[],
  context: StepContext,
): Promise<{ seen: string }> => {
  const sets = await route53.list(given.zone, given.name, given.type, lookSignal(context));
  await changeRecords(route53, given, changesFor(given, weights, sets), context);
  return { seen: `all name servers of Route 53 have the new weights of ${given.name}` };
};

/** An UPSERT for every place, keeping the identifiers that the records have. */
const changesFor = (given: Given, weights: WeightedValue[], sets: ResourceRecordSet[]) =>
  weights.map(({ place, value, weight }) => {
    const existing = recordOf(sets, value);
    return {
      Action: 'UPSERT' as const,
      ResourceRecordSet: {
        Name: given.name,
        Type: given.type as RRType,
        SetIdentifier: existing?.SetIdentifier ?? place,
        Weight: weight,
        TTL: existing?.TTL ?? given.ttlSeconds,
        ResourceRecords: [{ Value: value }],
        ...(existing?.HealthCheckId && { HealthCheckId: existing.HealthCheckId }),
      },
    };
  });
