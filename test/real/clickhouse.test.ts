import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClickhouse } from '../../src/systems/clickhouse/index.ts';
import { needsClickhouse, openWorkshop, type Workshop } from '../support/program.ts';
import { clickhousePassword, runSql, startClickhouse } from '../support/real-clickhouse.ts';
import { openRealWorld, type RealWorld } from '../support/real-tools.ts';

let shop: Workshop;
let world: RealWorld;
let url: string;
const ledger = { component: 'ledger', at: 'here' };

beforeAll(async () => {
  if (!needsClickhouse()) return;
  shop = openWorkshop('real-clickhouse');
  url = await startClickhouse(shop);
  const component = { kind: 'clickhouse', here: url, database: 'default', user: 'analyst' };
  world = openRealWorld((tools) => [createClickhouse({}, tools)], {
    secrets: { CLICKHOUSE_PASSWORD: clickhousePassword, WRONG: 'wrong' },
    components: {
      ledger: { ...component, password: { env: 'CLICKHOUSE_PASSWORD' } },
      stranger: { ...component, password: { env: 'WRONG' } },
    },
  });
}, 60_000);
afterAll(async () => {
  await world?.close();
  await shop?.close();
});

test.runIf(needsClickhouse())(
  'a real server takes every statement of ours, and refuses what it should',
  async () => {
    expect(await world.ask('clickhouse/answers', ledger)).toMatchObject({ answer: 'yes' });
    await runSql(url, 'CREATE TABLE entries (n UInt64) ENGINE = Memory');
    await runSql(url, 'INSERT INTO entries SELECT number FROM numbers(1234)');
    const entries = { ...ledger, table: 'entries' };
    expect(await world.ask('clickhouse/row-count', { ...entries, 'at-least': 1234 })).toMatchObject({
      answer: 'yes',
      facts: { rows: 1234 },
    });
    expect((await world.ask('clickhouse/row-count', { ...entries, 'at-least': 1235 })).answer).toBe('no');
    expect(await world.ask('clickhouse/row-count', { ...ledger, table: 'nothing`', 'at-least': 1 })).toMatchObject({
      answer: 'unknown',
      because: expect.stringContaining('Code: 60'),
    });
    expect(await world.ask('clickhouse/replicas-in-sync', { ...ledger, 'behind-at-most': '30s' })).toMatchObject({
      answer: 'unknown',
      because: 'default has no replicated table',
    });
    const stranger = await world.ask('clickhouse/answers', { component: 'stranger', at: 'here' });
    expect(stranger).toMatchObject({ answer: 'no', because: expect.stringContaining('Code: 193') });
  },
  60_000,
);

test.runIf(needsClickhouse())(
  'fetches are stopped and started on a real server, and each step knows its own deed again',
  async () => {
    expect(await world.observe('clickhouse/stop-fetches', ledger)).toMatchObject({ state: 'todo' });
    await world.carryOut('clickhouse/stop-fetches', ledger);
    expect(await world.observe('clickhouse/stop-fetches', ledger)).toMatchObject({ state: 'done' });
    expect(await world.observe('clickhouse/stop-fetches', ledger, 'run-2/step-1')).toMatchObject({ state: 'todo' });
    await world.undo('clickhouse/stop-fetches', ledger, { key: 'run-1/step-1' });
    expect(await world.observe('clickhouse/stop-fetches', ledger)).toMatchObject({ state: 'todo' });
    await world.carryOut('clickhouse/stop-fetches', ledger, "run-3/it's");
    await world.carryOut('clickhouse/start-fetches', ledger, 'run-4/step-1');
    expect(await world.observe('clickhouse/start-fetches', ledger, 'run-4/step-1')).toMatchObject({ state: 'done' });
  },
  60_000,
);
