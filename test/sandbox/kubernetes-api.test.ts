import { AppsV1Api, CoreV1Api, KubeConfig, KubernetesObjectApi, PatchStrategy, Watch } from '@kubernetes/client-node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RecoveryWorld, startRecoveryWorld } from '../support/recovery-world.ts';

let world: RecoveryWorld;
let config: KubeConfig;
beforeEach(async () => {
  world = await startRecoveryWorld();
  config = new KubeConfig();
  config.loadFromFile(world.sandbox.environment['KUBECONFIG']!);
  config.setCurrentContext('orchard-north');
});
afterEach(() => world.close());

const rule = (severity: string) => ({
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PrometheusRule',
  metadata: { name: 'slow', namespace: 'cider' },
  spec: { severity },
});

test('a wrong token, an unknown namespace and a value that is no text are refused as by an API server', async () => {
  const core = config.makeApiClient(CoreV1Api);
  const map = { metadata: { name: 'mode' }, data: { status: 'on' } };
  await expect(core.createNamespacedConfigMap({ namespace: 'nowhere', body: map })).rejects.toMatchObject({
    code: 404,
  });
  const secret = { metadata: { name: 'login' }, data: { host: 'not base64!' } };
  await expect(core.createNamespacedSecret({ namespace: 'cider', body: secret })).rejects.toMatchObject({ code: 400 });
  config.users[0] = { ...config.users[0]!, token: 'wrong' };
  config.setCurrentContext(config.users[0].name);
  await expect(config.makeApiClient(CoreV1Api).listNamespace()).rejects.toMatchObject({ code: 401 });
});

test('what another manager applied is a conflict unless forced, and what is no longer applied goes', async () => {
  const objects = KubernetesObjectApi.makeApiClient(config);
  const apply = (manager: string, body: object, force = false) =>
    objects.patch(body as never, undefined, undefined, manager, force, PatchStrategy.ServerSideApply);
  await apply('first', { ...rule('high'), metadata: { ...rule('high').metadata, labels: { team: 'a' } } });
  await expect(apply('second', rule('low'))).rejects.toMatchObject({ code: 409 });
  await apply('second', rule('low'), true);
  await apply('first', { ...rule('low'), metadata: rule('low').metadata });
  const stored = (await objects.read(rule('low'))) as ReturnType<typeof rule> & { metadata: { labels?: object } };
  expect(stored.spec.severity).toBe('low');
  expect(stored.metadata.labels ?? {}).toEqual({});
  const strategic = objects.patch(
    rule('x'),
    undefined,
    undefined,
    undefined,
    undefined,
    PatchStrategy.StrategicMergePatch,
  );
  await expect(strategic).rejects.toMatchObject({ code: 415 });
});

test('pods become ready one after another, and a watch tells it', async () => {
  const apps = config.makeApiClient(AppsV1Api);
  const ready: number[] = [];
  const controller = await new Watch(config).watch(
    '/apis/apps/v1/namespaces/cider/deployments',
    { allowWatchBookmarks: true },
    (_type, deployment) => void ready.push(deployment.status?.readyReplicas ?? 0),
    () => {},
  );
  const body = [{ op: 'replace', path: '/spec/replicas', value: 7 }];
  await apps.patchNamespacedDeploymentScale({ name: 'mill', namespace: 'cider', body });
  await expect.poll(() => ready.at(-1)).toBe(7);
  expect([...new Set(ready)]).toEqual([4, 5, 6, 7]);
  controller.abort();
});
