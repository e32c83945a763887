import { appendFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LivingSystem, openSystem } from '../../support/living-system.ts';

const dump = (...x: unknown[]) =>
  appendFileSync(
    '/tmp/dump-teei.txt',
    x.map((y) => (typeof y === 'string' ? y : JSON.stringify(y))).join('\\n') + '\\n---\\n',
  );
let system: LivingSystem;

beforeAll(async () => {
  system = await openSystem({ plan: 'teei-csr', speed: 40, at: '2026-11-24T15:00:00Z' });
}, 120_000);
afterAll(() => system?.bot.close());
const assess = async (words = '') => {
  const answer = await system.say('sre-manager', '/dr', `assess teei-csr ${words}`);
  dump(answer);
  return answer;
};
const everything = async () => {
  const { instances, records, cloudflareRecords, clusters } = await system.state();
  return {
    instances,
    records,
    cloudflareRecords,
    clusters,
    click: await system.world.get('/clickhouse'),
    nats: await system.world.get('/nats'),
  };
};
describe('teei-csr', { timeout: 300_000 }, () => {
  it('T4', async () => {
    await assess();
    await assess('maintenance');
    await system.world.post('/kubernetes/unready', {
      cluster: 'teei-us-east-1',
      namespace: 'teei',
      selector: 'app=q2q-ai',
    });
    await system.wait(20);
    await assess();
    await system.world.post('/faults', { kind: 'service', service: 'clickhouse', how: 'hang' });
    await system.wait(90);
    await assess();
    await system.world.clearFaults();
    await system.world.post('/lag', { seconds: 400 });
    await system.wait(450);
    await assess();
    await system.world.post('/lag', { seconds: 3 });
    await system.wait(30);
  });
  it('T7', async () => {
    await assess('corruption');
    const before = await system.mark();
    const run = await system.begin('gameday-lead', '/dr', 'recover teei-csr corruption rows are garbled', [
      'sre-manager',
      'vp-engineering',
    ]);
    await system.click(run, 'sre-manager', 'run:done:last-good');
    await system.succeeded(run);
    dump(
      (await system.since(before)).entries.filter(({ change }) => !/slack|smtp|pager/.test(change)),
      (await system.state()).instances,
    );
  });
  it('T8', async () => {
    await assess('deletion');
    const before = await system.mark();
    const run = await system.carryOut(
      'gameday-lead',
      '/dr',
      'recover teei-csr deleted-data somebody deleted programs',
      ['sre-manager', 'vp-engineering'],
    );
    dump(
      (await system.since(before)).entries.filter(({ change }) => !/slack|smtp|pager/.test(change)),
      (await system.state()).instances,
    );
  });
  it('T6', async () => {
    dump('T6', await everything());
    await system.world.post('/lag', { seconds: 3000 });
    await system.wait(60);
    const before = await system.mark();
    const run = await system.begin('gameday-lead', '/failover', 'teei-csr region maintenance --planned', [
      'sre-manager',
      'vp-engineering',
    ]);
    dump(await system.cardSays(run, /Failed|must decide/));
    dump((await system.since(before)).lines, await everything());
    await system.world.post('/lag', { seconds: 3 });
  });
  it('T1', async () => {
    await system.wait(60);
    await system.world.post('/faults', { kind: 'region-down', region: 'us-east-1' });
    await system.wait(300);
    await assess();
    const before = await system.mark();
    const run = await system.carryOut('gameday-lead', '/failover', 'teei-csr region us-east-1 is dark', [
      'sre-manager',
      'vp-engineering',
    ]);
    dump((await system.since(before)).lines, await everything());
    dump((await system.report(run)).stages);
    dump(await system.answers('api.teei.example'), await system.answers('www.teei.example'));
  });
});
