import type { V1Pod } from '@kubernetes/client-node';

/** Ready, and not told to end. */
export const isPodReady = (pod: V1Pod): boolean =>
  !pod.metadata?.deletionTimestamp &&
  (pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false);
