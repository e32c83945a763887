import type { ResourceRecordSet } from '@aws-sdk/client-route-53';

/** One place's value under a name and the weight that it has or is to have. */
export interface WeightedValue {
  place: string;
  value: string;
  weight: number;
}

/** The weights to set: `percent` for the chosen place, the rest shared out evenly among the others. */
export const wantedWeights = (values: Record<string, string>, to: string, percent: number): WeightedValue[] => {
  const others = Object.keys(values).filter((place) => place !== to);
  const share = others.length > 0 ? Math.floor((100 - percent) / others.length) : 0;
  return Object.entries(values).map(([place, value]) => ({ place, value, weight: place === to ? percent : share }));
};

const onlyValue = (set: ResourceRecordSet) => set.ResourceRecords?.[0]?.Value;

/** Why these records cannot be switched by weights; undefined when they can. */
export const unfit = (sets: ResourceRecordSet[], wanted: WeightedValue[]): string | undefined => {
  for (const set of sets) {
    if (set.Weight === undefined) {
      const kind = set.Failover ? 'failover' : set.SetIdentifier ? 'other routing' : 'simple';
      return `${set.Name} is a ${kind} record; Route 53 refuses weights beside it`;
    }
    if (set.AliasTarget || set.ResourceRecords?.length !== 1) return `${set.Name} is not one plain value per record`;
    if (!wanted.some(({ value }) => value === onlyValue(set))) {
      return `${set.Name} also leads to ${onlyValue(set)}, which the plan does not know`;
    }
  }
  return undefined;
};

export const recordOf = (sets: ResourceRecordSet[], value: string): ResourceRecordSet | undefined =>
  sets.find((set) => onlyValue(set) === value);

/** A missing record and weight 0 lead nobody anywhere, so they count as equal. */
export const weightsHold = (sets: ResourceRecordSet[], wanted: WeightedValue[]): boolean =>
  wanted.every(({ value, weight }) => (recordOf(sets, value)?.Weight ?? 0) === weight);

/** Weights by value, for bringing them back. A record that was not there had none. */
export const weightsNow = (sets: ResourceRecordSet[], wanted: WeightedValue[]): WeightedValue[] =>
  wanted.map((one) => ({ ...one, weight: recordOf(sets, one.value)?.Weight ?? 0 }));

export const describeWeights = (sets: ResourceRecordSet[]): string =>
  sets.map((set) => `${onlyValue(set) ?? 'alias'} ${set.Weight ?? '(no weight)'}`).join(', ') || 'no record';
