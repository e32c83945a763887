import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { durationText } from '../../duration-text.ts';
import { lookSignal } from '../../look-signal.ts';
import {
  clickhouseInput,
  clickhouseLine,
  clickhousePermission,
  clickhouseWritten,
  resolveClickhouse,
} from '../clickhouse-target.ts';
import type { Clickhouse } from '../client.ts';
import { describeReplica, readReplica, replicasSql } from '../replicas.ts';

/** Whether every replicated table is close behind the others and may be written to. */
export const replicasInSync = (clickhouse: Clickhouse) =>
  defineCheck({
    name: 'clickhouse/replicas-in-sync',
    version: 1,
    summary: 'Are the replicated tables close behind the others?',
    with: z.strictObject({ ...clickhouseWritten, 'behind-at-most': durationText }),
    resolve: (written, plan) => ({
      ...resolveClickhouse(written, plan),
      behindAtMostSeconds: written['behind-at-most'],
    }),
    input: z.strictObject({ ...clickhouseInput, behindAtMostSeconds: z.number() }),
    facts: { tables: 'number', behindSeconds: 'number', queue: 'number' },
    permissions: (target) => clickhousePermission(target, 'SELECT on system.replicas'),
    expectedSeconds: 1,
    async ask({ behindAtMostSeconds, ...target }, context) {
      try {
        const rows = await clickhouse.rows(target, replicasSql(target), lookSignal(context));
        const replicas = rows.map(readReplica).sort((one, other) => other.delaySeconds - one.delaySeconds);
        const [worst] = replicas;
        if (!worst) return { answer: 'unknown', because: `${target.database} has no replicated table` };
        const missing = target.tables?.find((table) => !replicas.some((replica) => replica.table === table));
        if (missing) return { answer: 'no', because: `${missing} is no replicated table of ${target.database}` };
        const shown = replicas.find(({ readonly }) => readonly) ?? worst;
        const facts = {
          tables: replicas.length,
          behindSeconds: worst.delaySeconds,
          queue: replicas.reduce((sum, { queue }) => sum + queue, 0),
        };
        const good = !shown.readonly && worst.delaySeconds <= behindAtMostSeconds;
        const because = `of ${replicas.length} replicated tables ${describeReplica(shown)}; at most ${behindAtMostSeconds} s are wanted`;
        return { answer: good ? 'yes' : 'no', because, facts };
      } catch (error) {
        return { answer: 'unknown', because: messageOf(error) };
      }
    },
    command: (given) => clickhouseLine(given, replicasSql(given)),
  });
