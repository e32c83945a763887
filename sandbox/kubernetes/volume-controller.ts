import { durations } from '../durations.ts';
import type { SandboxContext } from '../part.ts';
import type { ClusterStore, KubernetesObject } from './cluster-store.ts';
import { setStatus, typeOf } from './pods.ts';

const claims = typeOf('persistentvolumeclaims');

/** Binds volume claims, and gives those that ask for more what they ask for, after a while. */
export const startVolumeController = (
  { clock, faults }: SandboxContext,
  store: ClusterStore,
  grown: (claim: KubernetesObject) => void,
): void => {
  store.watch(({ type, resource, object }) => {
    if (resource !== claims || type === 'DELETED') return;
    const { namespace, name } = object.metadata;
    const wanted = object.spec?.resources?.requests?.storage;
    if (object.status?.capacity?.storage === wanted) return;
    const bind = () => {
      const current = store.find(claims, namespace, name);
      if (!current || current.spec?.resources?.requests?.storage !== wanted) return;
      setStatus(store, 'persistentvolumeclaims', current, { phase: 'Bound', capacity: { storage: wanted } });
      grown(store.get(claims, namespace, name));
    };
    if (type === 'ADDED') queueMicrotask(bind);
    else clock.after(durations.growVolume * faults.slowFactor('kubernetes:PatchPersistentVolumeClaim'), bind);
  });
};
