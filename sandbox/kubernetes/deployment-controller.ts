import { randomBytes } from 'node:crypto';
import { durations } from '../durations.ts';
import type { SandboxContext } from '../part.ts';
import type { ClusterStore, KubernetesObject } from './cluster-store.ts';
import { resourceTypes } from './resource-types.ts';

/** Marks what exists when the world begins: its pods are ready at once. */
export const alreadyRunning = 'sandbox.mayday/already-running';

const typeOf = (plural: string) => resourceTypes.find((type) => type.plural === plural)!;
const deployments = typeOf('deployments');
const pods = typeOf('pods');

/**
 * Makes pods follow `spec.replicas`: new ones become ready one after another, surplus ones end. `settled` is called
 * with a deployment whenever all its wanted pods are ready.
 */
export const startDeploymentController = (
  context: SandboxContext,
  store: ClusterStore,
  settled: (namespace: string, name: string, replicas: number) => void,
): void => {
  const { clock, faults } = context;

  const podsOf = (deployment: KubernetesObject) =>
    store
      .list(pods, deployment.metadata.namespace)
      .filter((pod) => pod.metadata.ownerReferences?.[0]?.name === deployment.metadata.name);

  const report = (namespace: string, name: string) => {
    const deployment = store.find(deployments, namespace, name);
    if (!deployment) return;
    const own = podsOf(deployment);
    const ready = own.filter(isReady).length;
    const wanted = deployment.spec?.replicas ?? 1;
    const { resourceVersion: _, ...metadata } = deployment.metadata;
    store.update(
      deployments,
      {
        ...deployment,
        metadata,
        status: {
          observedGeneration: deployment.metadata.generation,
          replicas: own.length,
          updatedReplicas: own.length,
          readyReplicas: ready,
          availableReplicas: ready,
          unavailableReplicas: Math.max(0, wanted - ready),
          conditions: [
            { type: 'Available', status: ready >= wanted ? 'True' : 'False', reason: 'MinimumReplicasAvailable' },
            { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' },
          ],
        },
      },
      true,
    );
    if (ready === wanted && own.length === wanted) settled(namespace, name, wanted);
  };

  const addPod = (deployment: KubernetesObject, ready: boolean) => {
    const { namespace, name } = deployment.metadata;
    return store.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `${name}-${randomBytes(4).toString('hex')}`,
        namespace,
        labels: deployment.spec?.template?.metadata?.labels ?? { app: name },
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name, uid: deployment.metadata.uid! }],
      },
      spec: deployment.spec?.template?.spec ?? {},
      status: statusOf(ready),
    });
  };

  const reconcile = (namespace: string, name: string, atOnce = false) => {
    const deployment = store.find(deployments, namespace, name);
    if (!deployment) return;
    const own = podsOf(deployment);
    const wanted: number = deployment.spec?.replicas ?? 1;
    const slow = faults.slowFactor('kubernetes:PatchDeploymentScale');
    const missing = wanted - own.length;
    for (let number = 0; number < missing; number += 1) {
      const pod = addPod(deployment, atOnce);
      if (atOnce) continue;
      const spread = durations.podLastReady - durations.podFirstReady;
      const seconds = durations.podFirstReady + (missing > 1 ? (number / (missing - 1)) * spread : 0);
      clock.after(seconds * slow, () => {
        const current = store.find(pods, namespace, pod.metadata.name);
        if (!current) return;
        store.update(pods, { ...current, status: statusOf(true) }, true);
        report(namespace, name);
      });
    }
    if (missing < 0) {
      // Those that are not ready yet go first, as the real controller chooses.
      const surplus = [...own].sort((one, other) => Number(isReady(one)) - Number(isReady(other))).slice(0, -missing);
      clock.after(durations.podTermination * slow, () => {
        for (const pod of surplus) {
          if (store.find(pods, namespace, pod.metadata.name)) store.remove(pods, namespace, pod.metadata.name);
        }
        report(namespace, name);
      });
    }
    report(namespace, name);
  };

  const generations = new Map<string, number>();
  store.watch(({ type, resource, object }) => {
    if (resource !== deployments || type === 'DELETED') return;
    const { namespace = '', name, generation = 1 } = object.metadata;
    const key = `${namespace}/${name}`;
    if (generations.get(key) === generation) return;
    generations.set(key, generation);
    const atOnce = generation === 1 && object.metadata.annotations?.[alreadyRunning] === 'true';
    // After whoever else watches has been told of this event, as what follows from it are events of their own.
    queueMicrotask(() => reconcile(namespace, name, atOnce));
  });
};

const isReady = (pod: KubernetesObject) =>
  (pod.status?.conditions ?? []).some(
    (one: { type: string; status: string }) => one.type === 'Ready' && one.status === 'True',
  );

const statusOf = (ready: boolean) => ({
  phase: ready ? 'Running' : 'Pending',
  conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
});
