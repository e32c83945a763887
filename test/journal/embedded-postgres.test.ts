import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/journal/embedded-postgres.ts';

let folder: string;
let children: ChildProcess[] = [];
let servers: EmbeddedPostgres[] = [];
const elsewhere = new Set<string>();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mayday-embedded-'));
  chmodSync(folder, 0o755);
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const server of servers) await server.close();
  for (const place of [folder, ...elsewhere]) rmSync(place, { recursive: true, force: true });
  children = [];
  servers = [];
  elsewhere.clear();
});

const start = async (at = folder): Promise<EmbeddedPostgres> => {
  const server = await startEmbeddedPostgres({ folder: at });
  servers.push(server);
  return server;
};

const ask = async (url: string, sql: string): Promise<any> => {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const results = await client.query(sql);
    return results.rows?.[0];
  } finally {
    await client.end();
  }
};

/** A process of its own that starts the server; resolves with what it said. */
const startElsewhere = async (): Promise<{ child: ChildProcess; url: string; adopted: boolean }> => {
  const script = join(import.meta.dirname, '../support/start-postgres-and-wait.ts');
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = await once(child.stdout!, 'data');
  return { child, ...JSON.parse(String(line)) };
};

test('a second start takes up the live server of its folder instead of starting another', async () => {
  const first = await start();
  const url = await first.database('kept');
  await ask(url, 'CREATE TABLE seen AS SELECT 42 AS answer');
  const second = await start();
  expect([first.adopted, second.adopted]).toEqual([false, true]);
  expect(await second.database('kept')).toBe(url);
  expect(await ask(url, 'SELECT answer FROM seen')).toEqual({ answer: 42 });
});

test('closing one of two leaves the server to the other while that one works on it', async () => {
  const first = await start();
  const second = await start();
  const url = await second.database('kept');
  const client = new pg.Client(url);
  client.on('error', () => {});
  await client.connect();
  await first.close();
  expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await client.end();
  await second.close();
  await expect(ask(url, 'SELECT 1')).rejects.toThrow();
});

test('after the starter was killed its server lives on, and the next start takes it up with all that is in it', async () => {
  const { child, url } = await startElsewhere();
  await ask(url, 'CREATE TABLE seen AS SELECT 42 AS answer');
  child.kill('SIGKILL');
  await once(child, 'exit');
  await sleep(200);
  const next = await start();
  expect(next.adopted).toBe(true);
  expect(await ask(await next.database('kept'), 'SELECT answer FROM seen')).toEqual({ answer: 42 });
});

test('after the server itself was killed the next start recovers what was committed', async () => {
  const { child, url } = await startElsewhere();
  await ask(url, 'CREATE TABLE seen AS SELECT 42 AS answer');
  const { pid } = await ask(url, `SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int AS pid`);
  child.kill('SIGKILL');
  process.kill(pid, 'SIGKILL');
  await sleep(300);
  const next = await start();
  expect(next.adopted).toBe(false);
  expect(await ask(await next.database('kept'), 'SELECT answer FROM seen')).toEqual({ answer: 42 });
});

test('a first start that was killed while it made the data does not stop the next one', async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../support/start-postgres-and-wait.ts'), folder], {
    stdio: 'ignore',
  });
  children.push(child);
  await sleep(500);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const next = await start();
  expect(await ask(await next.database('kept'), 'SELECT 1 AS one')).toEqual({ one: 1 });
});

test('several first starts at once end up on one server', async () => {
  const started = await Promise.all([startElsewhere(), startElsewhere(), startElsewhere()]);
  expect(new Set(started.map(({ url }) => url)).size).toBe(1);
  expect(started.filter(({ adopted }) => !adopted)).toHaveLength(1);
  for (const { child } of started) child.kill('SIGKILL');
  await start();
}, 60_000);

test('a folder that nobody else may enter is served: as root from a place that the user postgres can enter, else from itself', async () => {
  const closed = join(folder, 'home');
  mkdirSync(closed, { mode: 0o700 });
  const clone = join(closed, 'clone', '.mayday', 'postgres');
  const first = await start(clone);
  const url = await first.database('kept');
  const { data_directory: data } = await ask(url, 'SHOW data_directory');
  const asRoot = process.getuid?.() === 0;
  if (asRoot) elsewhere.add(dirname(data));
  expect(data.startsWith(folder)).toBe(!asRoot);
  await ask(url, 'CREATE TABLE seen AS SELECT 42 AS answer');
  await first.close();
  const again = await start(clone);
  expect(again.adopted).toBe(false);
  expect(await ask(await again.database('kept'), 'SELECT answer FROM seen')).toEqual({ answer: 42 });
  const other = await start(join(closed, 'another-clone', '.mayday', 'postgres'));
  const place = dirname((await ask(await other.database('kept'), 'SHOW data_directory')).data_directory);
  if (asRoot) elsewhere.add(place);
  expect(place).not.toBe(dirname(data));
}, 90_000);
