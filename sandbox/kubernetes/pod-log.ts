import { ApiError } from './api-error.ts';
import type { Cluster } from './cluster-api.ts';
import type { KubernetesObject } from './cluster-store.ts';

/** What a pod's container printed, as the log subresource gives it. */
export const podLog = (cluster: Cluster, pod: KubernetesObject, query: URLSearchParams): string => {
  const { name, uid = '' } = pod.metadata;
  const containers = containersOf(pod);
  const container = query.get('container') ?? containers[0];
  if (container === undefined || !containers.includes(container))
    throw new ApiError(400, 'BadRequest', `container ${container} is not valid for pod ${name}`);
  if (pod.status?.phase === 'Pending')
    throw new ApiError(
      400,
      'BadRequest',
      `container "${container}" in pod "${name}" is waiting to start: ContainerCreating`,
    );
  const text = cluster.logs.get(uid) ?? `${container} has started\n`;
  const most = query.get('tailLines');
  if (most === null) return text;
  const lines = text.split('\n').slice(0, -1);
  return lines
    .slice(Math.max(0, lines.length - Number(most)))
    .map((line) => `${line}\n`)
    .join('');
};

export const containersOf = (pod: KubernetesObject): string[] =>
  (pod.spec?.containers ?? []).map(({ name }: { name: string }) => name);
