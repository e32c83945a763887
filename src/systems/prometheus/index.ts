import type { System, SystemTools } from '../../define.ts';
import { query } from './checks/query.ts';
import { createPrometheus as createClient } from './client.ts';
import type { PrometheusSettings } from './config.ts';

export { type PrometheusSettings, prometheusSettings } from './config.ts';

export const createPrometheus = (_settings: PrometheusSettings, tools: SystemTools): System => ({
  name: 'prometheus',
  actions: [],
  checks: [query(createClient(tools))],
  kinds: [],
  close: async () => {},
});
