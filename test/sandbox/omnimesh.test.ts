import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { type RecoveryWorld, startRecoveryWorld } from '../support/recovery-world.ts';

let world: RecoveryWorld;
afterEach(() => world.close());

test('every recovery step of the shipped plan, done by hand, brings the service up in the other Region', async () => {
  const monitoring = 'omnimesh/dr-monitoring.yaml';
  world = await startRecoveryWorld({
    planFile: 'plans/omnimesh.yml',
    files: { [monitoring]: readFileSync(`plans/${monitoring}`, 'utf8') },
  });
  await world.control('/faults', { kind: 'region-down', region: 'us-east-1' });
  const oregon = { cluster: 'oregon', namespace: 'omnimesh-core' };
  const database = { component: 'database', at: 'oregon' };
  const scale = (deployment: string, replicas: number) =>
    world.carryOut('kubernetes/scale', { ...oregon, deployment, replicas });

  await world.carryOut('kubernetes/set-configmap', { ...oregon, configmap: 'dr-mode', data: { status: 'active' } });
  const [promoted, cache] = await Promise.all([
    world.carryOut('rds/promote-read-replica', database),
    world.carryOut('elasticache/increase-replicas', { component: 'cache', at: 'oregon', replicas: 2 }),
    scale('nexus-prime-core', 5),
    scale('go-node-proxy', 10),
    scale('ai-agents', 20),
  ]);
  expect((await world.ask('postgres/accepts-writes', database)).answer).toBe('yes');
  const host = promoted.output['endpoint'];
  await world.carryOut('kubernetes/patch-secret', { ...oregon, secret: 'database-credentials', data: { host } });
  const endpoint = cache.output['endpoint'];
  await world.carryOut('kubernetes/patch-configmap', {
    ...oregon,
    configmap: 'redis-config',
    data: { host: endpoint },
  });
  await world.carryOut('route53/switch-weights', { component: 'traffic', to: 'oregon' });
  await world.carryOut('kubernetes/apply', { ...oregon, file: monitoring });

  expect(cache.output['nodes']).toBe(3);
  expect((await world.ask('kubernetes/pods-ready', oregon)).facts).toEqual({ deployments: 3, wanted: 35, ready: 35 });
  const resolved = async () => (await world.ask('dns/answers', { component: 'traffic', at: 'oregon' })).answer;
  await expect.poll(resolved).toBe('yes');
  const metrics = { url: 'https://api.omnimesh.com/metrics', contains: 'error_rate' };
  await expect.poll(async () => (await world.ask('http/get', metrics)).answer, { timeout: 10_000 }).toBe('yes');
  const task = { task_type: 'text_generation', parameters: { prompt: 'Hello world' } };
  const posted = { url: 'https://api.omnimesh.com/v1/ai/tasks', body: task, status: 202 };
  expect((await world.ask('http/post', posted)).answer).toBe('yes');
  expect((await world.ask('postgres/dead-tuples', { ...database, 'at-most': 1000 })).answer).toBe('yes');
  expect((await world.control('/ledger')).counts).toMatchObject({
    'rds:PromoteReadReplica': 1,
    'elasticache:IncreaseReplicaCount': 1,
    'route53:ChangeResourceRecordSets': 1,
    'kubernetes:PatchDeploymentScale': 3,
    'kubernetes:PatchSecret': 1,
  });
});
