import { z } from 'zod';
import { defineKind } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import {
  clickhouseKind,
  clickhouseResource,
  clickhouseSettingsOfKind,
  resolveClickhouse,
} from '../clickhouse-target.ts';
import type { Clickhouse } from '../client.ts';
import { describeReplica, readReplica, replicasSql } from '../replicas.ts';

/** A ClickHouse replica in each place, asked through its HTTP interface. Which one is written to is nobody's property. */
export const clickhouseReplicas = (clickhouse: Clickhouse) =>
  defineKind({
    name: clickhouseKind,
    summary: 'ClickHouse, a replica in each place',
    at: z.url({ protocol: /^https?$/ }).optional(),
    settings: z.strictObject(clickhouseSettingsOfKind),
    resources: ({ name, at }, place, plan) =>
      at[place] === undefined ? [] : [clickhouseResource(resolveClickhouse({ component: name, at: place }, plan))],
    async describe({ name, at }, place, plan, context) {
      if (at[place] === undefined) return `${name} is not in ${place}`;
      const target = resolveClickhouse({ component: name, at: place }, plan);
      try {
        const rows = await clickhouse.rows(target, replicasSql(target), lookSignal(context));
        return rows.length === 0
          ? `${name} answers and has no replicated table`
          : rows.map((row) => describeReplica(readReplica(row))).join('; ');
      } catch (error) {
        return `${name}: not known (${messageOf(error)})`;
      }
    },
  });
