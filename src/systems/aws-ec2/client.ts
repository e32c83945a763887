import type { AutoScalingClient, AutoScalingGroup } from '@aws-sdk/client-auto-scaling';
import type { EC2Client, Instance } from '@aws-sdk/client-ec2';
import { awsOptions } from '../aws-options.ts';
import type { AwsEc2Settings } from './config.ts';
import { autoScalingFailure, ec2Failure } from './errors.ts';
import { autoScalingSdk, ec2Sdk } from './sdk.ts';

export interface Ec2 {
  /** Every running instance of a Region, or those with a tag; all pages of the list. */
  running(region: string, tag: { key: string; value: string } | undefined, signal: AbortSignal): Promise<Instance[]>;
  group(region: string, name: string, signal: AbortSignal): Promise<AutoScalingGroup | undefined>;
  setCapacity(region: string, name: string, capacity: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

const pageSize = 1000;

export const createEc2 = (settings: AwsEc2Settings): Ec2 => {
  const instances = new Map<string, EC2Client>();
  const groups = new Map<string, AutoScalingClient>();
  const ec2 = (region: string) => {
    const endpoint = settings.AWS_ENDPOINT_URL_EC2 ?? settings.AWS_ENDPOINT_URL;
    const known = instances.get(region) ?? new (ec2Sdk().EC2Client)(awsOptions(settings, region, endpoint));
    instances.set(region, known);
    return known;
  };
  const autoScaling = (region: string) => {
    const endpoint = settings.AWS_ENDPOINT_URL_AUTO_SCALING ?? settings.AWS_ENDPOINT_URL;
    const known =
      groups.get(region) ?? new (autoScalingSdk().AutoScalingClient)(awsOptions(settings, region, endpoint));
    groups.set(region, known);
    return known;
  };
  return {
    async running(region, tag, abortSignal) {
      const found: Instance[] = [];
      try {
        for (let next: string | undefined; ; ) {
          const command = new (ec2Sdk().DescribeInstancesCommand)({
            Filters: [
              { Name: 'instance-state-name', Values: ['running'] },
              ...(tag ? [{ Name: `tag:${tag.key}`, Values: [tag.value] }] : []),
            ],
            MaxResults: pageSize,
            NextToken: next,
          });
          const answer = await ec2(region).send(command, { abortSignal });
          found.push(...(answer.Reservations ?? []).flatMap(({ Instances = [] }) => Instances));
          next = answer.NextToken;
          if (!next) return found;
        }
      } catch (error) {
        throw ec2Failure(error, 'DescribeInstances');
      }
    },
    async group(region, name, abortSignal) {
      try {
        const command = new (autoScalingSdk().DescribeAutoScalingGroupsCommand)({ AutoScalingGroupNames: [name] });
        return (await autoScaling(region).send(command, { abortSignal })).AutoScalingGroups?.[0];
      } catch (error) {
        throw autoScalingFailure(error, `DescribeAutoScalingGroups ${name}`);
      }
    },
    async setCapacity(region, name, capacity, abortSignal) {
      try {
        const command = new (autoScalingSdk().SetDesiredCapacityCommand)({
          AutoScalingGroupName: name,
          DesiredCapacity: capacity,
          HonorCooldown: false,
        });
        await autoScaling(region).send(command, { abortSignal });
      } catch (error) {
        throw autoScalingFailure(error, `SetDesiredCapacity ${name}`, true);
      }
    },
    close: () => {
      for (const client of [...instances.values(), ...groups.values()]) client.destroy();
    },
  };
};
