import { createAwsClients } from '../aws-clients.ts';
import { awsFailure } from '../aws-failure.ts';
import type { AwsRdsSettings } from './config.ts';
import { cloudwatchSdk } from './sdk.ts';

/** How far replicas are behind, as RDS reports it to CloudWatch each minute. */
export interface ReplicaLag {
  newest(
    region: string,
    instance: string,
    now: Date,
    signal: AbortSignal,
  ): Promise<{ seconds: number; at: Date } | undefined>;
  close(): void;
}

const periodSeconds = 60;
const lookBackMinutes = 10;

export const createReplicaLag = (settings: AwsRdsSettings): ReplicaLag => {
  const clients = createAwsClients(
    settings,
    settings.AWS_ENDPOINT_URL_CLOUDWATCH,
    (options) => new (cloudwatchSdk().CloudWatchClient)(options),
  );
  return {
    async newest(region, instance, now, abortSignal) {
      try {
        const command = new (cloudwatchSdk().GetMetricStatisticsCommand)({
          Namespace: 'AWS/RDS',
          MetricName: 'ReplicaLag',
          Dimensions: [{ Name: 'DBInstanceIdentifier', Value: instance }],
          StartTime: new Date(now.getTime() - lookBackMinutes * 60_000),
          EndTime: now,
          Period: periodSeconds,
          Statistics: ['Average'],
        });
        const { Datapoints = [] } = await clients.reading(region).send(command, { abortSignal });
        const found = Datapoints.flatMap(({ Timestamp, Average }) =>
          Timestamp && Average !== undefined ? [{ at: Timestamp, seconds: Average }] : [],
        );
        return found.sort((one, other) => other.at.getTime() - one.at.getTime())[0];
      } catch (error) {
        throw awsFailure(error, 'cloudwatch GetMetricStatistics', false);
      }
    },
    close: clients.close,
  };
};
