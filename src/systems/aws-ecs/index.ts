import type { System, SystemTools } from '../../define.ts';
import { scaleService } from './actions/scale-service.ts';
import { serviceStable } from './checks/service-stable.ts';
import { createEcsServices } from './client.ts';
import type { AwsEcsSettings } from './config.ts';
import { ecsService } from './kinds/ecs-service.ts';

export { type AwsEcsSettings, awsEcsSettings } from './config.ts';

export const createAwsEcs = (settings: AwsEcsSettings, _tools: SystemTools): System => {
  const services = createEcsServices(settings);
  return {
    name: 'aws-ecs',
    actions: [scaleService(services)],
    checks: [serviceStable(services)],
    kinds: [ecsService(services)],
    close: async () => services.close(),
  };
};
