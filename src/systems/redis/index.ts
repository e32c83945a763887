import type { System, SystemTools } from '../../define.ts';
import { sentinelFailover } from './actions/sentinel-failover.ts';
import { answers } from './checks/answers.ts';
import { replicasInSync } from './checks/replicas-in-sync.ts';
import { createRedisClients } from './client.ts';
import type { RedisSettings } from './config.ts';
import { redisSentinel } from './kinds/redis-sentinel.ts';

export { type RedisSettings, redisSettings } from './config.ts';

export const createRedis = (_settings: RedisSettings, tools: SystemTools): System => {
  const redis = createRedisClients(tools);
  return {
    name: 'redis',
    actions: [sentinelFailover(redis)],
    checks: [answers(redis), replicasInSync(redis)],
    kinds: [redisSentinel(redis)],
    close: async () => {},
  };
};
