import type { System, SystemTools } from '../../define.ts';
import { post } from './actions/post.ts';
import { createWebhooks } from './client.ts';
import type { WebhookSettings } from './config.ts';

export { type WebhookSettings, webhookSettings } from './config.ts';

export const createWebhook = (_settings: WebhookSettings, tools: SystemTools): System => ({
  name: 'webhook',
  actions: [post(createWebhooks(tools))],
  checks: [],
  kinds: [],
  close: async () => {},
});
