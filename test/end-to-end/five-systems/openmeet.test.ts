import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LivingSystem, openSystem } from '../../support/living-system.ts';

const virginia = 'openmeet-us-east-1';
const oregon = 'openmeet-us-west-2';
const ireland = 'openmeet-eu-west-1';

import { appendFileSync } from 'node:fs';

const dump = (...x: unknown[]) =>
  appendFileSync(
    '/tmp/dump.txt',
    x.map((y) => (typeof y === 'string' ? y : JSON.stringify(y, null, 1))).join('\n') + '\n---\n',
  );
let system: LivingSystem;
beforeAll(async () => {
  system = await openSystem({ plan: 'openmeet', speed: 40, at: '2026-11-24T15:00:00Z' });
}, 120_000);
afterAll(() => system?.bot.close());

const patroni = async () => (await system.world.get('/patroni'))[0];
const redis = async () => (await system.world.get('/redis'))[0];

/** One world and one bot; each test goes on where the one before it ended. */
describe('openmeet', { timeout: 300_000 }, () => {
  it('O12: one command checks everything, in every place, and changes nothing', async () => {
    const before = await system.mark();
    const answer = await system.say('senior-engineer', '/dr', 'check openmeet');
    dump(answer);
    expect((await system.since(before)).lines).toEqual([]);
  });

  it('O1 planned: the leader hands over to another member', async () => {
    const before = await system.mark();
    const { leader } = await patroni();
    await system.carryOut('senior-engineer', '/failover', 'openmeet postgres maintenance of the node --planned');
    const after = await patroni();
    expect(after.leader).not.toBe(leader);
    expect(after.members.filter(({ writable }: any) => writable).map(({ name }: any) => name)).toEqual([after.leader]);
    expect((await system.since(before)).count('patroni:Switchover')).toBe(1);
  });

  it('O1 unplanned: the leader is killed, and another member leads', async () => {
    const { leader } = await patroni();
    await system.world.post('/patroni/kill', { member: leader });
    await system.carryOut('senior-engineer', '/failover', 'openmeet postgres the leader is dead');
    const after = await patroni();
    expect(after.leader).toBeDefined();
    expect(after.leader).not.toBe(leader);
    expect(after.members.filter(({ writable }: any) => writable).map(({ name }: any) => name)).toEqual([after.leader]);
    await system.world.post('/patroni/revive', { member: leader });
    await system.until('the old leader following', async () =>
      (await patroni()).members.every(({ state }: any) => state === 'running'),
    );
    expect((await patroni()).leader).toBe(after.leader);
  });

  it('O2: the master is killed, and a replica takes its place', async () => {
    const { master } = await redis();
    await system.world.post('/redis/kill', { node: master });
    await system.carryOut('senior-engineer', '/failover', 'openmeet redis the master is dead');
    const after = await redis();
    expect(after.master).not.toBe(master);
    dump(after);
    await system.world.post('/redis/revive', { node: master });
  });

  it('O9: the API is restarted and scaled, the volume cleaned up and grown, dead pods made anew', async () => {
    await system.world.post('/kubernetes/unready', {
      cluster: virginia,
      namespace: 'openmeet-production',
      selector: 'app=api',
    });
    const before = await system.mark();
    await system.carryOut('senior-engineer', '/dr', 'recover openmeet pods two pods hang');
    dump((await system.since(before)).lines);
    await system.carryOut('senior-engineer', '/dr', 'recover openmeet api it answers 500');
    dump((await system.since(before)).lines);
    await system.carryOut('senior-engineer', '/dr', 'recover openmeet storage the volume is full');
    dump((await system.since(before)).lines);
    dump((await system.state()).clusters[virginia]);
  });

  it('O3: with us-east-1 down, pods, database and traffic are in us-west-2', async () => {
    await system.world.post('/faults', { kind: 'region-down', region: 'us-east-1' });
    const before = await system.mark();
    await system.wait(30);
    const run = await system.carryOut('senior-engineer', '/failover', 'openmeet region us-east-1 is dark');
    await system.untilAnswers('api.openmeet.com', ['198.51.100.20']);
    dump((await system.since(before)).lines);
    dump(await system.replicas(oregon), await system.instance('openmeet-prod-us-west-2'));
    const report = await system.report(run);
    dump(report.stages, report.rtoSeconds);
  });

  it('O11: the tertiary Region is built from templates and backups, and gets the traffic', async () => {
    const before = await system.mark();
    await system.carryOut(
      'senior-engineer',
      '/failover',
      'openmeet complete to ireland both Regions are lost --anyway',
    );
    await system.untilAnswers('api.openmeet.com', ['198.51.100.30']);
    dump((await system.since(before)).lines);
    dump(await system.replicas(ireland));
  });
});
