import { randomBytes } from 'node:crypto';
import { durations } from '../durations.ts';
import type { SandboxContext } from '../part.ts';
import { AwsError } from './aws-error.ts';
import type { AwsService } from './aws-request.ts';
import { createQueryService } from './query-service.ts';
import type { XmlNode } from './xml.ts';

export interface GroupInstance {
  id: string;
  state: 'pending' | 'running' | 'shutting-down';
}

export interface AutoScalingGroup {
  name: string;
  region: string;
  account: string;
  desired: number;
  smallest: number;
  largest: number;
  instances: GroupInstance[];
}

/** Auto Scaling groups and the instances in them, as EC2 lists them too. */
export const createAutoScaling = (
  context: SandboxContext,
): { services: AwsService[]; groups(): AutoScalingGroup[] } => {
  const { clock, faults, ledger } = context;
  const add = (group: AutoScalingGroup, state: GroupInstance['state']): GroupInstance => {
    const instance = { id: `i-${randomBytes(9).toString('hex').slice(0, 17)}`, state };
    group.instances.push(instance);
    return instance;
  };
  const groups: AutoScalingGroup[] = context.plans.flatMap((plan) =>
    Object.values(plan.components).flatMap((component) =>
      component.kind !== 'auto-scaling-group'
        ? []
        : plan.prefer.flatMap((place, at) => {
            if (!component[place]) return [];
            const { active, standby } = component['instances'];
            const desired: number = at === 0 ? active : standby;
            const group: AutoScalingGroup = {
              name: component[place],
              region: plan.regions[place]?.aws ?? place,
              account: plan.account,
              desired,
              smallest: 0,
              largest: Math.max(active, standby) * 2,
              instances: [],
            };
            for (let number = 0; number < desired; number += 1) add(group, 'running');
            return [group];
          }),
    ),
  );

  const describe = (group: AutoScalingGroup): XmlNode => ({
    AutoScalingGroupName: group.name,
    AutoScalingGroupARN: `arn:aws:autoscaling:${group.region}:${group.account}:autoScalingGroup:1:autoScalingGroupName/${group.name}`,
    MinSize: group.smallest,
    MaxSize: group.largest,
    DesiredCapacity: group.desired,
    DefaultCooldown: 300,
    AvailabilityZones: { member: [`${group.region}a`, `${group.region}b`] },
    HealthCheckType: 'EC2',
    CreatedTime: new Date(0),
    Instances: {
      member: group.instances.map(({ id, state }) => ({
        InstanceId: id,
        AvailabilityZone: `${group.region}a`,
        LifecycleState: { pending: 'Pending', running: 'InService', 'shutting-down': 'Terminating' }[state],
        HealthStatus: 'Healthy',
        ProtectedFromScaleIn: false,
      })),
    },
  });

  const follow = (group: AutoScalingGroup, visible: () => void) => {
    const slow = faults.slowFactor('autoscaling:SetDesiredCapacity');
    const live = group.instances.filter(({ state }) => state !== 'shutting-down');
    for (let number = live.length; number < group.desired; number += 1) {
      const instance = add(group, 'pending');
      clock.after(durations.instanceLaunch * slow, () => {
        if (instance.state === 'pending') instance.state = 'running';
      });
    }
    const surplus = live.slice(group.desired);
    for (const instance of surplus) instance.state = 'shutting-down';
    clock.after(durations.instanceLaunch * slow, () => {
      group.instances = group.instances.filter((instance) => !surplus.includes(instance));
      visible();
    });
  };

  const autoScaling = createQueryService({
    name: 'autoscaling',
    version: '2011-01-01',
    operations: {
      DescribeAutoScalingGroups: {
        parameters: [
          'AutoScalingGroupNames',
          'IncludeInstances',
          'IncludeManagedResources',
          'NextToken',
          'MaxRecords',
          'Filters',
        ],
        required: [],
        run(given, { region }) {
          const names = given
            .keys()
            .filter((key) => /^AutoScalingGroupNames\.member\.\d+$/.test(key))
            .map((key) => given.need(key));
          const found = groups.filter(
            (group) => group.region === region && (names.length === 0 || names.includes(group.name)),
          );
          return { AutoScalingGroups: { member: found.map(describe) } };
        },
      },
      SetDesiredCapacity: {
        parameters: ['AutoScalingGroupName', 'DesiredCapacity', 'HonorCooldown'],
        required: ['AutoScalingGroupName', 'DesiredCapacity'],
        run(given, { region }) {
          const name = given.need('AutoScalingGroupName');
          const wanted = Number(given.need('DesiredCapacity'));
          const source = 'EC2 Auto Scaling API, SetDesiredCapacity';
          const group = groups.find((one) => one.region === region && one.name === name);
          if (!group)
            throw new AwsError(
              'ValidationError',
              `AutoScalingGroup name not found - AutoScalingGroup: ${name}`,
              400,
              source,
            );
          if (wanted > group.largest)
            throw new AwsError(
              'ValidationError',
              `New SetDesiredCapacity value ${wanted} is above max value ${group.largest} for the AutoScalingGroup.`,
              400,
              source,
            );
          if (!(wanted >= group.smallest))
            throw new AwsError(
              'ValidationError',
              `New SetDesiredCapacity value ${wanted} is below min value ${group.smallest} for the AutoScalingGroup.`,
              400,
              source,
            );
          const { visible } = ledger.accept('autoscaling:SetDesiredCapacity', `autoscaling:${region}:${name}`, {
            from: group.desired,
            to: wanted,
          });
          group.desired = wanted;
          follow(group, visible);
          return undefined;
        },
      },
    },
  });

  return { services: [autoScaling, ec2Of(groups)], groups: () => groups };
};

