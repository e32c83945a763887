import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LivingSystem, openSystem } from '../../support/living-system.ts';

const virginia = 'openmeet-us-east-1';
const oregon = 'openmeet-us-west-2';
const ireland = 'openmeet-eu-west-1';
const serving = { api: 10, web: 10, billing: 3, analytics: 3, notification: 3 };
const onCall = 'senior-engineer';

let system: LivingSystem;
/** Pods that are not ready since the first test, until they are made anew. */
let hanging: string[] = [];
beforeAll(async () => {
  system = await openSystem({ plan: 'openmeet', speed: 40, at: '2026-11-24T15:00:00Z' });
}, 120_000);
afterAll(() => system?.bot.close());

const patroni = async () => (await system.world.get('/patroni'))[0];
/** As an operator with `patronictl pause` and `resume`. */
const pausePatroni = (pause: boolean): Promise<unknown> => {
  const name = 'postgres-patroni-2.openmeet-production.internal:8008';
  const hosts = system.bot.settings['MAYDAY_HOSTS']!.split(',');
  const address = hosts.find((each) => each.startsWith(`${name}=`))!.split('=')[1]!;
  return new Promise((done, reject) => {
    const headers = { host: name, 'content-type': 'application/json' };
    request(`http://${address}/config`, { method: 'PATCH', headers }, (response) => response.resume().once('end', done))
      .once('error', reject)
      .end(JSON.stringify({ pause }));
  });
};
const redis = async () => (await system.world.get('/redis'))[0];
const writers = ({ members }: any): string[] =>
  members.filter(({ alive, writable }: any) => alive && writable).map(({ name }: any) => name);
const untilReady = (cluster: string) =>
  system.until(`every pod of ${cluster}`, async () =>
    Object.values(await system.deployments(cluster)).every(({ replicas, ready }) => replicas === ready),
  );

