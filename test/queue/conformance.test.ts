import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Lane, Log } from '../../src/define.ts';
import { openQueue, type WakeQueue } from '../../src/queue/queue.ts';
import { type JournalDatabase, openJournalDatabase } from '../support/journal-database.ts';
import { type RedisServer, redisIsHere, redisServerIsHere, startRedis } from '../support/redis.ts';

interface Backend {
  name: 'postgresql' | 'redis';
  start(): Promise<void>;
  stop(): Promise<void>;
  settings(): { databaseUrl: string; redisUrl?: string };
  /** Connections that the queue has open on its server. */
  connections(): Promise<number>;
}

let database: JournalDatabase;
let redis: RedisServer;

const postgresql: Backend = {
  name: 'postgresql',
  async start() {
    database = await openJournalDatabase();
  },
  stop: () => database.close(),
  settings: () => ({ databaseUrl: database.url }),
  async connections() {
    const { rows } = await database.superuser.query(
      `SELECT count(*)::int AS n FROM pg_stat_activity
       WHERE datname = current_database() AND application_name <> 'mayday' AND pid <> pg_backend_pid()`,
    );
    return rows[0].n;
  },
};

const onRedis: Backend = {
  name: 'redis',
  async start() {
    redis = redisServerIsHere()
      ? await startRedis()
      : {
          url: process.env['REDIS_URL'] as string,
          flush: async () => {},
          kill: async () => {},
          restart: async () => {},
          stop: async () => {},
        };
  },
  stop: () => redis.stop(),
  settings: () => ({ databaseUrl: 'postgres://nobody@127.0.0.1:1/none', redisUrl: redis.url }),
  async connections() {
    const client = new Redis(redis.url);
    try {
      return ((await client.client('LIST')) as string).trim().split('\n').length - 1;
    } finally {
      client.disconnect();
    }
  },
};

const backends = redisIsHere() ? [postgresql, onRedis] : [postgresql];

