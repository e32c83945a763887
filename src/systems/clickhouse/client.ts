import type { SystemTools } from '../../define.ts';
import { createHttpClient } from '../http-client.ts';
import type { ClickhouseTarget } from './clickhouse-target.ts';
import { clickhouseFailure } from './errors.ts';

export interface Clickhouse {
  /** Rows of a question, each by the names of its columns. Figures of 64 bits come as text. */
  rows(target: ClickhouseTarget, sql: string, signal: AbortSignal): Promise<Record<string, string | number>[]>;
  /** A statement that changes something. */
  run(target: ClickhouseTarget, sql: string, signal: AbortSignal): Promise<void>;
}

export const createClickhouse = (tools: SystemTools): Clickhouse => {
  const http = createHttpClient(tools);
  const send = async (target: ClickhouseTarget, sql: string, signal: AbortSignal, changing: boolean) => {
    const url = new URL(target.url);
    url.searchParams.set('database', target.database);
    const password =
      target.password && tools.secret(target.password, `signing in to ClickHouse of ${target.component}`);
    const headers = {
      'content-type': 'text/plain',
      'x-clickhouse-user': target.user,
      ...(password !== undefined && { 'x-clickhouse-key': password }),
    };
    const answer = await http.ask({ method: 'POST', url: url.href, body: sql, headers, changing }, signal);
    if (answer.status !== 200) throw clickhouseFailure(answer, `ClickHouse at ${url.host}`, changing);
    return answer.body;
  };
  return {
    async rows(target, sql, signal) {
      const text = await send(target, `${sql} FORMAT JSONEachRow`, signal, false);
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, string | number>);
    },
    run: async (target, sql, signal) => void (await send(target, sql, signal, true)),
  };
};
