import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort, type Program, until, type Workshop } from './program.ts';

export interface RealSentinels {
  /** `host:port` of each. */
  sentinels: string[];
  nodes: { port: number; program: Program }[];
}

export const redisPassword = 'a-redis-password-for-tests';

/** A master, two replicas and three Sentinels that miss a master within two seconds. */
export const startSentinels = async (shop: Workshop, master: string): Promise<RealSentinels> => {
  const ports = [await freePort(), await freePort(), await freePort()];
  const nodes = ports.map((port, at) => {
    const file = join(shop.folder, `node-${at}.conf`);
    writeFileSync(
      file,
      [
        `port ${port}`,
        'bind 127.0.0.1',
        'save ""',
        `dir ${shop.folder}`,
        `requirepass ${redisPassword}`,
        `masterauth ${redisPassword}`,
        'repl-diskless-sync-delay 0',
        ...(at === 0 ? [] : [`replicaof 127.0.0.1 ${ports[0]}`]),
      ].join('\n'),
    );
    return { port, program: shop.start('redis-server', [file]) };
  });
  await until('the replicas follow', async () => {
    const client = connect(ports[0]!);
    try {
      const info = await client.info('replication');
      if ((info.match(/state=online/g) ?? []).length < 2) throw new Error(info);
    } finally {
      client.disconnect();
    }
  });
  const sentinels: string[] = [];
  for (let at = 0; at < 3; at += 1) {
    const port = await freePort();
    const file = join(shop.folder, `sentinel-${at}.conf`);
    writeFileSync(
      file,
      [
        `port ${port}`,
        'bind 127.0.0.1',
        `dir ${shop.folder}`,
        `sentinel monitor ${master} 127.0.0.1 ${ports[0]} 2`,
        `sentinel auth-pass ${master} ${redisPassword}`,
        `sentinel down-after-milliseconds ${master} 2000`,
        `sentinel failover-timeout ${master} 10000`,
      ].join('\n'),
    );
    shop.start('redis-sentinel', [file]);
    sentinels.push(`127.0.0.1:${port}`);
  }
  for (const sentinel of sentinels)
    await until(`${sentinel} knows the others`, async () => {
      const client = new Redis(`redis://${sentinel}`, { lazyConnect: true, maxRetriesPerRequest: 0 });
      client.on('error', () => {});
      try {
        await client.connect();
        const others = (await client.call('SENTINEL', 'SENTINELS', master)) as unknown[];
        const replicas = (await client.call('SENTINEL', 'REPLICAS', master)) as unknown[];
        if (others.length < 2 || replicas.length < 2) throw new Error('not all are known');
      } finally {
        client.disconnect();
      }
    });
  return { sentinels, nodes };
};

export const connect = (port: number): Redis => {
  const client = new Redis({
    port,
    host: '127.0.0.1',
    password: redisPassword,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectTimeout: 1000,
    commandTimeout: 1000,
  });
  client.on('error', () => {});
  return client;
};
