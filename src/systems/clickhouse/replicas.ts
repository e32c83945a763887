import { type ClickhouseTarget, quoteText } from './clickhouse-target.ts';

/** How each replicated table stands; `absolute_delay` is in seconds. */
export const replicasSql = ({ database, tables }: ClickhouseTarget): string =>
  `SELECT table, is_readonly, absolute_delay, queue_size FROM system.replicas WHERE database = ${quoteText(database)}` +
  (tables ? ` AND table IN (${tables.map(quoteText).join(', ')})` : '') +
  ' ORDER BY table';

export interface ReplicaFacts {
  table: string;
  readonly: boolean;
  delaySeconds: number;
  queue: number;
}

export const readReplica = (row: Record<string, string | number>): ReplicaFacts => ({
  table: String(row['table']),
  readonly: Number(row['is_readonly']) === 1,
  delaySeconds: Number(row['absolute_delay']),
  queue: Number(row['queue_size']),
});

export const describeReplica = ({ table, readonly, delaySeconds, queue }: ReplicaFacts): string =>
  `${table} is ${delaySeconds} s behind with ${queue} in its queue${readonly ? ', and read-only' : ''}`;
