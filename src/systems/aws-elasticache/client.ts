import type { ElastiCacheClient, ReplicationGroup } from '@aws-sdk/client-elasticache';
import { awsOptions } from '../aws-options.ts';
import type { AwsElasticacheSettings } from './config.ts';
import { elasticacheFailure, isMissingGroup } from './errors.ts';
import { elasticacheSdk } from './sdk.ts';

/** ElastiCache in every Region, each client made when it is first needed. */
export interface ElasticacheClients {
  in(region: string): ElastiCacheClient;
  /** The group, or undefined when ElastiCache says that there is none of that name. */
  find(region: string, group: string, signal: AbortSignal): Promise<ReplicationGroup | undefined>;
  close(): void;
}

export const createElasticacheClients = (settings: AwsElasticacheSettings): ElasticacheClients => {
  const clients = new Map<string, ElastiCacheClient>();
  const endpoint = settings.AWS_ENDPOINT_URL_ELASTICACHE ?? settings.AWS_ENDPOINT_URL;
  const inRegion = (region: string) => {
    const known =
      clients.get(region) ?? new (elasticacheSdk().ElastiCacheClient)(awsOptions(settings, region, endpoint));
    clients.set(region, known);
    return known;
  };
  return {
    in: inRegion,
    async find(region, group, abortSignal) {
      try {
        const command = new (elasticacheSdk().DescribeReplicationGroupsCommand)({ ReplicationGroupId: group });
        const answer = await inRegion(region).send(command, { abortSignal });
        return answer.ReplicationGroups?.[0];
      } catch (error) {
        if (isMissingGroup(error)) return undefined;
        throw elasticacheFailure(error, 'DescribeReplicationGroups');
      }
    },
    close: () => {
      for (const client of clients.values()) client.destroy();
    },
  };
};
