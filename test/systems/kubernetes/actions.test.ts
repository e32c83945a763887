import { AppsV1Api, KubeConfig, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';

const files = {
  'orchard/watch.yaml': `
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: { name: mill }
spec: { endpoints: [{ port: metrics, interval: 10s }] }
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: { name: mill }
spec: { groups: [{ name: mill, rules: [{ alert: Slow, expr: "latency > 1", for: 5m }] }] }
`,
};

let world: RecoveryWorld;
beforeEach(async () => {
  world = await startRecoveryWorld({ files, speed: 60 });
});
afterEach(() => world.close());

const south = { cluster: 'south', namespace: 'cider' };
const cluster = async () => (await world.control('/world')).clusters['orchard-south'];

test('a deployment is scaled and done only when its pods are ready', async () => {
  const { output, seen } = await world.carryOut('kubernetes/scale', { ...south, deployment: 'mill', replicas: 4 });
  expect(output).toEqual({ deployment: 'mill', replicas: 4, ready: 4 });
  expect(seen[0]).toBe('mill has 1 of 1 pods ready');
  expect(seen).toContain('mill has 1 of 4 pods ready');
  const { entries } = await world.control('/ledger');
  expect(entries).toMatchObject([
    { change: 'kubernetes:PatchDeploymentScale', resource: 'kubernetes:orchard-south:cider/deployment/mill' },
  ]);
  expect(entries[0].visibleAt).toBeDefined();
  expect((await world.ask('kubernetes/pods-ready', south)).answer).toBe('yes');
});

test('a deployment that has more is left alone unless told exactly', async () => {
  await world.carryOut('kubernetes/scale', { cluster: 'north', namespace: 'cider', deployment: 'mill', replicas: 2 });
  expect((await world.control('/ledger')).counts).toEqual({});
  const exactly = { cluster: 'north', namespace: 'cider', deployment: 'mill', replicas: 2, exactly: true };
  expect((await world.carryOut('kubernetes/scale', exactly)).output).toMatchObject({ replicas: 2, ready: 2 });
});

test('a Secret is patched without its value being said anywhere', async () => {
  const written = { ...south, secret: 'crates-login', data: { host: 'very-secret-host' } };
  const action = world.action('kubernetes/patch-secret');
  const input = action.resolve(written, world.plan);
  const { output, seen } = await world.carryOut('kubernetes/patch-secret', written);
  expect(output).toEqual({ changedKeys: ['host'] });
  const said = JSON.stringify([seen, action.command(input), await action.preview(input, world.step())]);
  expect(said).not.toContain('very-secret-host');
  expect((await cluster()).secrets['cider/crates-login']).toEqual({ host: 'very-secret-host' });
  expect((await world.control('/ledger')).counts).toEqual({ 'kubernetes:PatchSecret': 1 });
});

test('a ConfigMap is patched, and created only by the action that says so', async () => {
  await world.carryOut('kubernetes/patch-configmap', { ...south, configmap: 'storage', data: { level: 'high' } });
  const created = { ...south, configmap: 'mode', data: { status: 'active', at: '12:00' } };
  await expect(world.carryOut('kubernetes/patch-configmap', created)).rejects.toThrow('there is no ConfigMap mode');
  await world.carryOut('kubernetes/set-configmap', created);
  await world.carryOut('kubernetes/set-configmap', { ...created, data: { status: 'over' } });
  expect((await cluster()).configMaps).toEqual({
    'cider/storage': { level: 'high' },
    'cider/mode': { status: 'over', at: '12:00' },
  });
  expect((await world.control('/ledger')).counts).toEqual({
    'kubernetes:PatchConfigMap': 2,
    'kubernetes:CreateConfigMap': 1,
  });
});

test('manifests are applied once and then hold', async () => {
  const written = { ...south, file: 'orchard/watch.yaml' };
  const { output } = await world.carryOut('kubernetes/apply', written);
  expect(output).toEqual({ applied: ['ServiceMonitor mill', 'PrometheusRule mill'] });
  await world.carryOut('kubernetes/apply', written);
  expect((await world.control('/ledger')).counts).toEqual({
    'kubernetes:ApplyServiceMonitor': 1,
    'kubernetes:ApplyPrometheusRule': 1,
  });
});

test('a stale resourceVersion is refused as a conflict', async () => {
  const config = new KubeConfig();
  config.loadFromFile(world.sandbox.environment['KUBECONFIG']!);
  config.setCurrentContext('orchard-south');
  const apps = config.makeApiClient(AppsV1Api);
  const patch = (replicas: number, resourceVersion?: string) =>
    apps.patchNamespacedDeploymentScale(
      { name: 'mill', namespace: 'cider', body: { metadata: { resourceVersion }, spec: { replicas } } },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    );
  const old = await apps.readNamespacedDeployment({ name: 'mill', namespace: 'cider' });
  await patch(2);
  await expect(patch(3, old.metadata?.resourceVersion)).rejects.toMatchObject({ code: 409 });
  // Without saying which kind of patch it is, the client sends a JSON Patch, which an object is not.
  const plain = apps.patchNamespacedDeploymentScale({
    name: 'mill',
    namespace: 'cider',
    body: { spec: { replicas: 3 } },
  });
  await expect(plain).rejects.toMatchObject({ code: 400 });
  const { refusals } = await world.control('/ledger');
  expect(refusals.map((one: { code: string }) => one.code)).toEqual(['Conflict', 'BadRequest']);
});
