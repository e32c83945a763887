import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LivingSystem, openSystem } from '../../support/living-system.ts';
import { approveRun } from '../../support/rehearsal.ts';

const dr = 'llm-marketplace-dr';
const standby = { 'publishing-service': 1, 'discovery-service': 1, 'consumption-service': 2, 'admin-service': 1 };
const serving = { 'publishing-service': 4, 'discovery-service': 4, 'consumption-service': 6, 'admin-service': 2 };

let system: LivingSystem;
beforeAll(async () => {
  system = await openSystem({ plan: 'llm-marketplace', speed: 60, at: '2026-11-24T15:00:00Z' });
}, 120_000);
afterAll(() => system?.bot.close());

const weights = async (): Promise<string[]> =>
  (await system.state()).records
    .filter(({ name }: any) => name === 'api.llm-marketplace.com.')
    .map(({ values, weight }: any) => `${values} ${weight}`)
    .sort();

describe('llm-marketplace', { timeout: 400_000 }, () => {
  it('L3: nobody answers, so the next are asked and woken in order; running out of time changes nothing', async () => {
    const before = await system.mark();
    const answer = await system.say('sre-lead', '/failover', 'llm-marketplace database the primary is slow');
    const run = /`(r-[a-z0-9]{8})`/.exec(answer)![1]!;
    await system.until(`the end of ${run}`, async () => {
      const { channels } = await system.world.get('/slack/state');
      return JSON.stringify(channels).includes('⌛ Expired');
    });
    const asked = (await system.pages()).filter(({ why }) => why.includes('waits for your approval'));
    // The two levels in their order, and at the end once more everybody who may.
    expect(asked.slice(0, 2).map(({ name }) => name)).toEqual(['Ines Calder', 'Carlo Tamm']);
    expect(
      asked
        .slice(2)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['Carlo Tamm', 'Viola Prince']);
    const minutes = asked.map(({ at }) => Date.parse(at) / 60_000);
    expect(minutes[1]! - minutes[0]!).toBeGreaterThan(3);
    const told = (await system.since(before)).of('slack:chat.postMessage') as any[];
    const direct = told.filter(({ details }) => String(details.text).includes('waits for your approval'));
    expect(direct.map(({ details }) => details.name)).toEqual(
      expect.arrayContaining(['U0LLMVPEN1', 'U0LLMCMND1', 'U0LLMCTO01']),
    );
    expect((await system.since(before)).lines).toEqual([]);
    expect(await system.instance('llm-marketplace-db-dr')).toMatchObject({ role: 'replica' });
  });

  it('L2: the database takes writes in its other zone, and a pod was asked', async () => {
    const before = await system.mark();
    expect(await system.instance('llm-marketplace-db')).toMatchObject({ zone: 'us-east-1a' });
    expect(await system.world.get('/kubernetes/commands')).toEqual([]);
    await system.carryOut('sre-lead', '/failover', 'llm-marketplace multi-az its zone is gone', ['vp-engineering']);
    expect(await system.instance('llm-marketplace-db')).toMatchObject({ zone: 'us-east-1b', status: 'available' });
    expect((await system.since(before)).of('rds:RebootDBInstance')).toEqual([
      expect.objectContaining({ resource: 'rds:us-east-1:llm-marketplace-db', details: { failover: true } }),
    ]);
    expect(await system.world.get('/kubernetes/commands')).toContainEqual({
      cluster: 'llm-marketplace',
      pod: expect.stringMatching(/^publishing-service-/),
      command: ['wget', '-q', '-O-', 'http://localhost:3001/health'],
    });
  });

  it('L4: when a step fails, the counts and weights of before are brought back', async () => {
    const shares = await weights();
    expect(await system.replicas(dr)).toEqual(standby);
    await system.world.post('/faults', { kind: 'error', change: 'route53:ChangeResourceRecordSets' });
    const before = await system.mark();
    const words = 'llm-marketplace application the cluster is sick';
    const run = await system.begin('sre-lead', '/failover', words, ['vp-engineering']);
    await system.cardSays(run, /❌ Failed/);
    const scaled = (await system.since(before)).of('kubernetes:PatchDeploymentScale') as any[];
    expect(scaled.map(({ details }) => details.replicas)).toHaveLength(8);
    expect(await system.replicas(dr)).toEqual(standby);
    expect(await weights()).toEqual(shares);
    await system.world.clearFaults();
  });

  it('L4: the full platform: pods, database and traffic are in the other Region', async () => {
    await system.carryOut('sre-lead', '/failover', 'llm-marketplace region all of it', ['vp-engineering']);
    expect(await system.replicas(dr)).toEqual(serving);
    expect(await weights()).toEqual(['203.0.113.10 0', '203.0.113.20 100']);
    await system.untilAnswers('api.llm-marketplace.com', ['203.0.113.20']);
    expect(await system.instance('llm-marketplace-db-dr')).toMatchObject({ role: 'primary', writable: true });
  });

  it('B8: aborted during the second share, a failback goes back to the first, which was watched and good', async () => {
    const run = await system.begin('sre-lead', '/failback', 'llm-marketplace region it is well', []);
    // How far behind the old place is says nothing of what would be lost: it takes over when it has everything.
    expect(await system.cardSays(run, /Expected loss/)).toContain(
      'nothing of database would be lost, as virginia takes',
    );
    await approveRun(system.world, run, ['vp-engineering']);
    await system.until('the second share', async () => (await weights()).includes('203.0.113.10 50'));
    await system.click(run, 'sre-lead', 'run:abort');
    await system.until('the first share', async () => (await weights()).includes('203.0.113.10 10'));
    await system.cardSays(run, /⛔ Aborted/);
    expect(await weights()).toEqual(['203.0.113.10 10', '203.0.113.20 90']);
    expect(await system.replicas(dr)).toEqual(serving);
  });

  it('B8: what an aborted failback left undone is moved by the line that a second one is refused with', async () => {
    const refusal = await system.say('sre-lead', '/failback', 'llm-marketplace region the rest of it');
    const [, command = '', text = ''] = /`(\/failover) ([^`]+)`/.exec(refusal) ?? [];
    expect(text).toMatch(/^llm-marketplace region to \S+ .* --anyway$/);
    await system.carryOut('sre-lead', command, text.replaceAll('&lt;reason&gt;', 'the rest of it'), ['vp-engineering']);
    expect(await weights()).toEqual(['203.0.113.10 100', '203.0.113.20 0']);
  });
});
