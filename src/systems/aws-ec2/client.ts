import type { AutoScalingGroup } from '@aws-sdk/client-auto-scaling';
import type { Instance } from '@aws-sdk/client-ec2';
import type { StepContext } from '../../define.ts';
import { createAwsClients } from '../aws-clients.ts';
import type { AwsEc2Settings } from './config.ts';
import { autoScalingFailure, ec2Failure } from './errors.ts';
import { autoScalingSdk, ec2Sdk } from './sdk.ts';

export interface Ec2 {
  /** Every running instance of a Region, or those with a tag; all pages of the list. */
  running(region: string, tag: { key: string; value: string } | undefined, signal: AbortSignal): Promise<Instance[]>;
  group(region: string, name: string, signal: AbortSignal): Promise<AutoScalingGroup | undefined>;
  setCapacity(region: string, name: string, capacity: number, context: StepContext): Promise<void>;
  close(): void;
}

const pageSize = 1000;

export const createEc2 = (settings: AwsEc2Settings): Ec2 => {
  const instances = createAwsClients(
    settings,
    settings.AWS_ENDPOINT_URL_EC2,
    (options) => new (ec2Sdk().EC2Client)(options),
  );
  const groups = createAwsClients(
    settings,
    settings.AWS_ENDPOINT_URL_AUTO_SCALING,
    (options) => new (autoScalingSdk().AutoScalingClient)(options),
  );
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
          const answer = await instances.reading(region).send(command, { abortSignal });
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
        return (await groups.reading(region).send(command, { abortSignal })).AutoScalingGroups?.[0];
      } catch (error) {
        throw autoScalingFailure(error, `DescribeAutoScalingGroups ${name}`);
      }
    },
    async setCapacity(region, name, capacity, context) {
      const writer = await groups.changing(region, context);
      const abortSignal = await context.beforeChange();
      try {
        const command = new (autoScalingSdk().SetDesiredCapacityCommand)({
          AutoScalingGroupName: name,
          DesiredCapacity: capacity,
          HonorCooldown: false,
        });
        await writer.send(command, { abortSignal });
      } catch (error) {
        throw autoScalingFailure(error, `SetDesiredCapacity ${name}`, true);
      }
    },
    close() {
      instances.close();
      groups.close();
    },
  };
};
