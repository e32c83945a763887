import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from './program.ts';

export interface RedisServer {
  url: string;
  /** Takes out everything that is in it. */
  flush(): Promise<void>;
  kill(): Promise<void>;
  /** Stops it and starts it again on its port, empty. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Whether a test may start and kill a Redis of its own. */
export const redisServerIsHere = (): boolean => {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

/** The same; where CI is set, one that is not there is an error and not a test left out. */
export const needsRedis = (): boolean => {
  const isHere = redisServerIsHere();
  if (!isHere && process.env['CI']) throw new Error('CI is set, but no redis-server is here to be killed.');
  return isHere;
};

/** Whether there is a Redis to test with. Where tests decide about a release there must be one. */
export const redisIsHere = (): boolean => {
  const here = redisServerIsHere() || Boolean(process.env['REDIS_URL']);
  if (!here && process.env['CI']) throw new Error('CI is set, but neither REDIS_URL nor a redis-server is here.');
  return here;
};

/** A Redis of the test's own, without persistence, as one that was lost comes back. */
export const startRedis = async (): Promise<RedisServer> => {
  const folder = mkdtempSync(join(tmpdir(), 'mayday-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let child: ChildProcess;
  const start = async () => {
    child = spawn(
      'redis-server',
      [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--maxmemory-policy',
        'noeviction',
        '--dir',
        folder,
      ],
      { stdio: 'ignore' },
    );
    for (let tries = 0; ; tries += 1) {
      const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
      client.on('error', () => {});
      try {
        await client.connect();
        await client.ping();
        return;
      } catch (error) {
        if (tries > 200) throw error;
        await sleep(25);
      } finally {
        client.disconnect();
      }
    }
  };
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  };
  await start();
  return {
    url,
    kill,
    async flush() {
      const client = new Redis(url);
      await client.flushall();
      client.disconnect();
    },
    async restart() {
      await kill();
      await start();
    },
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
