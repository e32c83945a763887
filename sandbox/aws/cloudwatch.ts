import type { Databases } from '../databases/databases.ts';
import type { SandboxContext } from '../part.ts';
import { AwsError } from './aws-error.ts';
import type { AwsService } from './aws-request.ts';
import { createJsonService } from './json-service.ts';

const minute = 60_000;
const mostDatapoints = 1440;

/** CloudWatch, as far as RDS reports the lag of replicas to it: one figure a minute. */
export const createCloudWatch = ({ clock }: SandboxContext, databases: Databases): AwsService => {
  /** What CloudWatch has of a replica's lag: a figure for each whole minute that is over. */
  const lagOf = (region: string, id: string, from: Date, to: Date) => {
    const instance = databases.find(region, id);
    const now = clock.now().getTime();
    if (!instance?.source) return [];
    const points: { Timestamp: number; Average: number }[] = [];
    const first = Math.max(Math.ceil(from.getTime() / minute) * minute, instance.createdAt.getTime());
    for (let at = Math.ceil(first / minute) * minute; at < Math.min(to.getTime(), now); at += minute)
      points.push({ Timestamp: at / 1000, Average: databases.lagOf(instance, new Date(at)) });
    return points;
  };

  return createJsonService({
    name: 'monitoring',
    known: 'cloudwatch',
    target: 'GraniteServiceVersion20100801',
    version: '1.0',
    queryCompatible: true,
    operations: {
      GetMetricStatistics: {
        parameters: [
          'Namespace',
          'MetricName',
          'Dimensions',
          'StartTime',
          'EndTime',
          'Period',
          'Statistics',
          'ExtendedStatistics',
          'Unit',
        ],
        required: ['Namespace', 'MetricName', 'StartTime', 'EndTime', 'Period'],
        run(given, { region }) {
          const from = new Date(given['StartTime'] * 1000);
          const to = new Date(given['EndTime'] * 1000);
          const source = 'CloudWatch API, GetMetricStatistics';
          if (!(from < to))
            throw new AwsError(
              'InvalidParameterValue',
              'The parameter StartTime must be less than the parameter EndTime.',
              400,
              source,
            );
          if (given['Period'] % 60 !== 0)
            throw new AwsError('InvalidParameterValue', 'The parameter Period must be a multiple of 60.', 400, source);
          if (!given['Statistics'] === !given['ExtendedStatistics'])
            throw new AwsError(
              'InvalidParameterCombination',
              'Statistics or ExtendedStatistics must be specified, and not both.',
              400,
              source,
            );
          if ((to.getTime() - from.getTime()) / 1000 / given['Period'] > mostDatapoints)
            throw new AwsError(
              'InvalidParameterCombination',
              'You have requested more than 1,440 datapoints.',
              400,
              source,
            );
          const dimensions: { Name: string; Value: string }[] = given['Dimensions'] ?? [];
          const id = dimensions.find(({ Name }) => Name === 'DBInstanceIdentifier')?.Value;
          // A metric that nobody reports is no error: there are no points of it.
          const isKnown =
            given['Namespace'] === 'AWS/RDS' && given['MetricName'] === 'ReplicaLag' && dimensions.length === 1;
          const points = isKnown && id ? lagOf(region, id, from, to) : [];
          return { Label: given['MetricName'], Datapoints: points.map((point) => ({ ...point, Unit: 'Seconds' })) };
        },
      },
    },
  });
};
