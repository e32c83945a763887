import type { System, SystemTools } from '../../define.ts';
import { create } from './actions/create.ts';
import { update } from './actions/update.ts';
import { createStatuspageClient, type StatuspageClient } from './client.ts';
import type { StatuspageSettings } from './config.ts';

export { type StatuspageSettings, statuspageSettings } from './config.ts';

/** The page where customers read what is wrong. */
export const createStatuspage = (
  settings: StatuspageSettings,
  _tools: SystemTools,
): System & { client: StatuspageClient } => {
  const client = createStatuspageClient(settings);
  return {
    name: 'statuspage',
    actions: [create(client), update(client)],
    checks: [],
    kinds: [],
    client,
    async close() {},
  };
};
