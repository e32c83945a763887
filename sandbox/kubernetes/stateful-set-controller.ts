import { durations } from '../durations.ts';
import type { SandboxContext } from '../part.ts';
import type { ClusterStore, KubernetesObject } from './cluster-store.ts';
import type { Settled } from './deployment-controller.ts';
import {
  addPod,
  alreadyRunning,
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

const statefulSets = typeOf('statefulsets');
const revisionLabel = 'controller-revision-hash';

/** Makes numbered pods follow a StatefulSet, one at a time and in order; an earlier template is replaced from the last. */
export const startStatefulSetController = (
  context: SandboxContext,
  store: ClusterStore,
  settled: Settled,
): { podChanged(pod: KubernetesObject): void } => {
  const { clock } = context;

  const reconcile = (namespace: string, name: string, atOnce = false) => {
    const set = store.find(statefulSets, namespace, name);
    if (!set) return;
    const revision = `${name}-${templateHash(set.spec?.template)}`;
    const wanted: number = set.spec?.replicas ?? 1;
    const podsNow = () => podsOwnedBy(store, namespace, [set.metadata.uid]);
    for (let number = 0; number < wanted; number += 1) {
      const podName = `${name}-${number}`;
      const pod = podsNow().find((one) => one.metadata.name === podName);
      if (!pod) {
        const labels = { [revisionLabel]: revision, 'statefulset.kubernetes.io/pod-name': podName };
        const made = addPod(store, set, podName, set.spec?.template, labels, atOnce);
        if (atOnce) continue;
        clock.after(durations.podFirstReady, () => void setPodStatus(store, made, podStatus(true)));
        break;
      }
      if (!isLive(pod) || !isReady(pod)) break;
    }
    const live = podsNow().filter(isLive);
    const byNumber = [...live].sort((one, other) => numberOf(other) - numberOf(one));
    const isOld = (pod: KubernetesObject) => pod.metadata.labels?.[revisionLabel] !== revision;
    const allReady = live.length >= wanted && live.every(isReady);
    const next = byNumber.find((pod) => numberOf(pod) >= wanted) ?? (allReady ? byNumber.find(isOld) : undefined);
    if (next) terminate(store, next, clock.now());
    report(
      set,
      revision,
      wanted,
      live.filter((pod) => pod !== next),
    );
  };

  const report = (set: KubernetesObject, revision: string, wanted: number, live: KubernetesObject[]) => {
    const updated = live.filter((pod) => pod.metadata.labels?.[revisionLabel] === revision).length;
    const ready = live.filter(isReady).length;
    const whole = live.length === wanted && ready === wanted && updated === wanted;
    setStatus(store, 'statefulsets', set, {
      observedGeneration: set.metadata.generation,
      replicas: live.length,
      readyReplicas: ready,
      availableReplicas: ready,
      currentReplicas: whole ? wanted : live.length - updated,
      updatedReplicas: updated,
      currentRevision: whole ? revision : (set.status?.currentRevision ?? revision),
      updateRevision: revision,
    });
    if (whole) settled('StatefulSet', store.get(statefulSets, set.metadata.namespace, set.metadata.name));
  };

  const generations = new Map<string, number>();
  store.watch(({ type, resource, object }) => {
    if (resource !== statefulSets) return;
    const { namespace = '', name, generation = 1, uid = '' } = object.metadata;
    if (type === 'DELETED') {
      for (const pod of podsOwnedBy(store, namespace, [uid])) terminate(store, pod, clock.now());
      return;
    }
    if (generations.get(uid) === generation) return;
    generations.set(uid, generation);
    const atOnce = generation === 1 && object.metadata.annotations?.[alreadyRunning] === 'true';
    queueMicrotask(() => reconcile(namespace, name, atOnce));
  });

  return {
    podChanged(pod) {
      const owner = pod.metadata.ownerReferences?.find(({ kind }) => kind === 'StatefulSet');
      if (owner) reconcile(pod.metadata.namespace ?? '', owner.name);
    },
  };
};

const numberOf = (pod: KubernetesObject) => Number(pod.metadata.name.split('-').at(-1));
