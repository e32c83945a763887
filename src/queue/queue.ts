import { createPostgresBackend, type Job, Queue, type QueueOptions, Worker, type WorkerOptions } from 'bullmq';
import { Redis } from 'ioredis';
import type { Lane, Log } from '../define.ts';
import { MaydayError, messageOf } from '../errors.ts';

/** What a job carries: which run to look at. The job's name is the flow, for whoever watches the queue. */
export interface WakeUp {
  runId: string;
}

export type Look = (runId: string, lane: Lane) => Promise<void>;

/**
 * Wake-ups, and nothing else. Losing one costs a second, until the sweep comes by; having one four times costs a look.
 */
export interface WakeQueue {
  backend: 'postgresql' | 'redis';
  /** Best effort and in the background: the caller has already made the truth durable. */
  wake(runId: string, lane: Lane, flow: string): void;
  /** Starts taking wake-ups from the given lanes. */
  work(lanes: readonly Lane[], look: Look): Promise<void>;
  /** Lanes that somebody has paused; a paused queue is said, not suffered. */
  paused(): Promise<Lane[]>;
  close(): Promise<void>;
}

export interface QueueSettings {
  databaseUrl: string;
  redisUrl?: string;
  /** Keeps two Maydays on one server apart: letters, digits, underscores. On PostgreSQL it is the schema. */
  prefix?: string;
  concurrency?: number;
}

const laneNames: readonly Lane[] = ['recover', 'tell', 'look'];

/** Far below BullMQ's own 30 s: who takes over a run is the lease's business, and must not wait for this. */
const lockMs = 5_000;

export const openQueue = async (settings: QueueSettings, log: Log): Promise<WakeQueue> => {
  const prefix = settings.prefix ?? 'mayday';
  const redis = settings.redisUrl === undefined ? undefined : await openRedis(settings.redisUrl, log);
  const queueOptions = redis
    ? { connection: redis, prefix }
    : { connection: { connectionString: settings.databaseUrl, migrate: true, schema: settings.prefix }, prefix };
  const queues = new Map<Lane, Queue>();
  for (const lane of laneNames) {
    const queue = redis
      ? new Queue(lane, queueOptions as QueueOptions)
      : new Queue(lane, queueOptions as never, createPostgresBackend as never);
    queue.on('error', (error) => log.warn({ queue: lane }, messageOf(error)));
    queues.set(lane, queue as Queue);
    // One after the other: the first one makes the tables, and two at once would collide. A Redis makes nothing, and one
    // that does not answer has been waited for already.
    if (!redis)
      await withPatience(queue.waitUntilReady(), 10_000).catch((error) => log.warn({ queue: lane }, messageOf(error)));
  }
  const workers: Worker[] = [];
  const connections: Redis[] = redis ? [redis] : [];
  return {
    backend: redis ? 'redis' : 'postgresql',
    wake(runId, lane, flow) {
      // No job id: an id equal to a kept job's would be silently ignored.
      queues
        .get(lane)!
        .add(flow, { runId } satisfies WakeUp, { removeOnComplete: true, removeOnFail: true })
        .catch((error) =>
          log.warn({ run: runId, lane }, `the wake-up was not queued, the sweep will find it: ${messageOf(error)}`),
        );
    },
    async work(lanes, look) {
      for (const lane of lanes) {
        const process = async (job: Job<WakeUp>) => look(job.data.runId, lane);
        const options = {
          ...queueOptions,
          concurrency: settings.concurrency ?? 50,
          lockDuration: lockMs,
          stalledInterval: lockMs,
        } as WorkerOptions;
        const connection = redis?.duplicate();
        if (connection) {
          connection.on('error', () => {});
          connections.push(connection);
        }
        const worker = connection
          ? new Worker(lane, process, { ...options, connection })
          : new Worker(lane, process as never, options as never, createPostgresBackend as never);
        worker.on('error', (error) => log.warn({ queue: lane }, messageOf(error)));
        worker.on('failed', (job, error) => log.error({ queue: lane, run: job?.data?.runId }, messageOf(error)));
        workers.push(worker as Worker);
      }
    },
    async paused() {
      const states = await Promise.all(
        laneNames.map(async (lane) =>
          (await withPatience(queues.get(lane)!.isPaused(), 2_000).catch(() => false)) ? [lane] : [],
        ),
      );
      return states.flat();
    },
    async close() {
      await Promise.allSettled(workers.map((worker) => withPatience(worker.close(), 3_000)));
      await Promise.allSettled([...queues.values()].map((queue) => withPatience(queue.close(), 3_000)));
      // BullMQ leaves connections open that it was given.
      for (const connection of connections) connection.disconnect();
    },
  };
};

const openRedis = async (url: string, log: Log): Promise<Redis> => {
  let redis: Redis;
  try {
    redis = new Redis(url, {
      maxRetriesPerRequest: null,
      lazyConnect: true,
      retryStrategy: (times) => Math.min(times * 200, 2_000),
    });
  } catch (cause) {
    throw new MaydayError('config/invalid', 'REDIS_URL is no address of a Redis; expected redis://host:6379.', {
      cause,
    });
  }
  redis.on('error', (error) => log.warn({ redis: new URL(url).host }, messageOf(error)));
  await withPatience(redis.connect(), 2_000).catch((error) =>
    log.warn({}, `Redis does not answer (${messageOf(error)}); runs go on by the sweep`),
  );
  const policy = await withPatience(redis.config('GET', 'maxmemory-policy') as Promise<string[]>, 2_000).catch(
    () => undefined,
  );
  if (policy && policy[1] !== 'noeviction')
    log.warn({ policy: policy[1] }, 'Redis may drop wake-ups: set maxmemory-policy to noeviction');
  return redis;
};

const withPatience = async <T>(work: Promise<T>, ms: number): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  work.catch(() => {});
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
};
