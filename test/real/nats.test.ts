import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createNats } from '../../src/systems/nats/index.ts';
import { freePort, needsNats, openWorkshop, type Program, until, type Workshop } from '../support/program.ts';
import { openRealWorld, type RealWorld } from '../support/real-tools.ts';
import { outageOf, report, startWriter } from '../support/writer.ts';

let shop: Workshop;
let world: RealWorld;
let source: Program;
const ports = { here: 0, there: 0 };
const messages = 5000;
const carts = (at: string) => ({ component: 'carts', at });

beforeAll(async () => {
  if (!needsNats()) return;
  shop = openWorkshop('real-nats');
  const leaf = await freePort();
  const start = async (place: 'here' | 'there', more: string): Promise<Program> => {
    ports[place] = await freePort();
    const file = join(shop.folder, `${place}.conf`);
    const store = `jetstream { store_dir: "${join(shop.folder, place)}", domain: ${place} }`;
    writeFileSync(file, `listen: "127.0.0.1:${ports[place]}"\nserver_name: ${place}\n${store}\n${more}\n`);
    const program = shop.start('nats-server', ['-c', file]);
    await until('NATS answers', async () => (await connect({ servers: `127.0.0.1:${ports[place]}` })).close());
    return program;
  };
  source = await start('here', `leafnodes { listen: "127.0.0.1:${leaf}" }`);
  await start('there', `leafnodes { remotes: [ { url: "nats-leaf://127.0.0.1:${leaf}" } ] }`);
  const first = await connect({ servers: `127.0.0.1:${ports.here}` });
  await (await jetstreamManager(first)).streams.add({ name: 'CARTS', subjects: ['carts.*'] });
  const publisher = jetstream(first);
  await Promise.all(
    Array.from({ length: messages }, (_, at) => publisher.publish('carts.filled', `${-1 - at}`, { timeout: 20_000 })),
  );
  await first.close();
  const second = await connect({ servers: `127.0.0.1:${ports.there}` });
  await until('the places are connected', async () =>
    (await jetstreamManager(second)).streams.add({
      name: 'CARTS',
      mirror: { name: 'CARTS', external: { api: '$JS.here.API', deliver: '' } },
    }),
  );
  await second.close();
  const at = (place: 'here' | 'there') => ({ servers: [`nats://127.0.0.1:${ports[place]}`], stream: 'CARTS' });
  world = openRealWorld((tools) => [createNats({}, tools)], {
    components: { carts: { kind: 'nats-stream', here: at('here'), there: at('there'), subjects: ['carts.*'] } },
  });
}, 60_000);
afterAll(async () => {
  await world?.close();
  await shop?.close();
});

/** Every message of a stream in its order, as it lies in the server. */
const readAll = async (place: 'here' | 'there', stream: string): Promise<number[]> => {
  const connection = await connect({ servers: `127.0.0.1:${ports[place]}` });
  const manager = await jetstreamManager(connection);
  const { state } = await manager.streams.info(stream);
  const found: number[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq += 1)
    found.push(Number((await manager.streams.getMessage(stream, { seq }))?.string()));
  await connection.close();
  return found;
};

test.runIf(needsNats())(
  'a real mirror takes over when its source is killed, with all its messages in their order before the first new one',
  async () => {
    await until('the mirror has all', async () => {
      const answer = await world.ask('nats/stream-lag', { ...carts('there'), 'below-messages': 1 });
      expect(answer, answer.because).toMatchObject({ answer: 'yes', facts: { messages, behind: 0 } });
    });
    expect(await world.observe('nats/promote-mirror', carts('there'))).toMatchObject({ state: 'todo' });
    expect(await world.observe('nats/promote-mirror', carts('here'))).toMatchObject({ state: 'done' });
    let place: 'here' | 'there' = 'here';
    const writer = startWriter(async (number) => {
      const connection = await connect({ servers: `127.0.0.1:${ports[place]}`, reconnect: false, timeout: 1000 });
      try {
        await jetstream(connection).publish('carts.filled', String(number), { timeout: 500 });
      } finally {
        await connection.close();
      }
    });
    await until('it writes', () => expect(writer.acknowledged().length).toBeGreaterThan(20));
    await source.end('SIGKILL');
    place = 'there';
    expect((await world.ask('nats/answers', carts('here'))).answer).toBe('no');

    const { output } = await world.carryOut('nats/promote-mirror', carts('there'));

    expect(output).toEqual({ stream: 'CARTS-promoted' });
    const before = writer.acknowledged().length;
    await until('it writes again', () => expect(writer.acknowledged().length).toBeGreaterThan(before + 5));
    await writer.stop();
    const all = await readAll('there', 'CARTS-promoted');
    expect(all.slice(0, messages)).toEqual(Array.from({ length: messages }, (_, at) => -1 - at));
    const numbered = all.filter((number) => number > 0);
    expect(numbered).toEqual([...numbered].sort((one, other) => one - other));
    const outage = outageOf(writer, new Set(numbered));
    report(`NATS, source killed, ${messages} messages to keep`, outage);
    expect(outage.rpoSeconds).toBeLessThan(5);
    // A second look, and a second act, change nothing more.
    expect(await world.observe('nats/promote-mirror', carts('there'))).toMatchObject({ state: 'done', output });
  },
  60_000,
);
