import type { System, SystemTools } from '../../define.ts';
import { answers } from './checks/answers.ts';
import { createResolvers } from './client.ts';
import type { DnsSettings } from './config.ts';

export { type DnsSettings, dnsSettings } from './config.ts';

export const createDns = (_settings: DnsSettings, tools: SystemTools): System => ({
  name: 'dns',
  actions: [],
  checks: [answers(createResolvers(tools))],
  kinds: [],
  close: async () => {},
});