/** A page of EC2 may hold fewer than were asked for; these are small, so that whoever stops after one is found out. */
const mostOnPage = 5;
const stateCodes = { pending: 0, running: 16, 'shutting-down': 32 };

const ec2Of = (groups: AutoScalingGroup[]): AwsService =>
  createQueryService({
    name: 'ec2',
    version: '2016-11-15',
    dialect: 'ec2',
    operations: {
      DescribeInstances: {
        parameters: ['InstanceId', 'IncludeManagedResources', 'DryRun', 'Filter', 'NextToken', 'MaxResults'],
        required: [],
        run(given, { region }) {
          const most = given.get('MaxResults');
          if (most !== undefined && !(Number(most) >= 5 && Number(most) <= 1000))
            throw new AwsError(
              'InvalidParameterValue',
              `Value ( ${most} ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.`,
              400,
              'EC2 API, DescribeInstances, MaxResults',
            );
          const filters = filtersOf(given);
          const all = groups
            .filter((group) => group.region === region)
            .flatMap((group) =>
              group.instances.map((instance) => ({
                ...instance,
                tags: { 'aws:autoscaling:groupName': group.name, Name: group.name },
              })),
            );
          const found = all.filter((instance) =>
            filters.every(({ name, values }) => values.includes(factOf(instance, name))),
          );
          const from = Number(given.get('NextToken') ?? 0);
          const page = found.slice(from, from + Math.min(Number(most ?? 1000), mostOnPage));
          return {
            reservationSet: {
              item: page.map(({ id, state, tags }) => ({
                reservationId: `r-${id.slice(2)}`,
                instancesSet: {
                  item: {
                    instanceId: id,
                    instanceState: { code: stateCodes[state], name: state },
                    tagSet: { item: Object.entries(tags).map(([key, value]) => ({ key, value })) },
                  },
                },
              })),
            },
            nextToken: from + page.length < found.length ? String(from + page.length) : undefined,
          };
        },
      },
    },
  });

const filtersOf = (given: { keys(): string[]; need(name: string): string }) => {
  const keys = given.keys();
  return keys
    .filter((key) => /^Filter\.\d+\.Name$/.test(key))
    .map((key) => ({
      name: given.need(key),
      values: keys.filter((one) => one.startsWith(key.replace(/Name$/, 'Value.'))).map((one) => given.need(one)),
    }));
};

const factOf = (instance: { state: string; tags: Record<string, string> }, name: string): string => {
  if (name === 'instance-state-name') return instance.state;
  if (name.startsWith('tag:')) return instance.tags[name.slice('tag:'.length)] ?? '';
  throw new AwsError(
    'InvalidParameterValue',
    `The filter '${name}' is invalid`,
    400,
    'EC2 API, DescribeInstances, Filters',
  );
};
