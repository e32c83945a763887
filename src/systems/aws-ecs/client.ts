import type { Service } from '@aws-sdk/client-ecs';
import type { StepContext } from '../../define.ts';
import { createAwsClients } from '../aws-clients.ts';
import type { AwsEcsSettings } from './config.ts';
import { ecsFailure, isMissingCluster } from './errors.ts';
import { ecsSdk } from './sdk.ts';

/** A service of ECS in a Region. */
export interface ServiceTarget {
  region: string;
  cluster: string;
  service: string;
}

export interface EcsServices {
  /** Undefined when ECS says that there is no such service, or that it was deleted. */
  find(target: ServiceTarget, signal: AbortSignal): Promise<Service | undefined>;
  scale(target: ServiceTarget, tasks: number, context: StepContext): Promise<void>;
  close(): void;
}

export const createEcsServices = (settings: AwsEcsSettings): EcsServices => {
  const clients = createAwsClients(
    settings,
    settings.AWS_ENDPOINT_URL_ECS,
    (options) => new (ecsSdk().ECSClient)(options),
  );
  return {
    async find({ region, cluster, service }, abortSignal) {
      try {
        const command = new (ecsSdk().DescribeServicesCommand)({ cluster, services: [service] });
        const { services = [] } = await clients.reading(region).send(command, { abortSignal });
        return services.find(({ status }) => status !== 'INACTIVE');
      } catch (error) {
        if (isMissingCluster(error)) return undefined;
        throw ecsFailure(error, `DescribeServices ${service}`);
      }
    },
    async scale({ region, cluster, service }, desiredCount, context) {
      const writer = await clients.changing(region, context);
      const abortSignal = await context.beforeChange();
      try {
        const command = new (ecsSdk().UpdateServiceCommand)({ cluster, service, desiredCount });
        await writer.send(command, { abortSignal });
      } catch (error) {
        throw ecsFailure(error, `UpdateService ${service}`, true);
      }
    },
    close: clients.close,
  };
};
