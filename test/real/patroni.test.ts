import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPatroni } from '../../src/systems/patroni/index.ts';
import { needsPatroni, openWorkshop, postgresUser, until, type Workshop } from '../support/program.ts';
import { apiPassword, ownerPassword, type RealPatroni, startPatroniCluster } from '../support/real-patroni.ts';
import { openRealWorld, type RealWorld } from '../support/real-tools.ts';
import { outageOf, report, startWriter, type Writer } from '../support/writer.ts';

let shop: Workshop;
let cluster: RealPatroni;
let world: RealWorld;
const names = ['stone-0', 'stone-1'];
const mortar = { component: 'mortar', at: 'here' };

beforeAll(async () => {
  if (!needsPatroni()) return;
  shop = openWorkshop('real-patroni', postgresUser());
  try {
    cluster = await startPatroniCluster(shop, names);
  } catch (error) {
    for (const name of ['patroni-1.log', 'patroni-2.log'])
      try {
        process.stderr.write(readFileSync(join(shop.folder, name), 'utf8').slice(-3000));
      } catch {
        // It was not started.
      }
    throw error;
  }
  world = openRealWorld((tools) => [createPatroni({}, tools)], {
    secrets: { API_PASSWORD: apiPassword },
    components: {
      mortar: {
        kind: 'patroni-cluster',
        here: { api: cluster.members.map(({ api }) => api), scope: 'real' },
        login: { user: 'patroni', password: { env: 'API_PASSWORD' } },
      },
    },
  });
  await ask('CREATE TABLE pulse (number integer, at timestamptz NOT NULL DEFAULT clock_timestamp())');
}, 120_000);
afterAll(async () => {
  await world?.close();
  // A member that is only ended leaves its PostgreSQL behind.
  for (const member of cluster?.members ?? []) await member.kill().catch(() => {});
  await shop?.close();
}, 60_000);

/** Asks whoever takes writes, as a client behind a load balancer. */
const ask = async (sql: string, values: unknown[] = []): Promise<Record<string, any>[]> => {
  let last: unknown;
  for (const { port } of cluster.members) {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: 'owner',
      password: ownerPassword,
      database: 'postgres',
      connectionTimeoutMillis: 1000,
      query_timeout: 2000,
    });
    client.on('error', () => {});
    try {
      await client.connect();
      const { rows } = await client.query('SELECT pg_is_in_recovery() AS recovering');
      if (rows[0].recovering) continue;
      return (await client.query(sql, values)).rows;
    } catch (error) {
      last = error;
    } finally {
      client.end().catch(() => {});
    }
  }
  throw last ?? new Error('nobody takes writes');
};
const startWriting = () =>
  startWriter(async (number) => void (await ask('INSERT INTO pulse (number) VALUES ($1)', [number])));
const numbers = async () =>
  new Set(
    (await until('somebody answers', () => ask('SELECT number FROM pulse'))).map(({ number }) => number as number),
  );
const writesAgain = async (writer: Writer) => {
  const before = writer.acknowledged().length;
  await until('it writes again', () => expect(writer.acknowledged().length).toBeGreaterThan(before + 5), 60);
};
const healthy = () =>
  until('the cluster is healthy', async () => {
    const answer = await world.ask('patroni/healthy', mortar);
    expect(answer, answer.because).toMatchObject({ answer: 'yes', facts: { replicas: 1 } });
    return answer.facts!;
  });

test.runIf(needsPatroni())(
  'a real cluster is switched over once and without loss, and a second look finds it done',
  async () => {
    const former = String((await healthy())['leader']);
    const writer = startWriting();
    await until('it writes', () => expect(writer.acknowledged().length).toBeGreaterThan(10));
    const { output } = await world.carryOut('patroni/switchover', mortar);
    expect(output).toMatchObject({ former, leader: names.find((name) => name !== former), host: '127.0.0.1' });
    await writesAgain(writer);
    await writer.stop();
    const outage = outageOf(writer, await numbers());
    report('Patroni, switchover', outage);
    expect(outage.lost).toBe(0);
    expect(await world.observe('patroni/switchover', mortar)).toMatchObject({ state: 'done', output: { former } });
    const history = (await (await fetch(`${cluster.members[0]!.api}/history`)).json()) as unknown[];
    const leader = String((await healthy())['leader']);
    expect(leader).toBe(output['leader']);
    expect(history.length).toBeLessThanOrEqual(1);
    // Moved back by hand: the step that has had its effect does not move it once more.
    await world.carryOut('patroni/switchover', { ...mortar, candidate: former }, 'run-2/step-1');
    await healthy();
  },
  90_000,
);

test.runIf(needsPatroni())(
  'a real cluster is paused and resumed, and refuses who has no password',
  async () => {
    await world.carryOut('patroni/pause', mortar);
    expect((await healthy())['leader']).toBeDefined();
    await world.undo('patroni/pause', mortar, { paused: false });
    expect(await world.observe('patroni/resume', mortar)).toMatchObject({ state: 'done', output: { paused: false } });
    const answer = await fetch(`${cluster.members[0]!.api}/config`, { method: 'PATCH', body: '{"pause":true}' });
    expect([answer.status, await answer.text()]).toEqual([401, 'no auth header received']);
  },
  60_000,
);

test.runIf(needsPatroni())(
  'a leader that is killed with its Patroni is replaced, and what was lost is measured from the rows',
  async () => {
    const former = String((await healthy())['leader']);
    await ask('DELETE FROM pulse');
    const writer = startWriting();
    await until('it writes', () => expect(writer.acknowledged().length).toBeGreaterThan(20));
    await cluster.members.find(({ name }) => name === former)!.kill();
    expect(await world.observe('patroni/failover', mortar)).toMatchObject({ state: 'todo' });
    expect((await world.ask('patroni/healthy', mortar)).answer).toBe('no');
    const { output } = await world.carryOut('patroni/failover', mortar);
    expect(output['leader']).not.toBe(former);
    await writesAgain(writer);
    await writer.stop();
    const outage = outageOf(writer, await numbers());
    report('Patroni, leader killed (time to live 20 s)', outage);
    expect(outage.rtoSeconds).toBeLessThan(60);
    expect(outage.rpoSeconds).toBeLessThan(10);
  },
  90_000,
);
