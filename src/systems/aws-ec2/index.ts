import type { System, SystemTools } from '../../define.ts';
import { setCapacity } from './actions/set-capacity.ts';
import { instancesRunning } from './checks/instances-running.ts';
import { createEc2 } from './client.ts';
import type { AwsEc2Settings } from './config.ts';
import { autoScalingGroup } from './kinds/auto-scaling-group.ts';

export { type AwsEc2Settings, awsEc2Settings } from './config.ts';

/** Instances, and the groups that keep as many of them as are wanted. */
export const createAwsEc2 = (settings: AwsEc2Settings, _tools: SystemTools): System => {
  const ec2 = createEc2(settings);
  return {
    name: 'aws-ec2',
    actions: [setCapacity(ec2)],
    checks: [instancesRunning(ec2)],
    kinds: [autoScalingGroup(ec2)],
    close: async () => ec2.close(),
  };
};
