import type { System, SystemTools } from '../../define.ts';
import { switchRecord } from './actions/switch-record.ts';
import { createCloudflareClient } from './client.ts';
import type { CloudflareSettings } from './config.ts';
import { cloudflareRecord } from './kinds/cloudflare-record.ts';

export { type CloudflareSettings, cloudflareSettings } from './config.ts';

export const createCloudflare = (settings: CloudflareSettings, tools: SystemTools): System => {
  const cloudflare = createCloudflareClient(settings, tools);
  return {
    name: 'cloudflare',
    actions: [switchRecord(cloudflare)],
    checks: [],
    kinds: [cloudflareRecord(cloudflare)],
    close: async () => {},
  };
};
