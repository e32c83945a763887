import { z } from 'zod';
import type { SystemTools } from '../../define.ts';
import { createHttpClient } from '../http-client.ts';
import { prometheusFailure } from './errors.ts';

/** `[seconds, "figure"]`, where a figure may be NaN or +Inf. */
const sample = z.tuple([z.number(), z.string()]);
const answer = z.discriminatedUnion('resultType', [
  z.object({ resultType: z.literal('vector'), result: z.array(z.object({ value: sample })) }),
  z.object({ resultType: z.literal('scalar'), result: sample }),
  z.object({ resultType: z.enum(['matrix', 'string']), result: z.unknown() }),
]);

export interface Prometheus {
  /** The figures of an instant query, one for each series. Throws for a query that gives no figures of one moment. */
  query(url: string, query: string, signal: AbortSignal): Promise<number[]>;
}

export const createPrometheus = (tools: SystemTools): Prometheus => {
  const http = createHttpClient(tools);
  return {
    async query(base, query, signal) {
      const url = queryUrl(base, query);
      const found = await http.ask({ method: 'GET', url, headers: { accept: 'application/json' } }, signal);
      if (found.status !== 200) throw prometheusFailure(found, `GET ${new URL(url).origin}/api/v1/query`);
      const { resultType, result } = answer.parse((JSON.parse(found.body) as { data: unknown }).data);
      if (resultType === 'scalar') return [Number(result[1])];
      if (resultType === 'vector') return result.map(({ value }) => Number(value[1]));
      throw new Error(`the query gives a ${resultType}; one that gives a figure is needed`);
    },
  };
};

export const queryUrl = (base: string, query: string): string =>
  `${base.replace(/\/+$/, '')}/api/v1/query?query=${encodeURIComponent(query)}`;
