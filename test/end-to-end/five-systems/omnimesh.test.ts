import { appendFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LivingSystem, openSystem } from '../../support/living-system.ts';

const dump = (...x: unknown[]) =>
  appendFileSync(
    '/tmp/dump-m.txt',
    x.map((y) => (typeof y === 'string' ? y : JSON.stringify(y, null, 1))).join('\n') + '\n---\n',
  );
const oregon = 'omnimesh-prod-us-west-2';

let system: LivingSystem;
beforeAll(async () => {
  system = await openSystem({ plan: 'omnimesh', speed: 100, at: '2026-11-24T15:00:00Z' });
}, 120_000);
afterAll(() => system?.bot.close());

const approvers = ['dba', 'vp-engineering'];

describe('omnimesh', { timeout: 300_000 }, () => {
  let countsBefore: Record<string, number>;

  it('M3: all is well, so no row applies; the database is silent for five minutes, so it is to be failed over', async () => {
    const well = await system.say('dr-lead', '/dr', 'assess omnimesh');
    dump(well);
    await system.world.post('/faults', { kind: 'service', service: 'postgres', how: 'hang' });
    await system.wait(120);
    const early = await system.say('dr-lead', '/dr', 'assess omnimesh');
    dump(early);
    await system.wait(300);
    const late = await system.say('dr-lead', '/dr', 'assess omnimesh');
    dump(late);
    await system.world.clearFaults();
    expect(well).toMatch(/No row applies/);
  });

  it('M10 B8: a failback', async () => {
    const before = await system.state();
    await system.carryOut('dr-lead', '/failover', 'omnimesh region the Region is failing', approvers);
    await system.untilAnswers('api.omnimesh.com', ['52.123.45.67']);
    dump('failed over', await system.replicas(oregon));
    const mark = await system.mark();
    await system.carryOut('dr-lead', '/failback', 'omnimesh region it is well again', approvers);
    dump((await system.since(mark)).lines);
    dump((await system.since(mark)).of('route53:ChangeResourceRecordSets'));
    const after = await system.state();
    dump(
      before.clusters[oregon],
      after.clusters[oregon],
      before.groups,
      after.groups,
      before.instances,
      after.instances,
      before.records,
      after.records,
    );
  });
});
