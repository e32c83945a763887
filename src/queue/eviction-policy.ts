import { Redis } from 'ioredis';

/** What a Redis does when it is full: anything but `noeviction` may drop wake-ups. One try, so that the answer is quick. */
export const readEvictionPolicy = async (url: string): Promise<string | undefined> => {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  redis.on('error', () => {});
  try {
    await redis.connect();
    const [, policy] = (await redis.config('GET', 'maxmemory-policy')) as string[];
    return policy;
  } finally {
    redis.disconnect();
  }
};
