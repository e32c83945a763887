import { durations } from '../durations.ts';
import type { SandboxContext } from '../part.ts';
import type { ClusterStore, KubernetesObject } from './cluster-store.ts';
import { isLive, typeOf } from './pods.ts';

const pods = typeOf('pods');

/** Ends pods that were told to end, after their grace, and tells their owner whenever one ends or changes. */
export const startPodController = (
  { clock, faults }: SandboxContext,
  store: ClusterStore,
  changed: (pod: KubernetesObject) => void,
): void => {
  const ending = new Set<string>();
  store.watch(({ type, resource, object }) => {
    if (resource !== pods || type === 'ADDED') return;
    const { uid = '', namespace, name } = object.metadata;
    if (type === 'MODIFIED' && !isLive(object) && !ending.has(uid)) {
      ending.add(uid);
      const seconds = durations.podTermination * faults.slowFactor('kubernetes:PatchDeploymentScale');
      clock.after(seconds, () => {
        ending.delete(uid);
        if (store.find(pods, namespace, name)?.metadata.uid === uid) store.remove(pods, namespace, name);
      });
    }
    queueMicrotask(() => changed(object));
  });
};
