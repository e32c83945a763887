import type { Change, ResourceRecordSet, RRType } from '@aws-sdk/client-route-53';

/** The values under a name with failover routing. */
export interface Roles {
  primary: string | null;
  secondary: string | null;
}

const onlyValue = (set: ResourceRecordSet | undefined) => set?.ResourceRecords?.[0]?.Value ?? null;
const setOf = (sets: ResourceRecordSet[], role: 'PRIMARY' | 'SECONDARY') =>
  sets.find(({ Failover }) => Failover === role);

export const rolesNow = (sets: ResourceRecordSet[]): Roles => ({
  primary: onlyValue(setOf(sets, 'PRIMARY')),
  secondary: onlyValue(setOf(sets, 'SECONDARY')),
});

/** The wanted value first, whatever was first behind it; for a name without records the plan's next place. */
export const rolesFor = (now: Roles, values: string[], wanted: string): Roles => {
  if (now.primary === wanted)
    return { primary: wanted, secondary: now.secondary ?? values.find((value) => value !== wanted) ?? null };
  return { primary: wanted, secondary: now.primary ?? values.find((value) => value !== wanted) ?? null };
};

export const sameRoles = (one: Roles, other: Roles): boolean =>
  one.primary === other.primary && one.secondary === other.secondary;

/** Why these records cannot be switched; undefined when they can. */
export const unfitForFailover = (sets: ResourceRecordSet[], values: string[]): string | undefined => {
  for (const set of sets) {
    if (!set.Failover) {
      const kind = set.Weight !== undefined ? 'weighted' : set.SetIdentifier ? 'other routing' : 'simple';
      return `${set.Name} is a ${kind} record; Route 53 refuses failover beside it, so nothing was changed`;
    }
    if (set.AliasTarget || set.ResourceRecords?.length !== 1) return `${set.Name} is not one plain value per record`;
    if (!values.includes(onlyValue(set)!))
      return `${set.Name} also leads to ${onlyValue(set)}, which the plan does not know`;
  }
  return undefined;
};

export const describeRoles = ({ primary, secondary }: Roles): string =>
  primary === null && secondary === null
    ? 'no record'
    : `primary ${primary ?? '(none)'}, secondary ${secondary ?? '(none)'}`;

/**
 * The batch that gives both roles their values. Each record keeps its role and its identifier and takes the other's value
 * with that value's health check, so that at no moment two are primary.
 */
export const changesForRoles = (
  record: { name: string; type: string; ttlSeconds: number; healthChecks: Record<string, string> },
  wanted: Roles,
  sets: ResourceRecordSet[],
): Change[] =>
  (['PRIMARY', 'SECONDARY'] as const).flatMap((role) => {
    const value = role === 'PRIMARY' ? wanted.primary : wanted.secondary;
    if (value === null) return [];
    const existing = setOf(sets, role);
    const checked = record.healthChecks[value] ?? sets.find((set) => onlyValue(set) === value)?.HealthCheckId;
    return [
      {
        Action: 'UPSERT' as const,
        ResourceRecordSet: {
          Name: record.name,
          Type: record.type as RRType,
          SetIdentifier: existing?.SetIdentifier ?? role.toLowerCase(),
          Failover: role,
          TTL: existing?.TTL ?? record.ttlSeconds,
          ResourceRecords: [{ Value: value }],
          ...(checked && { HealthCheckId: checked }),
        },
      },
    ];
  });
