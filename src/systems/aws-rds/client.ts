import type { DBInstance, RDSClient } from '@aws-sdk/client-rds';
import { awsOptions } from '../aws-options.ts';
import type { AwsRdsSettings } from './config.ts';
import { isMissingInstance, rdsFailure } from './errors.ts';
import { rdsSdk } from './sdk.ts';

/** RDS in every Region, each client made when it is first needed. */
export interface RdsClients {
  in(region: string): RDSClient;
  /** The instance, or undefined when RDS says that there is none of that name. */
  find(region: string, instance: string, signal: AbortSignal): Promise<DBInstance | undefined>;
  close(): void;
}

export const createRdsClients = (settings: AwsRdsSettings): RdsClients => {
  const clients = new Map<string, RDSClient>();
  const inRegion = (region: string) => {
    const known =
      clients.get(region) ??
      new (rdsSdk().RDSClient)(
        awsOptions(settings, region, settings.AWS_ENDPOINT_URL_RDS ?? settings.AWS_ENDPOINT_URL),
      );
    clients.set(region, known);
    return known;
  };
  return {
    in: inRegion,
    async find(region, instance, abortSignal) {
      try {
        const command = new (rdsSdk().DescribeDBInstancesCommand)({ DBInstanceIdentifier: instance });
        const answer = await inRegion(region).send(command, { abortSignal });
        return answer.DBInstances?.[0];
      } catch (error) {
        if (isMissingInstance(error)) return undefined;
        throw rdsFailure(error, 'DescribeDBInstances');
      }
    },
    close: () => {
      for (const client of clients.values()) client.destroy();
    },
  };
};
