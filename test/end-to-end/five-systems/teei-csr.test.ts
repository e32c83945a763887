import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LivingSystem, openSystem } from '../../support/living-system.ts';

const approvers = ['sre-manager', 'vp-engineering'];
const standby = 'postgres.eu-central-1.teei.example';
const primary = 'postgres.us-east-1.teei.example';

let system: LivingSystem;
beforeAll(async () => {
  system = await openSystem({ plan: 'teei-csr', speed: 40, at: '2026-11-24T15:00:00Z' });
}, 120_000);
afterAll(() => system?.bot.close());

/** The rows of the matrix that are said to apply, and the verdict. */
const assess = async (words = ''): Promise<{ verdict: string; rows: string[] }> => {
  const answer = await system.say('sre-manager', '/dr', `assess teei-csr ${words}`.trim());
  return {
    verdict: /^\*(.+)\*$/m.exec(answer)?.[1] ?? answer,
    rows: [...answer.matchAll(/^▶ ([^:]+):/gm)].map(([, row]) => row!),
  };
};

/** What a run that was taken back must have left as it was. */
const everything = async () => {
  const { instances, records, cloudflareRecords } = await system.state();
  const replicas = [await system.replicas('teei-us-east-1'), await system.replicas('teei-eu-central-1')];
  const fetching = (await system.world.get('/clickhouse')).map(({ fetching }: any) => fetching);
  const streams = (await system.world.get('/nats')).map(({ streams }: any) => Object.keys(streams));
  return { instances, records, cloudflareRecords, replicas, fetching, streams };
};

const rowsSince = async (instance: string, moment: string): Promise<number> => {
  const sql = 'SELECT count(*)::int AS rows FROM dr_heartbeat WHERE beat_at > $1';
  return (await system.sql(instance, sql, [moment]))[0].rows;
};

