import type { System, SystemTools } from '../../define.ts';
import { switchAlias } from './actions/switch-alias.ts';
import { switchFailover } from './actions/switch-failover.ts';
import { switchWeights } from './actions/switch-weights.ts';
import { healthCheckStatus } from './checks/health-check-status.ts';
import { createRoute53Client } from './client.ts';
import type { AwsRoute53Settings } from './config.ts';
import { route53Alias } from './kinds/route53-alias.ts';
import { route53Failover } from './kinds/route53-failover.ts';
import { route53Record } from './kinds/route53-record.ts';

export { type AwsRoute53Settings, awsRoute53Settings } from './config.ts';

export const createAwsRoute53 = (settings: AwsRoute53Settings, _tools: SystemTools): System => {
  const route53 = createRoute53Client(settings);
  return {
    name: 'aws-route53',
    actions: [switchAlias(route53), switchFailover(route53), switchWeights(route53)],
    checks: [healthCheckStatus(route53)],
    kinds: [route53Alias(route53), route53Failover(route53), route53Record(route53)],
    close: async () => route53.close(),
  };
};
