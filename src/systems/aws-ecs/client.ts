import type { ECSClient, Service } from '@aws-sdk/client-ecs';
import { awsOptions } from '../aws-options.ts';
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
  scale(target: ServiceTarget, tasks: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

export const createEcsServices = (settings: AwsEcsSettings): EcsServices => {
  const clients = new Map<string, ECSClient>();
  const inRegion = (region: string) => {
    const endpoint = settings.AWS_ENDPOINT_URL_ECS ?? settings.AWS_ENDPOINT_URL;
    const known = clients.get(region) ?? new (ecsSdk().ECSClient)(awsOptions(settings, region, endpoint));
    clients.set(region, known);
    return known;
  };
  return {
    async find({ region, cluster, service }, abortSignal) {
      try {
        const command = new (ecsSdk().DescribeServicesCommand)({ cluster, services: [service] });
        const { services = [] } = await inRegion(region).send(command, { abortSignal });
        return services.find(({ status }) => status !== 'INACTIVE');
      } catch (error) {
        if (isMissingCluster(error)) return undefined;
        throw ecsFailure(error, `DescribeServices ${service}`);
      }
    },
    async scale({ region, cluster, service }, desiredCount, abortSignal) {
      try {
        await inRegion(region).send(new (ecsSdk().UpdateServiceCommand)({ cluster, service, desiredCount }), {
          abortSignal,
        });
      } catch (error) {
        throw ecsFailure(error, `UpdateService ${service}`, true);
      }
    },
    close: () => {
      for (const client of clients.values()) client.destroy();
    },
  };
};
