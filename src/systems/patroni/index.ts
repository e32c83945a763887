import type { System, SystemTools } from '../../define.ts';
import { failover } from './actions/failover.ts';
import { pause } from './actions/pause.ts';
import { resume } from './actions/resume.ts';
import { switchover } from './actions/switchover.ts';
import { healthy } from './checks/healthy.ts';
import { createPatroni as createClient } from './client.ts';
import type { PatroniSettings } from './config.ts';
import { patroniCluster } from './kinds/patroni-cluster.ts';

export { type PatroniSettings, patroniSettings } from './config.ts';

export const createPatroni = (_settings: PatroniSettings, tools: SystemTools): System => {
  const patroni = createClient(tools);
  return {
    name: 'patroni',
    actions: [failover(patroni), pause(patroni), resume(patroni), switchover(patroni)],
    checks: [healthy(patroni)],
    kinds: [patroniCluster(patroni)],
    close: async () => {},
  };
};
