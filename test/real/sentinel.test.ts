import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRedis } from '../../src/systems/redis/index.ts';
import { needsSentinel, openWorkshop, until, type Workshop } from '../support/program.ts';
import { connect, type RealSentinels, redisPassword, startSentinels } from '../support/real-sentinel.ts';
import { openRealWorld, type RealWorld } from '../support/real-tools.ts';
import { outageOf, report, startWriter, type Writer } from '../support/writer.ts';

let shop: Workshop;
let real: RealSentinels;
let world: RealWorld;
const water = { component: 'water', at: 'here' };

beforeAll(async () => {
  if (!needsSentinel()) return;
  shop = openWorkshop('real-sentinel');
  real = await startSentinels(shop, 'spring');
  world = openRealWorld((tools) => [createRedis({}, tools)], {
    secrets: { REDIS_PASSWORD: redisPassword },
    components: {
      water: {
        kind: 'redis-sentinel',
        here: { sentinels: real.sentinels, master: 'spring' },
        password: { env: 'REDIS_PASSWORD' },
        'probe-key': 'mayday:heartbeat',
      },
    },
  });
}, 60_000);
afterAll(async () => {
  await world?.close();
  await shop?.close();
});

const masterPort = async (): Promise<number> => {
  const { facts, because } = await world.ask('redis/answers', water);
  if (!facts?.['master']) throw new Error(because);
  return Number(String(facts['master']).split(':')[1]);
};
/** A client that follows the master as its library would, and takes a write for done when the master has it. */
const startWriting = (list: string) => {
  let port: number | undefined;
  return startWriter(async (number) => {
    port ??= await masterPort();
    const client = connect(port);
    try {
      await client.rpush(list, number);
    } catch (error) {
      port = undefined;
      throw error;
    } finally {
      client.disconnect();
    }
  });
};
const numbers = async (list: string) => {
  const client = connect(await masterPort());
  const all = await client.lrange(list, 0, -1);
  client.disconnect();
  return new Set(all.map(Number));
};
const writesAgain = async (writer: Writer) => {
  const before = writer.acknowledged().length;
  await until('it writes again', () => expect(writer.acknowledged().length).toBeGreaterThan(before + 5));
};
const inSync = (least: number) =>
  until('the replicas follow', async () => {
    const answer = await world.ask('redis/replicas-in-sync', { ...water, 'at-least': least });
    expect(answer.answer, answer.because).toBe('yes');
  });

test.runIf(needsSentinel())(
  'real Sentinels fail over once when they are asked to, and a second look finds it done',
  async () => {
    await inSync(2);
    const before = await masterPort();
    const writer = startWriting('planned');
    await until('it writes', () => expect(writer.acknowledged().length).toBeGreaterThan(10));
    const { output } = await world.carryOut('redis/sentinel-failover', water);
    expect(output['port']).not.toBe(before);
    await writesAgain(writer);
    await writer.stop();
    expect(await world.observe('redis/sentinel-failover', water)).toMatchObject({ state: 'done', output });
    await inSync(2);
    // For a run that is asked for afterwards, that same master is an old one.
    let runs = 1;
    await until('a later run begins anew', async () => {
      runs += 1;
      const observed = await world.observe('redis/sentinel-failover', water, `run-2-${runs}/step-1`);
      expect(observed.state).toBe('todo');
    });
    const outage = outageOf(writer, await numbers('planned'));
    report('Redis Sentinel, asked for', outage);
    // A healthy master that went on taking writes would lose them all.
    expect(outage.lost).toBe(0);
  },
  60_000,
);

test.runIf(needsSentinel())(
  'a real master that is killed is replaced, whoever begins it, and what was lost is measured',
  async () => {
    await inSync(2);
    const before = await masterPort();
    const writer = startWriting('killed');
    await until('it writes', () => expect(writer.acknowledged().length).toBeGreaterThan(20));
    await real.nodes.find(({ port }) => port === before)!.program.end('SIGKILL');
    expect((await world.ask('redis/answers', water)).answer).toBe('no');
    const { output } = await world.carryOut('redis/sentinel-failover', water, 'run-3/step-1');
    expect(output['port']).not.toBe(before);
    await writesAgain(writer);
    await writer.stop();
    await inSync(1);
    const outage = outageOf(writer, await numbers('killed'));
    report('Redis Sentinel, master killed', outage);
    expect(outage.rtoSeconds).toBeLessThan(30);
    expect(outage.rpoSeconds).toBeLessThan(5);
  },
  60_000,
);
