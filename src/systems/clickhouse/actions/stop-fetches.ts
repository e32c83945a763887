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

/** Keeps a replica from fetching parts of others, so that it goes on with what it has. Over when the server restarts. */
export const stopFetches = (clickhouse: Clickhouse) =>
  defineAction({
    name: 'clickhouse/stop-fetches',
    version: 1,
    summary: 'Keep a ClickHouse replica from fetching parts of others',
    effect: 'change',
    with: z.strictObject(clickhouseWritten),
    resolve: resolveClickhouse,
    input: z.strictObject(clickhouseInput),
    targets: clickhouseTargets,
    output: z.object({ url: z.string() }),
    resources: (target) => [clickhouseResource(target)],
    changes: ['clickhouse:StopFetches'],
    permissions: (target) => clickhousePermission(target, fetchesPermission),
    expectedSeconds: 2,
    longestSeconds: 60,
    repeat: 'by-look',
    reversible: {
      undo: 'let it fetch again',
      before: async (_, context) => ({ key: context.key }),
      async observe(target, before, context) {
        const { key } = (before ?? {}) as { key?: string };
        if (key === undefined) return { state: 'impossible', seen: 'which step stopped the fetches is not known' };
        const mark = await readFetchMark(clickhouse, target, context);
        if (mark?.state !== 'stopped') return { state: 'done', seen: 'fetches are not stopped by Mayday', output: {} };
        if (mark.key === key) return { state: 'todo', seen: 'fetches are stopped by this run' };
        return { state: 'impossible', seen: `fetches were stopped again by ${mark.key} since; they are left so` };
      },
      async act(target, before, context) {
        const { key } = before as { key: string };
        await setFetches(clickhouse, target, false, `${key} undone`, context);
        return { seen: `${target.url} fetches again` };
      },
      changes: ['clickhouse:StartFetches'],
    },

    async observe(target, context) {
      const mark = await readFetchMark(clickhouse, target, context);
      if (mark?.state === 'stopped' && mark.key === context.key)
        return { state: 'done', seen: `${target.url} fetches nothing`, output: { url: target.url } };
      return {
        state: 'todo',
        seen: mark ? `fetches were ${mark.state} by ${mark.key}` : 'nobody has stopped fetches here',
      };
    },
    async act(target, context) {
      await setFetches(clickhouse, target, true, context.key, context);
      return { seen: `${target.url} fetches nothing` };
    },
    async preview(target, context) {
      const mark = await readFetchMark(clickhouse, target, context);
      const now = mark?.state === 'stopped' ? `fetches stopped by ${mark.key}` : 'fetches parts of other replicas';
      return [{ resource: clickhouseResource(target), now, then: 'fetches nothing until it is let, or restarted' }];
    },
    command: (target) => clickhouseLine(target, fetchesSql(true)),
  });
