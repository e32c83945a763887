import { join } from 'node:path';
import { AppsV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';

const job = (name: string, script: string) => `
apiVersion: batch/v1
kind: Job
metadata: { name: ${name} }
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{ name: main, image: "registry.example/tool:1", command: [sh, -c, '${script}'] }]
`;
const files = {
  'harbour/survey.yaml': job('survey', 'echo depth 12 m; echo done'),
  'harbour/broken.yaml': job('broken', 'echo no chart on board; exit 3'),
  'harbour/two.yaml': `${job('one', 'true')}---${job('two', 'true')}`,
  'harbour/app.yaml': `
apiVersion: v1
kind: Namespace
metadata: { name: docks }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: tides }
data: { high: "06:00" }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: pilot }
spec:
  replicas: 2
  selector: { matchLabels: { app: pilot } }
  template:
    metadata: { labels: { app: pilot } }
    spec: { containers: [{ name: pilot, image: "registry.example/pilot:1", resources: { requests: { cpu: 1000m } } }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: log }
spec:
  replicas: 2
  serviceName: log
  selector: { matchLabels: { app: log } }
  template:
    metadata: { labels: { app: log } }
    spec: { containers: [{ name: log, image: "registry.example/log:1" }] }
---
apiVersion: v1
kind: Service
metadata: { name: pilot }
spec: { selector: { app: pilot }, ports: [{ port: 80 }] }
`,
};

let world: RecoveryWorld;
beforeEach(async () => {
  world = await startRecoveryWorld({
    planFile: join(import.meta.dirname, '../../support/harbour.yml'),
    files,
    speed: 100,
  });
});
afterEach(() => world.close());

const docks = { cluster: 'east', namespace: 'docks' };
const loader = { ...docks, deployment: 'loader' };
const apis = () => {
  const config = new KubeConfig();
  config.loadFromFile(world.sandbox.environment['KUBECONFIG']!);
  config.setCurrentContext('harbour-east');
  return { apps: config.makeApiClient(AppsV1Api), core: config.makeApiClient(CoreV1Api) };
};
const podsOf = async (labelSelector: string) => {
  const { items } = await apis().core.listNamespacedPod({ namespace: 'docks', labelSelector });
  return items.filter(({ metadata }) => !metadata?.deletionTimestamp);
};
const counts = async () => (await world.control('/ledger')).counts;

test('variables are set in every container, and it is done when all pods have them', async () => {
  const before = (await podsOf('app=loader')).map(({ metadata }) => metadata?.uid);
  const written = { ...loader, env: { BERTH: '7', FLAG: 'blue' } };
  const { output, seen } = await world.carryOut('kubernetes/set-env', written);
  expect(output).toEqual({ deployment: 'loader', changedNames: ['BERTH', 'FLAG'] });
  expect(seen).toContain('loader: 1 of 3 pods are of the newest version, 3 ready');
  const after = await podsOf('app=loader');
  expect(after).toHaveLength(3);
  for (const pod of after) {
    expect(before).not.toContain(pod.metadata?.uid);
    expect(pod.spec?.containers[0]?.env).toEqual([
      { name: 'BERTH', value: '7' },
      { name: 'FLAG', value: 'blue' },
    ]);
  }
  await world.carryOut('kubernetes/set-env', written);
  expect(await counts()).toEqual({ 'kubernetes:PatchDeployment': 1 });
  const { entries } = await world.control('/ledger');
  expect(Date.parse(entries[0].visibleAt) - Date.parse(entries[0].acceptedAt)).toBeGreaterThan(40_000);
});

test('a variable that comes from a Secret is left alone', async () => {
  const env = [{ name: 'BERTH', valueFrom: { secretKeyRef: { name: 'berths', key: 'n' } } }];
  const body = [{ op: 'add', path: '/spec/template/spec/containers/0/env', value: env }];
  await apis().apps.patchNamespacedDeployment({ name: 'loader', namespace: 'docks', body });
  const wanted = world.carryOut('kubernetes/set-env', { ...loader, env: { BERTH: '7' } });
  await expect(wanted).rejects.toThrow('BERTH of loader comes from a Secret');
});

test('a restart replaces every pod once, however often the same step asks', async () => {
  const before = (await podsOf('app=loader')).map(({ metadata }) => metadata?.uid);
  const { output } = await world.carryOut('kubernetes/restart', loader);
  expect(output).toEqual({ deployment: 'loader', ready: 3 });
  expect((await podsOf('app=loader')).filter(({ metadata }) => before.includes(metadata?.uid))).toEqual([]);
  const action = world.action('kubernetes/restart');
  const input = action.resolve(loader, world.plan);
  await action.act(input, world.step());
  expect((await action.observe(input, { ...world.step(), key: 'run-2/again' })).state).toBe('todo');
  expect(await counts()).toEqual({ 'kubernetes:PatchDeployment': 1 });
});

test('pods that are not ready are deleted, and it is done when as many are ready again', async () => {
  const [sick, ...well] = await podsOf('app=loader');
  await world.control('/kubernetes/unready', {
    cluster: 'harbour-east',
    namespace: 'docks',
    pod: sick!.metadata!.name,
  });
  const written = { ...docks, selector: 'app=loader' };
  const { output, seen } = await world.carryOut('kubernetes/delete-pod', written);
  expect(output).toEqual({ deleted: 1, ready: 3 });
  expect(seen[0]).toBe(`2 of 3 pods of app=loader are ready; to go: ${sick!.metadata!.name}`);
  const after = (await podsOf('app=loader')).map(({ metadata }) => metadata?.uid);
  expect(after).toEqual(expect.arrayContaining(well.map(({ metadata }) => metadata?.uid)));
  expect(after).not.toContain(sick!.metadata!.uid);
  expect((await counts())['kubernetes:DeletePod']).toBe(1);
});

test('a worker that died after deleting does not delete the new pods', async () => {
  await world.control('/kubernetes/unready', { cluster: 'harbour-east', namespace: 'docks', selector: 'app=tide' });
  const action = world.action('kubernetes/delete-pod');
  const input = action.resolve({ ...docks, selector: 'app=tide', 'only-unready': true }, world.plan);
  await action.act(input, world.step());
  // The first pod of the StatefulSet is new and not ready for a while: whoever looks now must wait.
  await expect.poll(async () => (await podsOf('app=tide')).length).toBe(1);
  expect((await action.observe(input, world.step())).state).toBe('changing');
  await expect.poll(async () => (await action.observe(input, world.step())).state, { timeout: 15_000 }).toBe('done');
  expect((await counts())['kubernetes:DeletePod']).toBe(2);
});

test('a pod that nobody would make anew is not deleted', async () => {
  const body = {
    metadata: { name: 'alone', labels: { app: 'alone' } },
    spec: { containers: [{ name: 'alone', image: 'registry.example/alone:1' }] },
    apiVersion: 'v1',
    kind: 'Pod',
  };
  await apis().core.createNamespacedPod({ namespace: 'docks', body });
  const wanted = world.carryOut('kubernetes/delete-pod', { ...docks, selector: 'app=alone' });
  await expect(wanted).rejects.toThrow('nothing would make alone anew; no pod was deleted');
});

test('a Job is run under a name of its own, and its last lines are the output', async () => {
  const written = { ...docks, file: 'harbour/survey.yaml' };
  const { output } = await world.carryOut('kubernetes/run-job', written);
  expect(output).toEqual({ job: expect.stringMatching(/^survey-[0-9a-f]{8}$/), logs: 'depth 12 m\ndone' });
  expect((await world.carryOut('kubernetes/run-job', written)).output).toEqual(output);
  expect(await counts()).toEqual({ 'kubernetes:CreateJob': 1 });
});

test('a Job that fails says so with what it printed last', async () => {
  const wanted = world.carryOut('kubernetes/run-job', { ...docks, file: 'harbour/broken.yaml' });
  await expect(wanted).rejects.toThrow(/Job broken-\w+ failed: .*backoff limit\. It said last:\nno chart on board/);
  const two = world.carryOut('kubernetes/run-job', { ...docks, file: 'harbour/two.yaml' });
  await expect(two).rejects.toThrow('expected exactly one Job');
});

test('a volume grows, is done when its capacity has grown, and never shrinks', async () => {
  const written = { ...docks, claim: 'cargo', size: '20Gi' };
  const { output, seen } = await world.carryOut('kubernetes/grow-volume', written);
  expect(output).toEqual({ claim: 'cargo', capacity: '20Gi' });
  expect(seen).toEqual([
    'cargo has 10Gi and asks for 10Gi',
    'cargo has 10Gi and asks for 20Gi',
    'cargo has 20Gi and asks for 20Gi',
  ]);
  const smaller = world.carryOut('kubernetes/grow-volume', { ...written, size: '15Gi' });
  await expect(smaller).rejects.toThrow('a volume cannot shrink to 15Gi');
  const body = [{ op: 'replace', path: '/spec/resources/requests/storage', value: '15Gi' }];
  const direct = apis().core.patchNamespacedPersistentVolumeClaim({ name: 'cargo', namespace: 'docks', body });
  await expect(direct).rejects.toMatchObject({ code: 422 });
});

test('fields of any object are patched, except those of a Secret', async () => {
  const written = { ...docks, kind: 'horizontalpodautoscaler', name: 'loader', patch: { spec: { minReplicas: 5 } } };
  const { output } = await world.carryOut('kubernetes/patch', written);
  expect(output).toEqual({ kind: 'HorizontalPodAutoscaler', name: 'loader' });
  expect(await counts()).toEqual({ 'kubernetes:PatchHorizontalPodAutoscaler': 1 });
  const secret = world.carryOut('kubernetes/patch', { ...written, kind: 'Secret', patch: { data: { a: 'b' } } });
  await expect(secret).rejects.toThrow('kubernetes/patch-secret');
  const missing = world.carryOut('kubernetes/patch', { ...written, name: 'nobody' });
  await expect(missing).rejects.toThrow('there is no HorizontalPodAutoscaler nobody in docks');
});

test('several kinds are applied, and it is done when the workloads among them are rolled out', async () => {
  const { output, seen } = await world.carryOut('kubernetes/apply', { ...docks, file: 'harbour/app.yaml' });
  expect(output['applied']).toEqual([
    'Namespace docks',
    'ConfigMap tides',
    'Deployment pilot',
    'StatefulSet log',
    'Service pilot',
  ]);
  expect(seen.some((one) => one.includes('log: 1 of 2 pods are of the newest version'))).toBe(true);
  for (const written of [
    { ...docks, deployment: 'pilot' },
    { ...docks, statefulset: 'log' },
  ])
    expect((await world.ask('kubernetes/rollout-done', written)).facts).toEqual({ wanted: 2, ready: 2 });
});

test('whether a rollout is done is asked of deployments and StatefulSets', async () => {
  expect((await world.ask('kubernetes/rollout-done', { ...docks, statefulset: 'buoy' })).answer).toBe('yes');
  const action = world.action('kubernetes/restart');
  await action.act(action.resolve(loader, world.plan), world.step());
  expect((await world.ask('kubernetes/rollout-done', loader)).answer).toBe('no');
  expect((await world.ask('kubernetes/rollout-done', { ...docks, deployment: 'none' })).answer).toBe('no');
  expect(() => world.check('kubernetes/rollout-done').with.parse(docks)).toThrow(
    'either a deployment or a statefulset',
  );
});

test('a command is run in a pod, and judged by its exit code and its output', async () => {
  const health = { ...docks, selector: 'app=loader', command: ['wget', '-qO-', 'http://localhost:8080/health'] };
  const well = await world.ask('kubernetes/exec', { ...health, contains: '"status":"ok"' });
  expect(well).toMatchObject({ answer: 'yes', facts: { code: 0, output: expect.stringContaining('"status":"ok"') } });
  expect((await world.ask('kubernetes/exec', { ...health, contains: 'nothing of the kind' })).answer).toBe('no');
  const list = await world.ask('kubernetes/exec', { ...docks, pod: 'tide-1', command: ['patronictl', 'list'] });
  expect(list.facts?.['output']).toMatch(/tide-0 .*Leader.*\n.*tide-1 .*Replica/);

  await world.control('/kubernetes/unready', { cluster: 'harbour-east', namespace: 'docks', selector: 'app=loader' });
  expect((await world.ask('kubernetes/exec', health)).because).toContain('no pod of app=loader is ready');
  const pod = (await podsOf('app=loader'))[0]!.metadata!.name;
  const sick = await world.ask('kubernetes/exec', { ...docks, pod, command: health.command });
  expect(sick).toMatchObject({ answer: 'no', facts: { code: 1 } });
  const nowhere = await world.ask('kubernetes/exec', { ...docks, pod: 'nobody', command: ['true'] });
  expect(nowhere).toMatchObject({ answer: 'unknown', because: expect.stringContaining('404') });
});
