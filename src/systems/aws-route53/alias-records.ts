import type { Change, ResourceRecordSet, RRType } from '@aws-sdk/client-route-53';

/** What an alias leads to. */
export interface AliasTo {
  dnsName: string;
  hostedZone: string;
  evaluateTargetHealth: boolean;
}

export const aliasNow = (sets: ResourceRecordSet[]): AliasTo | null => {
  const target = sets[0]?.AliasTarget;
  return target?.DNSName && target.HostedZoneId
    ? {
        dnsName: target.DNSName,
        hostedZone: target.HostedZoneId,
        evaluateTargetHealth: target.EvaluateTargetHealth ?? false,
      }
    : null;
};

/** Route 53 writes names with a dot behind, and its console puts `dualstack.` before those of load balancers. */
const plain = (name: string): string =>
  name
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^dualstack\./, '');

export const sameName = (one: string, other: string): boolean => plain(one) === plain(other);

export const sameAlias = (one: AliasTo | null, other: AliasTo | null): boolean =>
  one !== null &&
  other !== null &&
  sameName(one.dnsName, other.dnsName) &&
  one.hostedZone === other.hostedZone &&
  one.evaluateTargetHealth === other.evaluateTargetHealth;

/** Why this name cannot be switched by its alias; undefined when it can. */
export const unfitForAlias = (sets: ResourceRecordSet[], known: string[]): string | undefined => {
  for (const set of sets) {
    if (set.SetIdentifier !== undefined)
      return `${set.Name} has a routing policy; Route 53 refuses a simple alias beside it, so nothing was changed`;
    if (!set.AliasTarget) return `${set.Name} is a plain record and no alias; it is left so`;
    if (!known.some((name) => sameName(name, set.AliasTarget?.DNSName ?? '')))
      return `${set.Name} is an alias of ${set.AliasTarget.DNSName}, which the plan does not know; it is left so`;
  }
  return undefined;
};

export const describeAlias = (alias: AliasTo | null): string =>
  alias ? `alias of ${plain(alias.dnsName)}` : 'no record';

export const changesForAlias = ({ name, type }: { name: string; type: string }, wanted: AliasTo): Change[] => [
  {
    Action: 'UPSERT',
    ResourceRecordSet: {
      Name: name,
      Type: type as RRType,
      AliasTarget: {
        DNSName: wanted.dnsName,
        HostedZoneId: wanted.hostedZone,
        EvaluateTargetHealth: wanted.evaluateTargetHealth,
      },
    },
  },
];
