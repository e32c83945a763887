import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { needsRedis, type RedisServer, startRedis } from '../support/redis.ts';
import { openRehearsal, type Rehearsal, startApproved, untilFinished } from '../support/rehearsal.ts';

/** G2: the queue carries wake-ups and nothing else, so that it may vanish in the midst of a run. */
describe.runIf(needsRedis())('a run completes although its queue', { timeout: 180_000 }, () => {
  let rehearsal: Rehearsal;
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
    rehearsal = await openRehearsal({
      postgresUrl: inject('databaseUrl'),
      speed: 60,
      environment: { REDIS_URL: redis.url },
    });
    await rehearsal.start();
  }, 120_000);
  afterAll(async () => {
    await rehearsal.close();
    await redis.stop();
  });

  /** Loses the queue when the change has just been taken, so that everything after it must be found without it. */
  const survives = async (scope: string, change: string, lose: () => Promise<unknown>) => {
    const { world } = rehearsal;
    const runId = await startApproved(world, 'dr-lead', '/failover', `omnimesh ${scope} it is slow`, [
      'dba',
      'vp-engineering',
    ]);
    await world.until(`${change} to be accepted`, 60, async () =>
      (await world.get('/ledger')).counts[change] ? true : undefined,
    );
    await lose();
    expect((await untilFinished(rehearsal, runId)).at(-1)!.data.event.outcome).toBe('succeeded');
    expect((await world.get('/ledger')).counts[change]).toBe(1);
  };

  it('forgets everything', async () => {
    const health = (await (await fetch(`${rehearsal.bots()[0]!.webUrl}/health`)).json()) as { queue: string };
    expect(health.queue).toBe('redis');
    await survives('cache', 'elasticache:IncreaseReplicaCount', () => redis.flush());
  });
  it('is killed and comes back empty', () => survives('database', 'rds:PromoteReadReplica', () => redis.restart()));
  it('is killed and stays away', () => survives('application', 'route53:ChangeResourceRecordSets', () => redis.kill()));
});
