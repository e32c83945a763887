import type { System, SystemTools } from '../../define.ts';
import { increaseReplicas } from './actions/increase-replicas.ts';
import { groupAvailable } from './checks/group-available.ts';
import { createElasticacheClients } from './client.ts';
import type { AwsElasticacheSettings } from './config.ts';
import { elasticacheRedis } from './kinds/elasticache-redis.ts';

export { type AwsElasticacheSettings, awsElasticacheSettings } from './config.ts';

export const createAwsElasticache = (settings: AwsElasticacheSettings, _tools: SystemTools): System => {
  const clients = createElasticacheClients(settings);
  return {
    name: 'aws-elasticache',
    actions: [increaseReplicas(clients)],
    checks: [groupAvailable(clients)],
    kinds: [elasticacheRedis(clients)],
    close: async () => clients.close(),
  };
};
