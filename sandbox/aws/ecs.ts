import { durations } from '../durations.ts';
import type { SandboxContext } from '../part.ts';
import { AwsError } from './aws-error.ts';
import type { AwsService } from './aws-request.ts';
import { createJsonService } from './json-service.ts';

export interface EcsService {
  component: string;
  region: string;
  account: string;
  cluster: string;
  name: string;
  desired: number;
  running: number;
  /** A new task definition or `forceNewDeployment` is being rolled out. */
  replacing: boolean;
}

const updateParameters =
  'cluster service desiredCount taskDefinition capacityProviderStrategy deploymentConfiguration availabilityZoneRebalancing networkConfiguration placementConstraints placementStrategy platformVersion forceNewDeployment healthCheckGracePeriodSeconds deploymentController enableExecuteCommand enableECSManagedTags loadBalancers propagateTags serviceRegistries serviceConnectConfiguration volumeConfigurations vpcLatticeConfigurations gatewayConnectors monitoring'.split(
    ' ',
  );

/** ECS services, whose tasks come up one after another and drain before they go. */
export const createEcs = (context: SandboxContext): { service: AwsService; services(): EcsService[] } => {
  const { clock, faults, ledger } = context;
  const services: EcsService[] = context.plans.flatMap((plan) =>
    Object.entries(plan.components).flatMap(([component, given]) =>
      given.kind !== 'ecs-service'
        ? []
        : plan.prefer.flatMap((place, at) => {
            if (!given[place]) return [];
            const tasks: number = at === 0 ? given['tasks'].active : given['tasks'].standby;
            const region = plan.regions[place]?.aws ?? place;
            const { cluster, service: name } = given[place];
            return [
              {
                component,
                region,
                account: plan.account,
                cluster,
                name,
                desired: tasks,
                running: tasks,
                replacing: false,
              },
            ];
          }),
    ),
  );

  const last = (text: string) => text.split('/').at(-1)!;
  const inCluster = (region: string, cluster: string): EcsService[] => {
    const found = services.filter((one) => one.region === region && one.cluster === last(cluster));
    if (found.length > 0) return found;
    throw new AwsError('ClusterNotFoundException', 'Cluster not found.', 400, 'ECS API, ClusterNotFoundException');
  };
  const describe = (one: EcsService) => ({
    serviceArn: `arn:aws:ecs:${one.region}:${one.account}:service/${one.cluster}/${one.name}`,
    serviceName: one.name,
    clusterArn: `arn:aws:ecs:${one.region}:${one.account}:cluster/${one.cluster}`,
    status: 'ACTIVE',
    desiredCount: one.desired,
    runningCount: one.running,
    pendingCount: Math.max(0, one.desired - one.running),
    launchType: 'FARGATE',
    deployments: [
      {
        id: 'ecs-svc/1',
        status: 'PRIMARY',
        desiredCount: one.desired,
        runningCount: one.running,
        rolloutState: one.running === one.desired && !one.replacing ? 'COMPLETED' : 'IN_PROGRESS',
      },
      ...(one.replacing ? [{ id: 'ecs-svc/0', status: 'ACTIVE', desiredCount: 0, runningCount: 1 }] : []),
    ],
  });

  const follow = (one: EcsService, visible: () => void) => {
    const slow = faults.slowFactor('ecs:UpdateService');
    const wanted = one.desired;
    const starts = Math.max(0, wanted - one.running);
    for (let number = 0; number < starts; number += 1) {
      const spread = durations.ecsLastTask - durations.ecsFirstTask;
      const seconds = durations.ecsFirstTask + (starts > 1 ? (number / (starts - 1)) * spread : 0);
      clock.after(seconds * slow, () => {
        if (one.running < one.desired) one.running += 1;
        if (one.running === wanted) visible();
      });
    }
    if (starts > 0) return;
    clock.after(durations.ecsDraining * slow, () => {
      one.running = Math.min(one.running, one.desired);
      visible();
    });
  };

  const service = createJsonService({
    name: 'ecs',
    target: 'AmazonEC2ContainerServiceV20141113',
    version: '1.1',
    operations: {
      DescribeServices: {
        parameters: ['cluster', 'services', 'include'],
        required: ['services'],
        run(given, { region }) {
          const asked: string[] = given['services'];
          if (asked.length === 0 || asked.length > 10)
            throw new AwsError(
              'InvalidParameterException',
              'Up to 10 services may be named.',
              400,
              'ECS API, DescribeServices',
            );
          const all = inCluster(region, given['cluster'] ?? 'default');
          const found = all.filter((one) => asked.some((name) => last(name) === one.name));
          const missing = asked.filter((name) => !all.some((one) => one.name === last(name)));
          const failures = missing.map((name) => ({
            arn: `arn:aws:ecs:${region}:${all[0]!.account}:service/${given['cluster']}/${name}`,
            reason: 'MISSING',
          }));
          return { services: found.map(describe), failures };
        },
      },
      UpdateService: {
        parameters: updateParameters,
        required: ['service'],
        run(given, { region }) {
          const one = inCluster(region, given['cluster'] ?? 'default').find(
            ({ name }) => name === last(given['service']),
          );
          if (!one)
            throw new AwsError(
              'ServiceNotFoundException',
              'Service not found.',
              400,
              'ECS API, ServiceNotFoundException',
            );
          const wanted: unknown = given['desiredCount'];
          if (wanted !== undefined && !(Number.isInteger(wanted) && Number(wanted) >= 0))
            throw new AwsError(
              'InvalidParameterException',
              'desiredCount must not be negative.',
              400,
              'ECS API, UpdateService',
            );
          const { visible } = ledger.accept('ecs:UpdateService', `ecs:${region}:${one.cluster}/${one.name}`, {
            from: one.desired,
            to: wanted,
          });
          if (wanted !== undefined) one.desired = Number(wanted);
          if (given['forceNewDeployment'] === true) {
            one.replacing = true;
            clock.after(durations.ecsLastTask, () => {
              one.replacing = false;
            });
          }
          follow(one, visible);
          return { service: describe(one) };
        },
      },
    },
  });
  return { service, services: () => services };
};
