import { durations } from '../durations.ts';
import type { SandboxContext } from '../part.ts';
import type { ClusterStore, KubernetesObject } from './cluster-store.ts';
import {
  addPod,
  alreadyRunning,
  freePodName,
  isLive,
  isReady,
  podStatus,
  podsOwnedBy,
  setPodStatus,
  setStatus,
  templateHash,
  terminate,
  typeOf,
} from './pods.ts';

const deployments = typeOf('deployments');
const replicaSets = typeOf('replicasets');

/** Called with a workload whenever all its wanted pods are ready and of its newest template. */
export type Settled = (kind: string, object: KubernetesObject) => void;

/**
 * Makes pods follow a deployment: new ones become ready one after another, surplus ones end, and those of an earlier
 * template are replaced a quarter at a time, as the default strategy does.
 */
export const startDeploymentController = (
  context: SandboxContext,
  store: ClusterStore,
  settled: Settled,
): { podChanged(pod: KubernetesObject): void } => {
  const { clock, faults } = context;

  const setsOf = (deployment: KubernetesObject) =>
    store
      .list(replicaSets, deployment.metadata.namespace)
      .filter((set) => set.metadata.ownerReferences?.[0]?.uid === deployment.metadata.uid);

  const ensureSet = (deployment: KubernetesObject): KubernetesObject => {
    const { namespace, name, uid } = deployment.metadata;
    const hash = templateHash(deployment.spec?.template);
    const found = store.find(replicaSets, namespace, `${name}-${hash}`);
    if (found) return found;
    return store.create(replicaSets, {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: `${name}-${hash}`,
        namespace,
        labels: { ...deployment.spec?.template?.metadata?.labels, 'pod-template-hash': hash },
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name, uid: uid!, controller: true }],
      },
      spec: { replicas: 0, selector: deployment.spec?.selector, template: deployment.spec?.template },
    });
  };

  const reconcile = (namespace: string, name: string, atOnce = false) => {
    const deployment = store.find(deployments, namespace, name);
    if (!deployment) return;
    const set = ensureSet(deployment);
    const sets = setsOf(deployment);
    const own = podsOwnedBy(
      store,
      namespace,
      sets.map((one) => one.metadata.uid),
    ).filter(isLive);
    const isFresh = (pod: KubernetesObject) => pod.metadata.ownerReferences?.[0]?.uid === set.metadata.uid;
    const fresh = own.filter(isFresh);
    const old = own.filter((pod) => !isFresh(pod));
    const wanted: number = deployment.spec?.replicas ?? 1;
    const slow = faults.slowFactor('kubernetes:PatchDeploymentScale');

    const surge = old.length > 0 ? Math.max(1, Math.ceil(wanted / 4)) : 0;
    const missing = Math.max(0, Math.min(wanted - fresh.length, wanted + surge - own.length));
    const spread = durations.podLastReady - durations.podFirstReady;
    for (let number = 0; number < missing; number += 1) {
      const hash = set.metadata.labels?.['pod-template-hash'] ?? '';
      const pod = addPod(
        store,
        set,
        freePodName(store, set),
        deployment.spec?.template,
        { 'pod-template-hash': hash },
        atOnce,
      );
      own.push(pod);
      fresh.push(pod);
      if (atOnce) continue;
      const seconds = durations.podFirstReady + (missing > 1 ? (number / (missing - 1)) * spread : 0);
      clock.after(seconds * slow, () => void setPodStatus(store, pod, podStatus(true)));
    }
    // Of an earlier template those go that are not ready, and of the ready ones as many as are to spare; of the newest
    // the surplus, those first that are not ready yet, as the real controller chooses.
    const spare = Math.max(0, own.filter(isReady).length - wanted);
    const byReadiness = [...fresh].sort((one, other) => Number(isReady(one)) - Number(isReady(other)));
    const surplus = [
      ...old.filter((pod) => !isReady(pod)),
      ...old.filter(isReady).slice(0, spare),
      ...byReadiness.slice(0, Math.max(0, fresh.length - wanted)),
    ];
    for (const pod of surplus) terminate(store, pod, clock.now());
    report(
      deployment,
      set,
      sets,
      own.filter((pod) => !surplus.includes(pod)),
    );
  };

  const report = (
    deployment: KubernetesObject,
    set: KubernetesObject,
    sets: KubernetesObject[],
    own: KubernetesObject[],
  ) => {
    const { namespace, name, generation } = deployment.metadata;
    for (const each of sets) {
      const pods = own.filter((pod) => pod.metadata.ownerReferences?.[0]?.uid === each.metadata.uid);
      const { resourceVersion: _, ...metadata } = each.metadata;
      store.update(replicaSets, { ...each, metadata, spec: { ...each.spec, replicas: pods.length } });
      setStatus(store, 'replicasets', store.get(replicaSets, namespace, each.metadata.name), {
        replicas: pods.length,
        readyReplicas: pods.filter(isReady).length,
      });
    }
    const ready = own.filter(isReady).length;
    const wanted: number = deployment.spec?.replicas ?? 1;
    const updated = own.filter((pod) => pod.metadata.ownerReferences?.[0]?.uid === set.metadata.uid).length;
    const whole = updated >= wanted && own.length === updated && ready >= wanted;
    setStatus(store, 'deployments', deployment, {
      observedGeneration: generation,
      replicas: own.length,
      updatedReplicas: updated,
      readyReplicas: ready,
      availableReplicas: ready,
      unavailableReplicas: Math.max(0, wanted - ready),
      conditions: [
        { type: 'Available', status: ready >= wanted ? 'True' : 'False', reason: 'MinimumReplicasAvailable' },
        { type: 'Progressing', status: 'True', reason: whole ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated' },
      ],
    });
    if (whole && own.length === wanted) settled('Deployment', store.get(deployments, namespace, name));
  };

  const generations = new Map<string, number>();
  store.watch(({ type, resource, object }) => {
    if (resource !== deployments) return;
    const { namespace = '', name, generation = 1, uid = '' } = object.metadata;
    if (type === 'DELETED') {
      // What the garbage collector does for everything that a deployment owns.
      const sets = setsOf(object);
      const uids = sets.map((set) => set.metadata.uid);
      for (const pod of podsOwnedBy(store, namespace, uids)) terminate(store, pod, clock.now());
      for (const set of sets) store.remove(replicaSets, namespace, set.metadata.name);
      return;
    }
    if (generations.get(uid) === generation) return;
    generations.set(uid, generation);
    const atOnce = generation === 1 && object.metadata.annotations?.[alreadyRunning] === 'true';
    // After whoever else watches has been told of this event, as what follows from it are events of their own.
    queueMicrotask(() => reconcile(namespace, name, atOnce));
  });

  return {
    podChanged(pod) {
      const owner = pod.metadata.ownerReferences?.find(({ kind }) => kind === 'ReplicaSet');
      const set = owner && store.find(replicaSets, pod.metadata.namespace, owner.name);
      const deployment = set?.metadata.ownerReferences?.[0];
      if (deployment) reconcile(pod.metadata.namespace ?? '', deployment.name);
    },
  };
};
