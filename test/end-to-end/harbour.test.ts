import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LivingSystem, openSystem } from '../support/living-system.ts';

let system: LivingSystem;
beforeAll(async () => {
  const plans = 'test/end-to-end/harbour';
  system = await openSystem({ plans, plan: ['harbour', 'pilot'], speed: 40, at: '2026-11-24T15:00:00Z' });
}, 120_000);
afterAll(() => system?.bot.close());

it('B12: eleven kinds of systems, and those of another plan, are moved by one region failover', {
  timeout: 400_000,
}, async () => {
  const patroni = async () => (await system.world.get('/patroni'))[0].leader;
  const redis = async () => (await system.world.get('/redis'))[0].master;
  const [leader, master] = [await patroni(), await redis()];
  await system.world.post('/faults', { kind: 'region-down', region: 'eu-north-1' });
  await system.wait(30);
  const before = await system.mark();
  await system.carryOut('ida', '/failover', 'harbour region Oslo is under water', ['jon']);
  const changes = await system.since(before);
  const { groups, services, cloudflareRecords, clusters } = await system.state();

  expect(await system.instance('harbour-berths-copy')).toMatchObject({ role: 'primary', writable: true });
  expect(groups.find(({ id }: any) => id === 'harbour-cache-lima')).toMatchObject({ replicas: 2 });
  expect(services.find(({ region }: any) => region === 'sa-east-1')).toMatchObject({ desired: 6, running: 6 });
  expect(await system.replicas('harbour-lima')).toEqual({ desk: 3 });
  expect(clusters['harbour-lima'].secrets['harbour/berths-login'].host).toContain('harbour-berths-copy');
  expect(await patroni()).not.toBe(leader);
  expect(await redis()).not.toBe(master);
  const history = await system.world.get('/clickhouse');
  expect(history.find(({ place }: any) => place === 'lima').fetching).toBe(false);
  const calls = (await system.world.get('/nats')).find(({ place }: any) => place === 'lima');
  expect(Object.values<any>(calls.streams).some(({ config }) => config.subjects?.includes('calls.>'))).toBe(true);
  await system.untilAnswers('www.harbour.example', ['192.0.2.42']);
  await system.untilAnswers('maps.harbour-edge.example', ['192.0.2.42']);
  expect(cloudflareRecords[0]).toMatchObject({ content: '192.0.2.42' });

  // The other plan's pods were there before the name was turned.
  expect(await system.replicas('pilot-lima')).toEqual({ roster: 4 });
  const [roster] = changes.entries.filter(({ resource }) => resource.includes('pilot-lima'));
  const [turned] = changes.of('route53:ChangeResourceRecordSets');
  expect(Date.parse(turned!.acceptedAt)).toBeGreaterThanOrEqual(Date.parse(roster!.visibleAt!));
});