describe.each(backends.map((backend) => [backend.name, backend] as const))('wake-ups over %s', (_, backend) => {
  let queues: WakeQueue[];
  let warnings: string[];
  let prefix: string;
  const log: Log = {
    info() {},
    warn: (__, message) => void warnings.push(message),
    error: (__, message) => void warnings.push(message),
  };
  const open = async (settings: object = {}): Promise<WakeQueue> => {
    const queue = await openQueue({ ...backend.settings(), prefix, ...settings }, log);
    queues.push(queue);
    return queue;
  };
  const until = async (what: () => boolean, patienceMs = 10_000): Promise<void> => {
    const began = performance.now();
    while (!what()) {
      if (performance.now() - began > patienceMs)
        throw new Error(`nothing came within ${patienceMs} ms; ${warnings.join('; ')}`);
      await sleep(10);
    }
  };

  beforeAll(() => backend.start());
  afterAll(() => backend.stop());
  beforeEach(() => {
    queues = [];
    warnings = [];
    prefix = `test_${randomBytes(4).toString('hex')}`;
  });
  afterEach(async () => {
    await Promise.all(queues.map((queue) => queue.close()));
  });

  test('a wake-up comes with its run and its lane', async () => {
    const queue = await open();
    expect(queue.backend).toBe(backend.name);
    const seen: [string, Lane][] = [];
    await queue.work(['recover', 'tell', 'look'], async (runId, lane) => void seen.push([runId, lane]));
    queue.wake('r-1', 'recover', 'failover');
    queue.wake('r-2', 'tell', 'failover');
    queue.wake('r-3', 'look', 'status');
    await until(() => seen.length === 3);
    expect(seen.sort()).toEqual([
      ['r-1', 'recover'],
      ['r-2', 'tell'],
      ['r-3', 'look'],
    ]);
    expect(warnings).toEqual([]);
  });

  test('what was queued before anybody worked is not lost', async () => {
    const queue = await open();
    for (let n = 0; n < 20; n += 1) queue.wake(`r-${n}`, 'recover', 'failover');
    await sleep(300);
    const seen = new Set<string>();
    await (await open()).work(['recover'], async (runId) => void seen.add(runId));
    await until(() => seen.size === 20);
  });

  test('a lane that is full and stuck holds up no other lane', async () => {
    const queue = await open({ concurrency: 2 });
    const seen: string[] = [];
    let release = () => {};
    const stuck = new Promise<void>((resolve) => {
      release = resolve;
    });
    await queue.work(['recover', 'tell', 'look'], async (runId, lane) => {
      if (lane === 'tell') await stuck;
      seen.push(`${lane} ${runId}`);
    });
    for (let n = 0; n < 50; n += 1) queue.wake(`r-${n}`, 'tell', 'failover');
    await sleep(300);
    const began = performance.now();
    queue.wake('r-urgent', 'recover', 'failover');
    queue.wake('r-status', 'look', 'status');
    await until(() => seen.length === 2, 5_000);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(seen.sort()).toEqual(['look r-status', 'recover r-urgent']);
    release();
    await until(() => seen.length === 52);
  });

  test('the same wake-up may come many times, and each time somebody looks', async () => {
    const queue = await open();
    let looks = 0;
    await queue.work(['recover'], async () => {
      looks += 1;
    });
    for (let n = 0; n < 4; n += 1) queue.wake('r-1', 'recover', 'failover');
    await until(() => looks === 4);
    queue.wake('r-1', 'recover', 'failover');
    await until(() => looks === 5);
  });

  test('a look that fails is said, and neither repeated nor kept from the next', async () => {
    const queue = await open();
    const seen: string[] = [];
    await queue.work(['recover'], async (runId) => {
      seen.push(runId);
      if (runId === 'r-bad') throw new Error('the database is gone');
    });
    queue.wake('r-bad', 'recover', 'failover');
    await until(() => warnings.length > 0);
    queue.wake('r-good', 'recover', 'failover');
    await until(() => seen.includes('r-good'));
    expect(seen).toEqual(['r-bad', 'r-good']);
    expect(warnings).toEqual(['the database is gone']);
  });

  test('of two processes each wake-up goes to one, and two Maydays on one server never meet', async () => {
    const seen: string[] = [];
    const other: string[] = [];
    const [first, second] = [await open(), await open()];
    const stranger = await open({ prefix: `${prefix}_other` });
    await first.work(['recover'], async (runId) => void seen.push(runId));
    await second.work(['recover'], async (runId) => void seen.push(runId));
    await stranger.work(['recover'], async (runId) => void other.push(runId));
    for (let n = 0; n < 40; n += 1) first.wake(`r-${n}`, 'recover', 'failover');
    await until(() => seen.length === 40);
    await sleep(200);
    expect(new Set(seen).size).toBe(40);
    expect(seen).toHaveLength(40);
    expect(other).toEqual([]);
  });

  test('closing is quick, even in the middle of work, and leaves no connection behind', async () => {
    const before = await backend.connections();
    const queue = await open();
    await queue.work(['recover', 'tell', 'look'], async () => {});
    queue.wake('r-1', 'recover', 'failover');
    await sleep(200);
    expect(await backend.connections()).toBeGreaterThan(before);
    const began = performance.now();
    await queue.close();
    expect(performance.now() - began).toBeLessThan(15_000);
    await sleep(300);
    expect(await backend.connections()).toBeLessThanOrEqual(before);
    queues = [];
  });

  test('a queue that somebody paused is said', async () => {
    const queue = await open();
    expect(await queue.paused()).toEqual([]);
    await pause(backend, prefix, 'tell');
    expect(await queue.paused()).toEqual(['tell']);
  });

  if (backend.name === 'redis') {
    test('after FLUSHALL later wake-ups come all the same', async () => {
      const queue = await open();
      const seen: string[] = [];
      await queue.work(['recover'], async (runId) => void seen.push(runId));
      queue.wake('r-1', 'recover', 'failover');
      await until(() => seen.includes('r-1'));
      const client = new Redis(redis.url);
      await client.flushall();
      client.disconnect();
      queue.wake('r-2', 'recover', 'failover');
      await until(() => seen.includes('r-2'), 15_000);
    }, 30_000);

    if (redisServerIsHere())
      test('after Redis came back empty later wake-ups come all the same', async () => {
        const queue = await open();
        const seen: string[] = [];
        await queue.work(['recover'], async (runId) => void seen.push(runId));
        queue.wake('r-1', 'recover', 'failover');
        await until(() => seen.includes('r-1'));
        await redis.restart();
        // A wake-up that falls into the gap may be lost, which is the sweep's business; later ones may not.
        await until(() => {
          queue.wake('r-2', 'recover', 'failover');
          return seen.includes('r-2');
        }, 20_000);
      }, 40_000);

    test('a Redis that is not there at the start is said, and stops nothing', async () => {
      const queue = await open({ redisUrl: 'redis://127.0.0.1:1' });
      queue.wake('r-1', 'recover', 'failover');
      expect(warnings.join(' ')).toMatch(/Redis does not answer/);
      expect(await queue.paused()).toEqual([]);
      const began = performance.now();
      await queue.close();
      expect(performance.now() - began).toBeLessThan(8_000);
      queues = [];
    }, 60_000);
  }
});

/** As somebody does it with BullMQ's own tools. */
const pause = async (backend: Backend, prefix: string, lane: Lane): Promise<void> => {
  const { createPostgresBackend, Queue } = await import('bullmq');
  const { databaseUrl, redisUrl } = backend.settings();
  const queue = redisUrl
    ? new Queue(lane, { connection: { url: redisUrl }, prefix })
    : new Queue(
        lane,
        { connection: { connectionString: databaseUrl, schema: prefix }, prefix } as never,
        createPostgresBackend as never,
      );
  await queue.pause();
  await queue.close();
};

test('an address that is none is refused with what was expected', async () => {
  const log = { info() {}, warn() {}, error() {} };
  await expect(
    openQueue({ databaseUrl: 'postgres://x', redisUrl: 'redis://[not an address' }, log),
  ).rejects.toMatchObject({ code: 'config/invalid' });
});
