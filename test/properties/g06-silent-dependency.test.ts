import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { needsRedis, type RedisServer, startRedis } from '../support/redis.ts';
import {
  healthOf,
  openRehearsal,
  type Rehearsal,
  startApproved,
  startRunBy,
  untilEvent,
  untilFinished,
} from '../support/rehearsal.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

/** G6: whoever takes a connection and never answers holds up what needs it, and nothing else. */
describe('while these take connections and never answer:', { timeout: 240_000 }, () => {
  let rehearsal: Rehearsal;
  let redis: RedisServer | undefined;
  let toRedis: TcpProxy | undefined;
  beforeAll(async () => {
    const environment: Record<string, string> = {};
    if (needsRedis()) {
      redis = await startRedis();
      toRedis = await startTcpProxy({ host: '127.0.0.1', port: Number(new URL(redis.url).port) });
      environment['REDIS_URL'] = `redis://127.0.0.1:${toRedis.port}`;
    }
    rehearsal = await openRehearsal({ postgresUrl: inject('databaseUrl'), speed: 60, environment });
    await rehearsal.start();
  }, 120_000);
  afterAll(async () => {
    await rehearsal.close();
    await toRedis?.close();
    await redis?.stop();
  });

  const silence = async (...services: string[]) => {
    for (const service of services) await rehearsal.world.post('/faults', { kind: 'service', service, how: 'hang' });
  };
  const well = async () => {
    const health = await healthOf(rehearsal.bots()[0]!);
    expect(health.ok, JSON.stringify(health)).toBe(true);
  };
  const speakAgain = () => rehearsal.sandbox.context.faults.clear();
  const done = (step: string) => (row: { type: string; data: { event: any } }) =>
    row.type === 'step.succeeded' && row.data.event.step === step;

  /** A run comes to its first change; then these fall silent, somebody asks all of them, and the run goes on. */
  const goesOn = async (services: string[], start: () => Promise<string>, call: string, step: string) => {
    const { world, sandbox } = rehearsal;
    const { id } = sandbox.context.holds.add({ call, when: 'before' });
    const runId = await start();
    await world.until('the first change', 60, async () =>
      sandbox.context.holds.list().some((hold) => hold.id === id && hold.reached) ? true : undefined,
    );
    // Another run, which reads every part in every place and so waits for all of these.
    await world.post('/slack/command', { user: 'dba', channel: 'general', command: '/dr', text: 'status omnimesh' });
    await silence(...services);
    if (services.includes('slack')) toRedis?.become('silent');
    sandbox.context.holds.release('go', id);
    await untilEvent(rehearsal, runId, done(step), 'the change');
    await well();
    speakAgain();
    toRedis?.become('pass');
    expect((await untilFinished(rehearsal, runId)).at(-1)!.data.event.outcome).toBe('succeeded');
  };
  const failover = (text: string) => () =>
    startApproved(rehearsal.world, 'dr-lead', '/failover', `omnimesh ${text} it is slow`, ['dba', 'vp-engineering']);

  it('Slack, PagerDuty, the status page, mail and Redis', () =>
    goesOn(
      ['slack', 'pagerduty', 'statuspage', 'smtp'],
      failover('storage'),
      'kubernetes:PatchConfigMap',
      'point-storage',
    ));

  it('RDS, its databases, ElastiCache, Route 53, the name servers and the health URLs', () =>
    goesOn(
      ['rds', 'postgres', 'elasticache', 'route53', 'dns', 'https'],
      failover('application'),
      'kubernetes:PatchDeploymentScale',
      'scale-nexus-prime-core',
    ));

  it('Kubernetes and S3', () =>
    goesOn(
      ['kubernetes', 's3'],
      () =>
        startApproved(rehearsal.world, 'cto', '/restore', 'omnimesh database 10m ago a table was dropped', [
          'dba',
          'dr-lead',
        ]),
      'rds:RestoreDBInstanceToPointInTime',
      'restore',
    ));
});

it('a service that falls silent for the seconds of one look is asked once more where a part runs', async () => {
  const rehearsal = await openRehearsal({ postgresUrl: inject('databaseUrl'), speed: 10 });
  try {
    const { world, sandbox } = rehearsal;
    await rehearsal.start();
    await world.post('/faults', { kind: 'service', service: 'rds', how: 'hang' });
    const started = startRunBy(world, 'network', '/restore', 'omnimesh database 10m ago a table was dropped');
    started.catch(() => {});
    await sleep(2_500);
    sandbox.context.faults.clear();
    expect(await started).toMatch(/^r-/);
  } finally {
    await rehearsal.close();
  }
}, 60_000);

it('a cluster that took one change and did not answer it holds its step up for seconds, and is not asked twice', async () => {
  const rehearsal = await openRehearsal({ postgresUrl: inject('databaseUrl'), speed: 60 });
  try {
    const { world } = rehearsal;
    await rehearsal.start();
    const change = 'kubernetes:PatchConfigMap';
    await world.post('/faults', { kind: 'timeout', change, times: 1 });
    const words = 'omnimesh cache it is slow';
    const runId = await startApproved(world, 'dr-lead', '/failover', words, ['dba', 'vp-engineering']);
    const rows = await untilFinished(rehearsal, runId);
    expect(rows.at(-1)!.data.event.outcome).toBe('succeeded');
    expect((await world.get('/ledger')).counts[change]).toBe(1);
    const ofIt = rows.filter(({ data }) => data.event.step === 'point-cache');
    expect(ofIt.filter(({ type }) => type === 'step.acting')).toHaveLength(1);
    expect(ofIt.find(({ data }) => data.event.error)?.data.event.seen).toContain('no answer came');
  } finally {
    await rehearsal.close();
  }
}, 120_000);
