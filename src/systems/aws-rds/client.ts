import type { DBInstance, RDSClient } from '@aws-sdk/client-rds';
import { type AwsClients, createAwsClients } from '../aws-clients.ts';
import type { AwsRdsSettings } from './config.ts';
import { isMissingInstance, rdsFailure } from './errors.ts';
import { rdsSdk } from './sdk.ts';

/** RDS in every Region. */
export interface RdsClients extends AwsClients<RDSClient> {
  /** The instance, or undefined when RDS says that there is none of that name. */
  find(region: string, instance: string, signal: AbortSignal): Promise<DBInstance | undefined>;
}

export const createRdsClients = (settings: AwsRdsSettings): RdsClients => {
  const clients = createAwsClients(
    settings,
    settings.AWS_ENDPOINT_URL_RDS,
    (options) => new (rdsSdk().RDSClient)(options),
  );
  return {
    ...clients,
    async find(region, instance, abortSignal) {
      try {
        const command = new (rdsSdk().DescribeDBInstancesCommand)({ DBInstanceIdentifier: instance });
        const answer = await clients.reading(region).send(command, { abortSignal });
        return answer.DBInstances?.[0];
      } catch (error) {
        if (isMissingInstance(error)) return undefined;
        throw rdsFailure(error, 'DescribeDBInstances');
      }
    },
  };
};
