import { z } from 'zod';
import { defineAction } from '../../../define.ts';
import {
  clickhouseInput,
  clickhouseLine,
  clickhousePermission,
  clickhouseResource,
  clickhouseTargets,
  clickhouseWritten,
  resolveClickhouse,
} from '../clickhouse-target.ts';
import type { Clickhouse } from '../client.ts';
import { fetchesPermission, fetchesSql, readFetchMark, setFetches } from '../fetches.ts';

/** Lets a replica fetch parts of others again. */
export const startFetches = (clickhouse: Clickhouse) =>
  defineAction({
    name: 'clickhouse/start-fetches',
    version: 1,
    summary: 'Let a ClickHouse replica fetch parts of others again',
    effect: 'change',
    with: z.strictObject(clickhouseWritten),
    resolve: resolveClickhouse,
    input: z.strictObject(clickhouseInput),
    targets: clickhouseTargets,
    output: z.object({ url: z.string() }),
    resources: (target) => [clickhouseResource(target)],
    changes: ['clickhouse:StartFetches'],
    permissions: (target) => clickhousePermission(target, fetchesPermission),
    expectedSeconds: 2,
    longestSeconds: 60,
    repeat: 'by-look',
    reversible: { no: 'what it has fetched since stays; stop-fetches keeps it from fetching more' },

    async observe(target, context) {
      const mark = await readFetchMark(clickhouse, target, context);
      if (mark?.state === 'started' && mark.key === context.key)
        return { state: 'done', seen: `${target.url} fetches again`, output: { url: target.url } };
      return {
        state: 'todo',
        seen: mark ? `fetches were ${mark.state} by ${mark.key}` : 'nobody has stopped fetches here',
      };
    },
    async act(target, context) {
      await setFetches(clickhouse, target, false, context.key, context);
      return { seen: `${target.url} fetches again` };
    },
    async preview(target, context) {
      const mark = await readFetchMark(clickhouse, target, context);
      const now = mark?.state === 'stopped' ? `fetches stopped by ${mark.key}` : 'not stopped by Mayday';
      return [{ resource: clickhouseResource(target), now, then: 'fetches parts of other replicas' }];
    },
    command: (target) => clickhouseLine(target, fetchesSql(false)),
  });
