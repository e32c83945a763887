import type { System, SystemTools } from '../../define.ts';
import { switchWeights } from './actions/switch-weights.ts';
import { createRoute53Client } from './client.ts';
import type { AwsRoute53Settings } from './config.ts';
import { route53Record } from './kinds/route53-record.ts';

export { type AwsRoute53Settings, awsRoute53Settings } from './config.ts';

export const createAwsRoute53 = (settings: AwsRoute53Settings, _tools: SystemTools): System => {
  const route53 = createRoute53Client(settings);
  return {
    name: 'aws-route53',
    actions: [switchWeights(route53)],
    checks: [],
    kinds: [route53Record(route53)],
    close: async () => route53.close(),
  };
};
