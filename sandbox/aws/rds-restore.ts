import type { Databases } from '../databases/databases.ts';
import type { Instance } from '../databases/instance.ts';
import { AwsError } from './aws-error.ts';
import type { QueryParameters } from './query-service.ts';

/** The tags of a new instance, as the Query protocol numbers them. */
export const tagsOf = (given: QueryParameters): Record<string, string> => {
  const tags: Record<string, string> = {};
  for (const key of given.keys()) {
    const [, number] = /^Tags\.(?:Tag|member)\.(\d+)\.Key$/.exec(key) ?? [];
    if (number) tags[given.need(key)] = given.get(key.replace(/Key$/, 'Value')) ?? '';
  }
  return tags;
};

/** The moment that a restore is to reach; refused outside of what the backups cover. */
export const restoreTime = (given: QueryParameters, source: Instance, databases: Databases): Date => {
  const latest = databases.latestRestorable(source);
  if (given.get('UseLatestRestorableTime') === 'true') {
    if (given.has('RestoreTime')) {
      throw new AwsError(
        'InvalidParameterCombination',
        'RestoreTime cannot be given with UseLatestRestorableTime.',
        400,
        'RDS API, RestoreTime: constraints',
      );
    }
    return latest;
  }
  const time = new Date(given.need('RestoreTime'));
  if (Number.isNaN(time.getTime()) || time > latest || time < databases.earliestRestorable(source)) {
    throw new AwsError(
      'InvalidParameterValue',
      `The specified time is not between the earliest and the latest restorable time (${latest.toISOString()}).`,
      400,
      'RDS API, RestoreTime: must be before the latest restorable time',
    );
  }
  return time;
};
