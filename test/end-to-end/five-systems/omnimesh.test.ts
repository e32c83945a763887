import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LivingSystem, openSystem } from '../../support/living-system.ts';

const oregon = 'omnimesh-prod-us-west-2';
const approvers = ['dba', 'vp-engineering'];

let system: LivingSystem;
beforeAll(async () => {
  // Fast, for a failback watches each share for half an hour.
  system = await openSystem({ plan: 'omnimesh', speed: 100, at: '2026-11-24T15:00:00Z' });
}, 120_000);
afterAll(() => system?.bot.close());

/** What stands by: its pods, cache nodes, settings and Secret. */
const standing = async () => {
  const { clusters, groups, records } = await system.state();
  const { secrets, configMaps } = clusters[oregon];
  return { replicas: await system.replicas(oregon), secrets, configMaps, groups, records };
};

describe('omnimesh', { timeout: 400_000 }, () => {
  it('M3: all is well, so no row applies; the database is silent for five minutes, so it is to be failed over', async () => {
    const before = await system.mark();
    expect(await system.say('dr-lead', '/dr', 'assess omnimesh')).toContain(
      '*No row applies: nothing has to be done.*',
    );
    await system.world.post('/faults', { kind: 'service', service: 'postgres', how: 'hang' });
    await system.wait(330);
    const silent = await system.say('dr-lead', '/dr', 'assess omnimesh');
    expect(silent).toMatch(/^\*The database does not answer .*: failover database\*$/m);
    expect(silent.match(/^▶/gm)).toHaveLength(1);
    await system.world.clearFaults();
    expect((await system.since(before)).lines).toEqual([]);
  });

  it('M10 B8: comes home with the data first, then 10, 50 and 100 percent, each watched for 30 min; then it stands by as before', async () => {
    const before = await standing();
    await system.carryOut('dr-lead', '/failover', 'omnimesh region the Region is failing', approvers);
    await system.untilAnswers('api.omnimesh.com', ['52.123.45.67']);
    const away = await system.world.get('/clock');
    expect(await standing()).not.toEqual(before);
    const sql = 'SELECT count(*)::int AS rows FROM dr_heartbeat WHERE beat_at > $1 AND beat_at <= $2';
    const span = [away.now, new Date(Date.parse(away.now) + 60_000).toISOString()];
    await system.wait(70);
    const [written] = await system.sql('omnimesh-prod-replica-us-west-2', sql, span);
    expect(written.rows).toBeGreaterThan(30);

    const mark = await system.mark();
    await system.carryOut('dr-lead', '/failback', 'omnimesh region it is well again', approvers);
    await system.untilAnswers('api.omnimesh.com', ['52.91.123.45']);
    const changes = await system.since(mark);
    const shares = changes.of('route53:ChangeResourceRecordSets') as any[];
    expect(
      shares.map(({ details }) => details.changes.find(({ value }: any) => value[0] === '52.91.123.45').weight),
    ).toEqual([10, 50, 100]);
    const at = shares.map(({ acceptedAt }) => Date.parse(acceptedAt) / 1000);
    for (const i of [1, 2]) expect(at[i]! - at[i - 1]!).toBeGreaterThanOrEqual(30 * 60);

    const home = changes.entries.filter(({ resource }) => resource === 'rds:us-east-1:omnimesh-prod-primary');
    expect(home.map(({ change }) => change)).toEqual([
      'rds:ModifyDBInstance',
      'rds:CreateDBInstanceReadReplica',
      'rds:PromoteReadReplica',
    ]);
    expect(Date.parse(home[2]!.visibleAt!) / 1000).toBeLessThanOrEqual(at[0]!);
    const { instances } = await system.state();
    const aside = instances.find(({ id }: any) => /^omnimesh-prod-primary-\w+$/.test(id));
    expect(aside).toMatchObject({ region: 'us-east-1' });
    expect(await system.instance('omnimesh-prod-primary')).toMatchObject({ role: 'primary', writable: true });
    // What was written while it was away came home, row by row.
    expect((await system.sql('omnimesh-prod-primary', sql, span))[0]).toEqual(written);
    expect(await system.instance('omnimesh-prod-replica-us-west-2')).toMatchObject({
      role: 'replica',
      source: 'omnimesh-prod-primary',
    });
    await system
      .until('the counts of before', async () => JSON.stringify(await standing()) === JSON.stringify(before))
      .catch(() => {});
    expect(await standing()).toEqual(before);
  });
});
