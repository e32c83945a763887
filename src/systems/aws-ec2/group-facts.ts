import type { AutoScalingGroup } from '@aws-sdk/client-auto-scaling';

export const inService = ({ Instances = [] }: AutoScalingGroup): number =>
  Instances.filter(({ LifecycleState }) => LifecycleState === 'InService').length;

export const describeGroup = (group: AutoScalingGroup): string =>
  `${inService(group)} of ${group.DesiredCapacity ?? 0} instances in service, at most ${group.MaxSize ?? '?'}`;

export const groupId = ({ region, group }: { region: string; group: string }): string =>
  `autoscaling:${region}:${group}`;

/** Words for a group in another account than the plan's. */
export const wrongAccount = (found: AutoScalingGroup, account: string | undefined): string | undefined => {
  const stands = found.AutoScalingGroupARN?.split(':')[4];
  return account !== undefined && stands !== undefined && stands !== account
    ? `the credentials lead to account ${stands}, the plan is for ${account}`
    : undefined;
};
