import type { System, SystemTools } from '../../define.ts';
import { startFetches } from './actions/start-fetches.ts';
import { stopFetches } from './actions/stop-fetches.ts';
import { answers } from './checks/answers.ts';
import { replicasInSync } from './checks/replicas-in-sync.ts';
import { rowCount } from './checks/row-count.ts';
import { createClickhouse as createClient } from './client.ts';
import type { ClickhouseSettings } from './config.ts';
import { clickhouseReplicas } from './kinds/clickhouse.ts';

export { type ClickhouseSettings, clickhouseSettings } from './config.ts';

export const createClickhouse = (_settings: ClickhouseSettings, tools: SystemTools): System => {
  const clickhouse = createClient(tools);
  return {
    name: 'clickhouse',
    actions: [startFetches(clickhouse), stopFetches(clickhouse)],
    checks: [answers(clickhouse), replicasInSync(clickhouse), rowCount(clickhouse)],
    kinds: [clickhouseReplicas(clickhouse)],
    close: async () => {},
  };
};
