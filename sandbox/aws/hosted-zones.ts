import { durations } from '../durations.ts';
import type { SandboxContext } from '../part.ts';
import { addressesOf } from './alias-addresses.ts';
import { AwsError } from './aws-error.ts';
import type { HealthChecks } from './health-checks.ts';

export interface RecordSet {
  name: string;
  type: string;
  ttlSeconds?: number;
  values: string[];
  setIdentifier?: string;
  weight?: number;
  failover?: string;
  healthCheckId?: string;
  /** Instead of values and a time to live. */
  alias?: { dnsName: string; hostedZone: string; evaluateTargetHealth: boolean };
}

export interface RecordChange {
  action: string;
  set: RecordSet;
}

export interface HostedZone {
  id: string;
  name: string;
  /** What the API lists: changed as soon as a batch is accepted. */
  sets: RecordSet[];
  /** What the name servers answer: changed when the batch is in sync. */
  served: RecordSet[];
}

/** The zones of the world and the rules under which a batch of changes is accepted. */
export interface HostedZones {
  all(): HostedZone[];
  find(id: string): HostedZone;
  /** All or nothing. Returns when the change was submitted and a way to ask whether it is in sync. */
  change(zone: HostedZone, changes: RecordChange[], inSync: () => void): void;
  /** One answer of a name server, weights honoured in rotation; `undefined` when no zone has the name. */
  answer(name: string, type: string): { values: string[]; ttlSeconds: number } | undefined;
}

export const dotted = (name: string) => `${name.toLowerCase().replace(/\.$/, '')}.`;

export const createHostedZones = (context: SandboxContext, health: HealthChecks): HostedZones => {
  const zones = new Map<string, HostedZone>();
  for (const plan of context.plans) {
    for (const component of Object.values(plan.components)) {
      if (!(component.kind in builders)) continue;
      const id = component['zone'] as string;
      const name = dotted(component['name']);
      const zone = zones.get(id) ?? { id, name: name.split('.').slice(-3).join('.'), sets: [], served: [] };
      zones.set(id, zone);
      const places = plan.prefer.filter((place) => component[place] !== undefined);
      zone.sets.push(...builders[component.kind]!(component, places));
      zone.served = zone.sets;
    }
  }

  /** Names of load balancers, which AWS's own zones answer. */
  const aliasTargets = new Set(
    context.plans.flatMap((plan) =>
      Object.values(plan.components).flatMap((component) =>
        component.kind === 'route53-alias'
          ? plan.prefer.flatMap((place) => (component[place] ? [dotted(component[place]['dns-name'])] : []))
          : [],
      ),
    ),
  );
  const turns = new Map<string, number>();
  const pick = (sets: RecordSet[], key: string): RecordSet | undefined => {
    const total = sets.reduce((sum, set) => sum + (set.weight ?? 0), 0);
    const turn = turns.get(key) ?? 0;
    turns.set(key, turn + 1);
    // All weights zero means that all are equally likely, says the guide.
    if (total === 0) return sets[turn % sets.length];
    // Spread over the turns, so that 10:90 is one in ten without any chance in it.
    let at = (turn * 0.618_033_988_75 * total) % total;
    for (const set of sets) {
      at -= set.weight ?? 0;
      if (at < 0) return set;
    }
    return sets.at(-1);
  };

  return {
    all: () => [...zones.values()],
    find(id) {
      const found = zones.get(id);
      if (found) return found;
      throw new AwsError(
        'NoSuchHostedZone',
        `No hosted zone found with ID: ${id}`,
        404,
        'Route 53 API, NoSuchHostedZone',
      );
    },
    change(zone, changes, inSync) {
      for (const { action, set } of changes)
        if (action !== 'DELETE' && set.healthCheckId !== undefined && !health.has(set.healthCheckId))
          throw new AwsError(
            'NoSuchHealthCheck',
            `A health check with id ${set.healthCheckId} does not exist.`,
            404,
            'Route 53 API, NoSuchHealthCheck',
          );
      const next = applyBatch(zone.sets, changes);
      zone.sets = next;
      context.clock.after(
        durations.route53Insync * context.faults.slowFactor('route53:ChangeResourceRecordSets'),
        () => {
          zone.served = next;
          inSync();
        },
      );
    },
    answer(name, type) {
      for (const zone of zones.values()) {
        const sets = zone.served.filter(
          (set) => set.name === dotted(name) && (set.type === type || set.type === 'CNAME'),
        );
        const isWell = ({ healthCheckId }: RecordSet) => healthCheckId === undefined || health.isHealthy(healthCheckId);
        const set = pick(choosable(sets, isWell), `${zone.id} ${name} ${type}`);
        if (set)
          return { values: set.alias ? addressesOf(set.alias.dnsName) : set.values, ttlSeconds: set.ttlSeconds ?? 60 };
      }
      return aliasTargets.has(dotted(name)) && type === 'A' ? { values: addressesOf(name), ttlSeconds: 60 } : undefined;
    },
  };
};

type Component = { kind: string; [key: string]: any };