/** One world and one bot; each test goes on where the one before it ended. */
describe('openmeet', { timeout: 400_000 }, () => {
  it('O12: one command checks everything in every place, sees what is broken, and changes nothing', async () => {
    const before = await system.mark();
    const well = await system.say(onCall, '/dr', 'check openmeet');
    for (const what of ['leads, 2 follow', '2 replicas follow', 'api 10/10', 'api 3/3', 'health answered 200'])
      expect(well).toContain(what);
    for (const place of ['virginia', 'oregon', 'ireland'])
      expect(well).toMatch(new RegExp(`database in ${place}: (active|standby)`));
    const unready = { cluster: virginia, namespace: 'openmeet-production', selector: 'app=api', count: 2 };
    hanging = (await system.world.post('/kubernetes/unready', unready)).pods;
    expect(await system.say(onCall, '/dr', 'check openmeet')).toContain('not ready yet: api 8 of 10');
    expect((await system.since(before)).lines).toEqual([]);
  });

  it('O1 planned: the leader hands over to another member, once', async () => {
    const before = await system.mark();
    const { leader } = await patroni();
    await system.carryOut(onCall, '/failover', 'openmeet postgres maintenance of the node --planned');
    const after = await patroni();
    expect(after.leader).not.toBe(leader);
    expect(writers(after)).toEqual([after.leader]);
    const changes = await system.since(before);
    expect(changes.count('patroni:Switchover')).toBe(1);
    expect(changes.count('patroni:Failover')).toBe(0);
  });

  it('O1 unplanned: the leader is killed, another member leads, and the old one only follows when it returns', async () => {
    const { leader } = await patroni();
    // Otherwise the others would elect one of them before a person has typed anything.
    await pausePatroni(true);
    await system.world.post('/patroni/kill', { member: leader });
    await system.carryOut(onCall, '/failover', 'openmeet postgres the leader is dead');
    await pausePatroni(false);
    const after = await patroni();
    expect(after.leader).toBeDefined();
    expect(after.leader).not.toBe(leader);
    expect(writers(after)).toEqual([after.leader]);
    await system.world.post('/patroni/revive', { member: leader });
    await system.until('the old leader running', async () =>
      (await patroni()).members.every(({ state }: any) => state === 'running'),
    );
    expect(writers(await patroni())).toEqual([after.leader]);
  });

  it('O2: a master that limps is replaced, and one that was killed as well; a replica follows the new one', async () => {
    const limping = (await redis()).master;
    const before = await system.mark();
    await system.carryOut(onCall, '/failover', 'openmeet redis the master limps');
    expect((await system.since(before)).count('redis:SentinelFailover')).toBe(1);
    const { master } = await redis();
    expect(master).not.toBe(limping);
    await system.world.post('/redis/kill', { node: master });
    await system.carryOut(onCall, '/failover', 'openmeet redis the master is dead');
    const after = await redis();
    expect(after.master).not.toBe(master);
    const alive = after.nodes.filter((node: any) => node.alive);
    expect(alive.filter(({ role }: any) => role === 'master').map(({ name }: any) => name)).toEqual([after.master]);
    expect(alive.some(({ role, online }: any) => role === 'slave' && online)).toBe(true);
    await system.world.post('/redis/revive', { node: master });
  });

  it('O9 pods: only those that are not ready are made anew', async () => {
    expect(hanging).toHaveLength(2);
    const before = await system.mark();
    await system.carryOut(onCall, '/dr', 'recover openmeet pods two pods hang');
    const deleted = (await system.since(before)).of('kubernetes:DeletePod').map(({ resource }) => resource);
    expect(deleted.map((resource) => resource.split('/').at(-1)).sort()).toEqual([...hanging].sort());
    const api = (await system.deployments(virginia))['openmeet-production/api'];
    expect(api).toEqual({ replicas: 10, ready: 10 });
  });

  it('O9 api: restarted, and all its ten pods ready', async () => {
    const before = await system.mark();
    await system.carryOut(onCall, '/dr', 'recover openmeet api it answers 500');
    expect((await system.since(before)).lines).toEqual([
      `kubernetes:PatchDeployment kubernetes:${virginia}:openmeet-production/deployment/api`,
    ]);
    const api = (await system.deployments(virginia))['openmeet-production/api'];
    expect(api).toEqual({ replicas: 10, ready: 10 });
  });

  it('O9 storage: cleaned up by a Job, then the volume claim is larger', async () => {
    const before = await system.mark();
    const claim = 'openmeet-production/pgdata-postgres-patroni-0';
    const size = async () => (await system.state()).clusters[virginia].claims[claim];
    expect(await size()).toBe('100Gi');
    await system.carryOut(onCall, '/dr', 'recover openmeet storage the volume is full');
    const changes = await system.since(before);
    const [job] = changes.of('kubernetes:CreateJob');
    const [grown] = changes.of('kubernetes:PatchPersistentVolumeClaim');
    expect(job!.resource).toContain('job/clean-up');
    expect(Date.parse(grown!.acceptedAt)).toBeGreaterThanOrEqual(Date.parse(job!.visibleAt!));
    expect(await size()).toBe('200Gi');
  });

  it('O3 B5: us-east-1 is down; pods, database and traffic are in us-west-2', async () => {
    await system.world.post('/faults', { kind: 'region-down', region: 'us-east-1' });
    const before = await system.mark();
    await system.wait(30);
    const run = await system.carryOut(onCall, '/failover', 'openmeet region us-east-1 is dark');
    await system.untilAnswers('api.openmeet.com', ['198.51.100.20']);
    expect(await system.replicas(oregon)).toEqual(serving);
    await untilReady(oregon);
    expect(await system.instance('openmeet-prod-us-west-2')).toMatchObject({ role: 'primary', writable: true });
    const changes = await system.since(before);
    const [promoted] = changes.of('rds:PromoteReadReplica');
    const [switched] = changes.of('route53:ChangeResourceRecordSets');
    expect(Date.parse(switched!.acceptedAt)).toBeGreaterThan(Date.parse(promoted!.visibleAt!));
    await system.until('rows that the application writes there', async () => {
      const sql = 'SELECT count(*)::int AS rows FROM dr_heartbeat WHERE beat_at > $1';
      return (await system.sql('openmeet-prod-us-west-2', sql, [promoted!.visibleAt]))[0].rows > 0;
    });
    const { phases, rtoSeconds } = await system.report(run);
    const seconds = ['detect', 'declare', 'decide', 'approve', 'execute', 'verify'].map((phase) => phases[phase]);
    expect(seconds.every((each) => typeof each === 'number' && each >= 0)).toBe(true);
    expect(seconds.reduce((sum, each) => sum + each, 0)).toBeCloseTo(rtoSeconds, 0);
    const work = (Date.parse(switched!.visibleAt!) - Date.parse(promoted!.acceptedAt)) / 1000;
    expect(rtoSeconds).toBeGreaterThan(work);
  });

  it('O11: the tertiary Region is built and filled by four Jobs in their order, and gets the traffic', async () => {
    await system.world.post('/faults', { kind: 'region-down', region: 'us-west-2' });
    const before = await system.mark();
    const words = 'openmeet complete to ireland both Regions are lost --anyway';
    await system.carryOut(onCall, '/failover', words);
    await system.untilAnswers('api.openmeet.com', ['198.51.100.30']);
    const changes = await system.since(before);
    const jobs = changes.of('kubernetes:CreateJob');
    const named = (name: string) =>
      jobs.find(({ resource }) => resource.includes(`${ireland}:openmeet-production/job/${name}`))!;
    const restores = ['restore-postgres', 'restore-mongodb', 'restore-redis'].map(named);
    expect(jobs).toHaveLength(4);
    const follows = (later: { acceptedAt: string }, earlier: { visibleAt?: string }) =>
      expect(Date.parse(later.acceptedAt)).toBeGreaterThanOrEqual(Date.parse(earlier.visibleAt!));
    for (const restore of restores) follows(restore, named('terraform-apply'));
    const [switched] = changes.of('route53:ChangeResourceRecordSets');
    for (const restore of restores) follows(switched!, restore);
    for (const scaled of changes.of('kubernetes:PatchDeploymentScale'))
      for (const restore of restores) follows(scaled, restore);
    expect(await system.replicas(ireland)).toEqual(serving);
    await system.until('rows that the application writes there', async () => {
      const sql = 'SELECT count(*)::int AS rows FROM dr_heartbeat WHERE beat_at > $1';
      return (await system.sql('openmeet-prod-eu-west-1', sql, [switched!.visibleAt]))[0].rows > 0;
    });
  });
});
