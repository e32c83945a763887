import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Certificates, createCertificates } from '../../sandbox/certificates.ts';
import { createPostgres } from '../../src/systems/postgres/index.ts';
import { needsPostgres, openWorkshop, postgresUser, until, type Workshop } from '../support/program.ts';
import { numbersIn, password, query, type RealPostgres, startPrimary, startStandby } from '../support/real-postgres.ts';
import { openRealWorld, type RealWorld } from '../support/real-tools.ts';
import { outageOf, report, startWriter } from '../support/writer.ts';

let shop: Workshop;
let certificates: Certificates;
const servers = new Map<string, RealPostgres>();
const worlds: RealWorld[] = [];
const nameOf = (letter: string) => `blocks-${letter}.quarry.example`;

beforeAll(async () => {
  if (!needsPostgres()) return;
  shop = openWorkshop('real-postgres', postgresUser());
  certificates = await createCertificates();
  servers.set('a', await startPrimary(shop, nameOf('a'), await certificates.pairFor(nameOf('a'))));
  await follow('b', 'a');
});
afterAll(async () => {
  for (const world of worlds) await world.close();
  await shop?.close();
  certificates?.close();
});

const follow = async (letter: string, from: string): Promise<void> => {
  const name = nameOf(letter);
  servers.set(letter, await startStandby(shop, servers.get(from)!, name, await certificates.pairFor(name)));
};
/** A plan with the one server here and the other there. */
const planWith = (here: string, there: string): RealWorld => {
  const world = openRealWorld((tools) => [createPostgres({}, tools)], {
    hosts: Object.fromEntries([here, there].map((letter) => [`${nameOf(letter)}:5432`, servers.get(letter)!.port])),
    authority: certificates.authority,
    secrets: { SQL_PASSWORD: password },
    components: {
      blocks: {
        kind: 'postgres-streaming',
        here: nameOf(here),
        there: nameOf(there),
        sql: { database: 'blocksdb', user: 'mason', password: { env: 'SQL_PASSWORD' } },
        heartbeat: { table: 'pulse', column: 'at' },
      },
    },
  });
  worlds.push(world);
  return world;
};
const here = { component: 'blocks', at: 'here' };
const there = { component: 'blocks', at: 'there' };
const insert = 'INSERT INTO pulse (number) VALUES ($1)';
const portOf = (letter: string) => servers.get(letter)!.port;

test.runIf(needsPostgres())(
  'a paused standby keeps what was deleted by mistake until it is resumed, and says how far it is behind',
  async () => {
    const world = planWith('a', 'b');
    await query(portOf('a'), insert, [1_000_001]);
    await until('the row arrives', async () => expect((await numbersIn(portOf('b'))).has(1_000_001)).toBe(true));
    expect(await world.ask('postgres/lag-below', { ...there, below: '10s' })).toMatchObject({
      answer: 'yes',
      facts: { seconds: 0 },
    });
    await world.carryOut('postgres/pause-replay', there);
    await query(portOf('a'), 'DELETE FROM pulse');
    await until('it is behind', async () => {
      const { facts } = await world.ask('postgres/lag-below', { ...there, below: '1s' });
      expect(facts!['seconds']).toBeGreaterThan(1);
    });
    expect((await world.ask('postgres/lag-below', { ...there, below: '1s' })).answer).toBe('no');
    expect((await numbersIn(portOf('b'))).has(1_000_001)).toBe(true);
    await world.carryOut('postgres/resume-replay', there);
    await until('the deletion arrives', async () => expect((await numbersIn(portOf('b'))).size).toBe(0));
    expect(await world.observe('postgres/pause-replay', here)).toMatchObject({ state: 'impossible' });
  },
  60_000,
);

test.runIf(needsPostgres())(
  'a planned failover: the fence follows the log to the standby, is lifted there by the promotion, and nothing is lost',
  async () => {
    const world = planWith('a', 'b');
    const writer = startWriter(async (number) => {
      for (const letter of ['a', 'b'])
        if (
          await query(portOf(letter), insert, [number]).then(
            () => true,
            () => false,
          )
        )
          return;
      throw new Error('nobody took it');
    });
    await until('it writes', () => expect(writer.acknowledged().length).toBeGreaterThan(10));
    await world.carryOut('postgres/make-read-only', here);
    await until('the standby has everything', async () => {
      expect(await world.ask('postgres/lag-below', { ...there, below: '1s' })).toMatchObject({ facts: { seconds: 0 } });
      const [row] = await query(portOf('b'), `SELECT current_setting('default_transaction_read_only') AS value`);
      expect(row!['value']).toBe('on');
    });
    const { output } = await world.carryOut('postgres/promote', there);
    expect(output).toEqual({ host: nameOf('b') });
    expect((await world.ask('postgres/accepts-writes', there)).answer).toBe('yes');
    const written = writer.acknowledged().length;
    await until('it writes again', () => expect(writer.acknowledged().length).toBeGreaterThan(written + 5));
    await writer.stop();
    // The old one keeps its fence, and is not taken for one that was promoted.
    expect((await world.ask('postgres/accepts-writes', here)).answer).not.toBe('yes');
    expect(await world.observe('postgres/promote', here)).toMatchObject({ state: 'impossible' });
    const outage = outageOf(writer, await numbersIn(portOf('b')));
    report('PostgreSQL streaming, planned', outage);
    expect(outage.lost).toBe(0);
  },
  60_000,
);

test.runIf(needsPostgres())(
  'a primary that is killed is replaced by its standby, and what was lost is measured from the rows',
  async () => {
    await follow('c', 'b');
    const world = planWith('b', 'c');
    await query(portOf('b'), 'DELETE FROM pulse');
    const writer = startWriter(async (number) => {
      for (const letter of ['b', 'c'])
        if (
          await query(portOf(letter), insert, [number]).then(
            () => true,
            () => false,
          )
        )
          return;
      throw new Error('nobody took it');
    });
    await until('it writes', () => expect(writer.acknowledged().length).toBeGreaterThan(20));
    await servers.get('b')!.program.end('SIGKILL');
    expect(await world.observe('postgres/make-read-only', here)).toMatchObject({ state: 'unreachable' });
    await world.carryOut('postgres/promote', there);
    const written = writer.acknowledged().length;
    await until('it writes again', () => expect(writer.acknowledged().length).toBeGreaterThan(written + 5));
    await writer.stop();
    const outage = outageOf(writer, await numbersIn(portOf('c')));
    report('PostgreSQL streaming, primary killed', outage);
    expect(outage.rtoSeconds).toBeLessThan(60);
    // Asynchronous: what was acknowledged in the last moments may be gone, and no more than that.
    expect(outage.rpoSeconds).toBeLessThan(10);
  },
  60_000,
);
