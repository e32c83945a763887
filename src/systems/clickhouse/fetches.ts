import type { LookContext, StepContext } from '../../define.ts';
import { lookSignal } from '../look-signal.ts';
import { type ClickhouseTarget, quoteName, quoteText } from './clickhouse-target.ts';
import type { Clickhouse } from './client.ts';

/**
 * ClickHouse tells nobody whether fetches are stopped. So whoever stops or starts them here leaves a row in a table of
 * its memory, which forgets when the server restarts, as the server forgets then that it was to fetch nothing. What others
 * do by SYSTEM statements leaves no trace; so a step trusts only its own row, and otherwise says it again, which does no harm.
 */
export const marksTable = 'mayday_fetches';

export interface FetchMark {
  state: 'stopped' | 'started';
  key: string;
}

const columns = '(state String, step String, number UInt64)';

/** The newest row; nothing where none was left since the server started. */
export const readFetchMark = async (
  clickhouse: Clickhouse,
  target: ClickhouseTarget,
  context: LookContext,
): Promise<FetchMark | undefined> => {
  const table = `${quoteName(target.database)}.${quoteName(marksTable)}`;
  const signal = lookSignal(context);
  const [there] = await clickhouse.rows(
    target,
    `SELECT count() AS found FROM system.tables WHERE database = ${quoteText(target.database)} AND name = ${quoteText(marksTable)}`,
    signal,
  );
  if (Number(there?.['found']) === 0) return undefined;
  const [row] = await clickhouse.rows(target, `SELECT state, step FROM ${table} ORDER BY number DESC LIMIT 1`, signal);
  return row && { state: row['state'] === 'stopped' ? 'stopped' : 'started', key: String(row['step']) };
};

export const fetchesSql = (stopped: boolean): string => `SYSTEM ${stopped ? 'STOP' : 'START'} FETCHES`;

/** First the deed and then its row, so that a row is never there without the deed. */
export const setFetches = async (
  clickhouse: Clickhouse,
  target: ClickhouseTarget,
  stopped: boolean,
  key: string,
  context: StepContext,
): Promise<void> => {
  const table = `${quoteName(target.database)}.${quoteName(marksTable)}`;
  const signal = await context.beforeChange();
  await clickhouse.run(target, fetchesSql(stopped), signal);
  await clickhouse.run(target, `CREATE TABLE IF NOT EXISTS ${table} ${columns} ENGINE = Memory`, signal);
  const state = quoteText(stopped ? 'stopped' : 'started');
  await clickhouse.run(
    target,
    `INSERT INTO ${table} SELECT ${state}, ${quoteText(key)}, count() FROM ${table}`,
    signal,
  );
};

export const fetchesPermission = `SYSTEM FETCHES; CREATE TABLE, INSERT and SELECT on ${marksTable}`;
