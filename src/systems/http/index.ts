import type { System, SystemTools } from '../../define.ts';
import { get } from './checks/get.ts';
import { post } from './checks/post.ts';
import { createHttpClient } from './client.ts';
import type { HttpSettings } from './config.ts';

export { type HttpSettings, httpSettings } from './config.ts';

export const createHttp = (_settings: HttpSettings, tools: SystemTools): System => {
  const client = createHttpClient(tools);
  return { name: 'http', actions: [], checks: [get(client), post(client)], kinds: [], close: async () => {} };
};
