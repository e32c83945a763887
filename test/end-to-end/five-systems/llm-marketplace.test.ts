import { appendFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LivingSystem, openSystem } from '../../support/living-system.ts';

const dump = (...x: unknown[]) =>
  appendFileSync(
    '/tmp/dump-llm.txt',
    x.map((y) => (typeof y === 'string' ? y : JSON.stringify(y))).join('\\n') + '\\n---\\n',
  );
let system: LivingSystem;

beforeAll(async () => {
  system = await openSystem({ plan: 'llm-marketplace', speed: 60, at: '2026-11-24T15:00:00Z' });
}, 120_000);
afterAll(() => system?.bot.close());
const dr = 'llm-marketplace-dr';
const weights = async () =>
  (await system.state()).records
    .filter(({ name }: any) => name === 'api.llm-marketplace.com.')
    .map(({ values, weight }: any) => `${values} ${weight}`)
    .sort();

describe('llm-marketplace', { timeout: 300_000 }, () => {
  it('L3: who does not answer is followed by the next, in order and woken, and no answer changes nothing', async () => {
    const before = await system.mark();
    const answer = await system.say('sre-lead', '/failover', 'llm-marketplace database the primary is slow');
    const run = /r-[a-z0-9]{8}/.exec(answer)![0];
    await system.cardSays(run, /Expired/);
    dump(
      await system.pages(),
      (await system.since(before)).lines,
      (await system.since(before)).of('slack:chat.postMessage'),
    );
    expect((await system.since(before)).lines).toEqual([]);
  });
  it('L2: the database is in its other zone, and a pod was asked', async () => {
    dump(await system.instance('llm-marketplace-db'));
    const before = await system.mark();
    await system.carryOut('sre-lead', '/failover', 'llm-marketplace multi-az its zone is gone', ['vp-engineering']);
    dump(
      await system.instance('llm-marketplace-db'),
      (await system.since(before)).lines,
      await system.world.get('/kubernetes/commands'),
    );
  });
  it('L4: a failed step takes everything back', async () => {
    const pods = await system.replicas(dr);
    const shares = await weights();
    dump(pods, shares);
    await system.world.post('/faults', { kind: 'error', change: 'route53:ChangeResourceRecordSets' });
    const before = await system.mark();
    const run = await system.begin('sre-lead', '/failover', 'llm-marketplace application the cluster is sick', [
      'vp-engineering',
    ]);
    dump(await system.cardSays(run, /Failed/));
    dump(
      (await system.since(before)).of('kubernetes:PatchDeploymentScale'),
      await system.replicas(dr),
      await weights(),
    );
    await system.world.clearFaults();
  });
  it('L4 B8: full', async () => {
    const before = await system.mark();
    await system.carryOut('sre-lead', '/failover', 'llm-marketplace region everything', ['vp-engineering']);
    dump((await system.since(before)).lines, await weights(), await system.replicas(dr));
    const run = await system.begin('sre-lead', '/failback', 'llm-marketplace region home', ['vp-engineering']);
    await system.until('second share', async () => (await weights()).includes('203.0.113.10 50'));
    dump(await weights());
    await system.click(run, 'sre-lead', 'run:abort');
    dump(await system.cardSays(run, /Aborted/));
    dump((await system.since(before)).lines, await weights(), await system.replicas(dr));
  });
});