describe('teei-csr', { timeout: 400_000 }, () => {
  it('T4: what is broken, or what a person says, decides which row of the matrix applies', async () => {
    expect((await assess()).verdict).toMatch(/^No row applies/);
    expect((await assess('maintenance')).verdict).toMatch(/^Scheduled maintenance .*: switchover region$/);

    const unready = { cluster: 'teei-us-east-1', namespace: 'teei', selector: 'app=q2q-ai', count: 1 };
    await system.world.post('/kubernetes/unready', unready);
    expect(await assess()).toMatchObject({
      verdict: expect.stringMatching(/^A single pod has failed .*: do nothing/),
      rows: ['A single pod has failed'],
    });

    await system.world.post('/faults', { kind: 'service', service: 'clickhouse', how: 'hang' });
    await system.wait(90);
    expect((await assess()).verdict).toMatch(/^ClickHouse fails and the database is well .*: failover clickhouse$/);
    await system.world.clearFaults();

    await system.world.post('/lag', { seconds: 3000 });
    await system.wait(420);
    const lagging = await assess();
    expect(lagging.verdict).toMatch(/^Replication lag .*: wait until replica close, then failover region$/);
    await system.world.post('/lag', { seconds: 3 });
    await system.until('the standby close again', async () => !(await assess()).rows.includes('Replication lag'));
  });

  it('T7: corruption is never promoted; what is restored beside is put in place when a person said from where', async () => {
    const { verdict } = await assess('corruption');
    expect(verdict).toMatch(/^Database corruption .*: refuse a failover: .*recover corruption instead$/);
    const before = await system.mark();
    const run = await system.begin('gameday-lead', '/dr', 'recover teei-csr corruption rows are garbled', approvers);
    await system.until('replay paused', async () => (await system.instance(standby)).replayPaused);
    await system.cardSays(run, /Yours to do/);
    expect((await system.since(before)).count('kubernetes:CreateJob')).toBe(0);
    await system.click(run, 'sre-manager', 'run:done:last-good');
    await system.succeeded(run);
    const changes = await system.since(before);
    expect(
      changes.of('kubernetes:CreateJob').map(({ resource }) => /job\/([a-z-]+)-[0-9a-f]+$/.exec(resource)![1]),
    ).toEqual(['restore-temporary', 'verify-temporary', 'put-in-place', 'replicate-again']);
    expect(changes.count('postgres:Promote')).toBe(0);
  });

  it('T8: replay is paused before anything else is done, and goes on at the end', async () => {
    await system.sql(standby, 'SELECT 1');
    const { verdict } = await assess('deletion');
    expect(verdict).toMatch(/^Accidental deletion .*: refuse a failover: .*recover deleted-data instead$/);
    const before = await system.mark();
    await system.world.post('/holds', { call: 'kubernetes:CreateJob', when: 'before' });
    const words = 'recover teei-csr deleted-data somebody deleted programs';
    const run = await system.begin('gameday-lead', '/dr', words, approvers);
    await system.until('the copy about to begin', async () =>
      (await system.world.get('/holds')).some(({ reached }: any) => reached),
    );
    expect(await system.instance(standby)).toMatchObject({ replayPaused: true });
    await system.world.post('/holds/release', { how: 'go' });
    await system.succeeded(run);
    expect(await system.instance(standby)).toMatchObject({ replayPaused: false });
    expect((await system.since(before)).count('kubernetes:CreateJob')).toBe(1);
  });

  it('T6: takes too long before the promote, so it takes itself back and everything is as before', async () => {
    const before = await everything();
    const mark = await system.mark();
    await system.world.post('/lag', { seconds: 3000 });
    const run = await system.begin('gameday-lead', '/failover', 'teei-csr region maintenance --planned', approvers);
    await system.until(
      'pods on their way',
      async () => (await system.since(mark)).count('kubernetes:PatchDeploymentScale') === 5,
    );
    await system.cardSays(run, /❌ Failed/);
    await system.until('the pods of before', async () => {
      const { replicas } = await everything();
      return JSON.stringify(replicas) === JSON.stringify(before.replicas);
    });
    expect(await everything()).toEqual(before);
    expect((await system.since(mark)).lines).not.toEqual([]);
    await system.world.post('/lag', { seconds: 3 });
    const { now } = await system.world.get('/clock');
    await system.until('the old primary taking rows again', async () => (await rowsSince(primary, now)) > 0);
  });

  it('T1 T2 T9: the Region is unreachable; database, streams, analytics, pods and both names are in the other one', async () => {
    const { now } = await system.world.get('/clock');
    await system.until('the standby close', async () => (await rowsSince(standby, now)) > 0);
    await system.world.post('/faults', { kind: 'region-down', region: 'us-east-1' });
    await system.wait(310);
    expect((await assess()).verdict).toMatch(/^Primary Region unreachable .*: failover region$/);
    const before = await system.mark();
    const run = await system.carryOut('gameday-lead', '/failover', 'teei-csr region us-east-1 is dark', approvers);
    await system.untilAnswers('api.teei.example', ['198.51.100.120']);
    await system.untilAnswers('www.teei.example', ['198.51.100.120']);
    expect(await system.instance(standby)).toMatchObject({ role: 'primary', writable: true });
    expect(await system.replicas('teei-eu-central-1')).toEqual({
      'api-gateway': 6,
      'unified-profile': 6,
      reporting: 3,
      'q2q-ai': 3,
      'impact-in': 3,
    });
    const analytics = (await system.world.get('/clickhouse')).find(({ place }: any) => place === 'frankfurt');
    expect(analytics.fetching).toBe(false);
    const events = (await system.world.get('/nats')).find(({ place }: any) => place === 'frankfurt');
    const source = Object.values<any>(events.streams).find(({ config }) => config.subjects?.includes('events.>'));
    expect(source).toMatchObject({ messages: 1000 });
    expect(source.config.mirror).toBeUndefined();
    const [switched] = (await system.since(before)).of('route53:ChangeResourceRecordSets');
    await system.until(
      'rows that the application writes there',
      async () => (await rowsSince(standby, switched!.visibleAt!)) > 0,
    );
    const { stages } = await system.report(run);
    expect(stages.map(({ name, targetSeconds }: any) => [name, targetSeconds])).toEqual([
      ['assess', 60],
      ['database', 60],
      ['clickhouse', 30],
      ['nats', 30],
      ['scale', 60],
      ['dns', 60],
      ['verify', 60],
    ]);
    for (const { seconds } of stages) expect(seconds).toBeGreaterThanOrEqual(0);
  });
});
