import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LivingSystem, openSystem } from '../../support/living-system.ts';

const onCall = 'devops-lead';
const services = {
  database: [],
  redis: [],
  'message-queue': [],
  'auth-service': ['database', 'redis'],
  'api-gateway': ['auth-service', 'message-queue'],
  'web-app': ['api-gateway'],
  'admin-panel': ['web-app'],
  reporting: ['admin-panel'],
};

let system: LivingSystem;
beforeAll(async () => {
  system = await openSystem({ plan: 'dr-plan', speed: 40, at: '2026-11-24T15:00:00Z' });
}, 120_000);
afterAll(() => system?.bot.close());

const executivesTold = async (): Promise<string[]> => [
  ...(await system.mails())
    .filter(({ recipients }) => recipients.some((to) => to.startsWith('executive')))
    .map(({ subject }) => subject),
  ...(await system.pages()).filter(({ person }) => person === 'PEXEXEC').map(({ why }) => why),
];
const resolve = async () => {
  await system.say(onCall, '/incident', 'resolve it is over');
  await system.until('no open incident', async () => !(await system.say(onCall, '/incident', 'status')).includes('i-'));
};

describe('dr-plan', { timeout: 400_000 }, () => {
  it('P3: Route 53 answers with the secondary by itself, and with the primary again, and nobody changed anything', async () => {
    const before = await system.mark();
    expect(await system.answers('www.example.com')).toEqual(['192.0.2.110']);
    await system.world.post('/faults', { kind: 'region-down', region: 'us-east-1' });
    await system.untilAnswers('www.example.com', ['192.0.2.120']);
    await system.world.clearFaults();
    await system.untilAnswers('www.example.com', ['192.0.2.110']);
    expect((await system.since(before)).lines).toEqual([]);
  });

  it('P9: a P3 is told to the team, and neither to executives nor in #war-room', async () => {
    await system.carryOut(onCall, '/failover', 'dr-plan website the web servers are tired');
    await system.untilAnswers('www.example.com', ['192.0.2.120']);
    await system.until('the channel told', async () => (await system.channel('incidents')).includes('P3'));
    await system.until('the team told', async () =>
      (await system.mails()).some(({ recipients }) => recipients.includes('devops@example.com')),
    );
    expect(await system.channel('war-room')).toBe('');
    expect(await executivesTold()).toEqual([]);
    await resolve();
  });

  it('P6: eight services come up in an order that respects what they need, each ready before the next', async () => {
    const before = await system.mark();
    const readyAt = new Map<string, number>();
    const run = await system.begin(onCall, '/dr', 'recover dr-plan services all of them are gone');
    await system.until('all eight ready', async () => {
      const { now, clusters } = await system.state();
      const { deployments, workloads } = clusters['example-us-east-1'];
      for (const [key, { replicas, ready }] of Object.entries<any>({ ...deployments, ...workloads })) {
        const name = key.split('/')[1]!;
        if (name in services && ready === replicas && !readyAt.has(name)) readyAt.set(name, Date.parse(now));
      }
      return readyAt.size === 8;
    });
    await system.succeeded(run);
    const applied = (await system.since(before)).entries.filter(({ change }) => change.startsWith('kubernetes:Apply'));
    const at = new Map(
      applied.map(({ resource, acceptedAt }) => [resource.split('/').at(-1)!, Date.parse(acceptedAt)]),
    );
    expect([...at.keys()].sort()).toEqual(Object.keys(services).sort());
    for (const [name, needs] of Object.entries<string[]>(services))
      for (const need of needs) {
        expect(at.get(name)!, `${name} after ${need}`).toBeGreaterThan(at.get(need)!);
        // Pods take 45 s and more to become ready; whoever did not wait would be applied at once.
        expect(at.get(name)! - at.get(need)!, `${name} after ${need} is ready`).toBeGreaterThanOrEqual(45_000);
      }
    await resolve();
  });

  it('P4 P9: typed FAILOVER; tasks, database, settings, alias and status page follow, and a P1 is told to all', async () => {
    await system.world.post('/faults', { kind: 'region-down', region: 'us-east-1' });
    const before = await system.mark();
    const run = await system.begin(onCall, '/failover', 'dr-plan region us-east-1 is dark --anyway', []);
    const card = await system.cardSays(run, /typing FAILOVER/);
    expect(card).toContain('1 of 1 approvals missing');
    await system.click(run, onCall, 'run:approve', 'failover, please').catch(() => {});
    await system.wait(60);
    expect((await system.since(before)).lines).toEqual([]);
    await system.click(run, onCall, 'run:approve', 'FAILOVER');
    await system.succeeded(run);
    await system.until('the alias answering', async () => (await system.answers('api.example.com')).length > 0);
    const changes = await system.since(before);
    expect(changes.of('ecs:UpdateService')).toEqual([
      expect.objectContaining({ resource: 'ecs:us-west-2:dr-cluster/app-service', details: { from: 2, to: 10 } }),
    ]);
    const { services: tasks, records, clusters } = await system.state();
    expect(tasks.find(({ region }: any) => region === 'us-west-2')).toMatchObject({ desired: 10, running: 10 });
    expect(await system.instance('dr-database')).toMatchObject({ role: 'primary', writable: true });
    const { endpoint } = await system.instance('dr-database');
    expect(clusters['example-us-west-2'].environment['production/app']).toEqual({
      'app DATABASE_HOST': endpoint,
      'app REDIS_HOST': 'dr-redis.us-west-2.cache.amazonaws.com',
      'app REGION': 'us-west-2',
    });
    expect(records.find(({ name }: any) => name === 'api.example.com.').alias.dnsName).toContain('dr-alb.us-west-2');
    const { incidents } = await system.world.get('/statuspage/state');
    expect(incidents.some(({ status }: any) => status === 'resolved')).toBe(true);
    const sql = 'SELECT count(*)::int AS rows FROM dr_heartbeat WHERE beat_at > $1';
    const [promoted] = changes.of('rds:PromoteReadReplica');
    await system.until(
      'rows that the application writes there',
      async () => (await system.sql('dr-database', sql, [promoted!.visibleAt]))[0].rows > 0,
    );
    expect(await system.channel('war-room')).toContain('P1');
    expect((await executivesTold()).some((what) => what.includes('P1'))).toBe(true);

    // P8: ticked from facts; by hand only where there is no fact.
    const checklist = () => system.say(onCall, '/dr', `checklist ${run}`);
    const list = await checklist();
    expect(list).toMatch(/^☑ \d\. DNS updated/m);
    expect(list).toMatch(/^☑ \d\. Database promoted/m);
    expect(list).toMatch(/^☐ \d\. Backups current and verified: for devops-lead to tick/m);
    expect(list).toMatch(/^☐ \d\. Primary site restored: .*does not answer/m);
    expect(await system.say(onCall, '/dr', `checklist ${run} tick before 2`)).toContain('by facts and not by hand');
    expect(await system.say(onCall, '/dr', `checklist ${run} tick before 1`)).toContain('Ticked');
    await system.world.clearFaults();
    const later = await checklist();
    expect(later).toMatch(/^☑ \d\. Backups current and verified: devops-lead/m);
    expect(later).toMatch(/^☑ \d\. Primary site restored/m);
  });
});