/** How each kind of component stands in its zone when the world begins: the first place is where all leads to. */
const builders: Record<string, (component: Component, places: string[]) => RecordSet[]> = {
  'route53-record': (component, places) =>
    places.map((place, at) => ({ ...plainSet(component, place), setIdentifier: place, weight: at === 0 ? 100 : 0 })),
  'route53-failover': (component, places) =>
    places.slice(0, 2).map((place, at) => ({
      ...plainSet(component, place),
      setIdentifier: place,
      failover: at === 0 ? 'PRIMARY' : 'SECONDARY',
    })),
  'route53-alias': (component, places) =>
    places.slice(0, 1).map((place) => ({
      name: dotted(component['name']),
      type: component['type'] ?? 'A',
      values: [],
      alias: {
        dnsName: dotted(component[place]['dns-name']),
        hostedZone: component[place]['hosted-zone'],
        evaluateTargetHealth: component['evaluate-target-health'] ?? true,
      },
    })),
};

const plainSet = (component: Component, place: string): RecordSet => ({
  name: dotted(component['name']),
  type: component['type'] ?? 'A',
  ttlSeconds: secondsIn(component['ttl'] ?? '60s'),
  values: [String(component[place])],
  healthCheckId: component['health-checks']?.[place],
});

/**
 * Which records may be answered: with failover routing the primary while it is healthy, or nobody else is; with weights
 * those that are healthy, or all when none is.
 */
const choosable = (sets: RecordSet[], isWell: (set: RecordSet) => boolean): RecordSet[] => {
  const primary = sets.find(({ failover }) => failover === 'PRIMARY');
  const secondary = sets.find(({ failover }) => failover === 'SECONDARY');
  if (primary && (isWell(primary) || !secondary || !isWell(secondary))) return [primary];
  if (secondary) return [secondary];
  const leading = sets.filter(({ weight }) => weight !== 0);
  const well = leading.filter(isWell);
  return well.length > 0 ? well : sets.some(isWell) && leading.length > 0 ? sets.filter(isWell) : sets;
};

const policyOf = (set: RecordSet) =>
  set.weight !== undefined
    ? 'weighted'
    : set.failover !== undefined
      ? 'failover'
      : set.setIdentifier
        ? 'unknown'
        : 'simple';

const sameKey = (one: RecordSet, other: RecordSet) =>
  one.name === other.name && one.type === other.type && one.setIdentifier === other.setIdentifier;

const shown = (set: RecordSet) =>
  `[name='${set.name}', type='${set.type}'${set.setIdentifier ? `, set-identifier='${set.setIdentifier}'` : ''}]`;

/** Applies the changes in order to a copy; any one that is wrong refuses them all. */
const applyBatch = (sets: RecordSet[], changes: RecordChange[]): RecordSet[] => {
  const source = 'Route 53 API, InvalidChangeBatch';
  const invalid = (message: string) => new AwsError('InvalidChangeBatch', `[${message}]`, 400, source);
  let next = [...sets];
  for (const { action, set } of changes) {
    const existing = next.find((known) => sameKey(known, set));
    if (action === 'CREATE' && existing) {
      throw invalid(`Tried to create resource record set ${shown(set)} but it already exists`);
    }
    if (action === 'DELETE') {
      if (!existing || JSON.stringify({ ...existing }) !== JSON.stringify({ ...set })) {
        throw invalid(`Tried to delete resource record set ${shown(set)} but it was not found`);
      }
      next = next.filter((known) => known !== existing);
      continue;
    }
    next = [...next.filter((known) => known !== existing), set];
  }
  for (const set of next) {
    const policy = policyOf(set);
    if (policy === 'unknown' || (policy !== 'simple' && !set.setIdentifier)) {
      throw invalid(`Invalid request: ${shown(set)} needs a set identifier and exactly one routing policy`);
    }
    if (set.weight !== undefined && set.failover !== undefined) {
      throw invalid(`Invalid request: ${shown(set)} has more than one routing policy`);
    }
    for (const other of next) {
      if (other === set || other.name !== set.name) continue;
      if (other.type === set.type && set.failover !== undefined && other.failover === set.failover) {
        throw invalid(
          `RRSet with DNS name ${set.name}, type ${set.type}, SetIdentifier ${set.setIdentifier} cannot be created as failover ${set.failover}, as one exists already`,
        );
      }
      if (other.type === set.type && policyOf(other) !== policy) {
        throw invalid(
          `RRSet with DNS name ${set.name}, type ${set.type} cannot be created as ${policy}, other RRSets exist with the same name and another routing policy`,
        );
      }
      if (set.type === 'CNAME' && other.type !== 'CNAME') {
        throw invalid(
          `RRSet of type CNAME with DNS name ${set.name} is not permitted as it conflicts with other records`,
        );
      }
    }
  }
  return next;
};

const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `30s`, `5m`, `1h`, as a plan writes a time to live. */
export const secondsIn = (text: string): number => {
  const [, amount, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (!amount || !unit) throw new Error(`${text} is no time to live; write it like 60s or 5m`);
  return Number(amount) * unitSeconds[unit]!;
};
