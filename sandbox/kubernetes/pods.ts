import { createHash, randomBytes } from 'node:crypto';
import type { ClusterStore, KubernetesObject } from './cluster-store.ts';
import { resourceTypes } from './resource-types.ts';

/** What every controller of the sandbox knows about pods. */
export const typeOf = (plural: string) => resourceTypes.find((type) => type.plural === plural)!;

const pods = typeOf('pods');

/** Marks what exists when the world begins: its pods are ready at once. */
export const alreadyRunning = 'sandbox.mayday/already-running';

export const isReady = (pod: KubernetesObject): boolean =>
  (pod.status?.conditions ?? []).some(
    (one: { type: string; status: string }) => one.type === 'Ready' && one.status === 'True',
  );

/** A pod that was told to end counts for nobody any more. */
export const isLive = (pod: KubernetesObject): boolean => pod.metadata['deletionTimestamp'] === undefined;

export const podStatus = (ready: boolean, phase = ready ? 'Running' : 'Pending') => ({
  phase,
  conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
});

/** Which version of a pod template this is, as the real controllers put it into labels. */
export const templateHash = (template: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(template ?? {}))
    .digest('hex')
    .slice(0, 10);

export const podsOwnedBy = (store: ClusterStore, namespace: string | undefined, uids: (string | undefined)[]) =>
  store
    .list(pods, namespace)
    .filter((pod) => pod.metadata.ownerReferences?.some(({ uid }) => uids.includes(uid)) ?? false);

/** Five letters behind the name of their owner, as the real controllers give them; drawn again when a pod has them already. */
export const freePodName = (store: ClusterStore, { metadata }: KubernetesObject): string => {
  for (;;) {
    const name = `${metadata.name}-${randomBytes(3).toString('hex').slice(0, 5)}`;
    if (!store.find(pods, metadata.namespace, name)) return name;
  }
};

export const addPod = (
  store: ClusterStore,
  owner: KubernetesObject,
  name: string,
  template: { metadata?: { labels?: object; annotations?: object }; spec?: object } | undefined,
  labels: Record<string, string>,
  ready: boolean,
): KubernetesObject =>
  store.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: owner.metadata.namespace,
      labels: { ...template?.metadata?.labels, ...labels },
      annotations: { ...template?.metadata?.annotations },
      ownerReferences: [
        {
          apiVersion: owner.apiVersion,
          kind: owner.kind,
          name: owner.metadata.name,
          uid: owner.metadata.uid!,
          controller: true,
        },
      ],
    },
    spec: template?.spec ?? {},
    status: podStatus(ready),
  });

/** Sets a pod's status, if it is still the same pod. Says whether it was. */
export const setPodStatus = (store: ClusterStore, pod: KubernetesObject, status: object): boolean => {
  const current = store.find(pods, pod.metadata.namespace, pod.metadata.name);
  if (!current || current.metadata.uid !== pod.metadata.uid) return false;
  store.update(pods, { ...current, status }, true);
  return true;
};

/** Tells a pod to end; it is gone after its grace period. */
export const terminate = (store: ClusterStore, pod: KubernetesObject, now: Date): void => {
  const current = store.find(pods, pod.metadata.namespace, pod.metadata.name);
  if (!current || !isLive(current)) return;
  store.update(pods, { ...current, metadata: { ...current.metadata, deletionTimestamp: now.toISOString() } });
};

/** Sets the status of an object without a version, as controllers do that own it. */
export const setStatus = (store: ClusterStore, plural: string, object: KubernetesObject, status: object): void => {
  const { resourceVersion: _, ...metadata } = object.metadata;
  store.update(typeOf(plural), { ...object, metadata, status }, true);
};
