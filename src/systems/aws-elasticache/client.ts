import type { ElastiCacheClient, ReplicationGroup } from '@aws-sdk/client-elasticache';
import { type AwsClients, createAwsClients } from '../aws-clients.ts';
import type { AwsElasticacheSettings } from './config.ts';
import { elasticacheFailure, isMissingGroup } from './errors.ts';
import { elasticacheSdk } from './sdk.ts';

/** ElastiCache in every Region. */
export interface ElasticacheClients extends AwsClients<ElastiCacheClient> {
  /** The group, or undefined when ElastiCache says that there is none of that name. */
  find(region: string, group: string, signal: AbortSignal): Promise<ReplicationGroup | undefined>;
}

export const createElasticacheClients = (settings: AwsElasticacheSettings): ElasticacheClients => {
  const clients = createAwsClients(
    settings,
    settings.AWS_ENDPOINT_URL_ELASTICACHE,
    (options) => new (elasticacheSdk().ElastiCacheClient)(options),
  );
  return {
    ...clients,
    async find(region, group, abortSignal) {
      try {
        const command = new (elasticacheSdk().DescribeReplicationGroupsCommand)({ ReplicationGroupId: group });
        const answer = await clients.reading(region).send(command, { abortSignal });
        return answer.ReplicationGroups?.[0];
      } catch (error) {
        if (isMissingGroup(error)) return undefined;
        throw elasticacheFailure(error, 'DescribeReplicationGroups');
      }
    },
  };
};
