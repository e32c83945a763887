import { ApiError } from './api-error.ts';
import type { KubernetesObject } from './cluster-store.ts';

/** The scale subresource of a deployment. */
export const scaleOf = (deployment: KubernetesObject): KubernetesObject => ({
  apiVersion: 'autoscaling/v1',
  kind: 'Scale',
  metadata: {
    name: deployment.metadata.name,
    namespace: deployment.metadata.namespace,
    uid: deployment.metadata.uid,
    resourceVersion: deployment.metadata.resourceVersion,
    creationTimestamp: deployment.metadata.creationTimestamp,
  },
  spec: { replicas: deployment.spec?.replicas ?? 1 },
  status: { replicas: deployment.status?.replicas ?? 0, selector: `app=${deployment.metadata.name}` },
});

/** The deployment that a written scale asks for; a stale `resourceVersion` in it stays, to be refused. */
export const scaleTo = (deployment: KubernetesObject, scale: KubernetesObject): KubernetesObject => {
  const replicas: unknown = scale.spec?.replicas;
  if (!Number.isInteger(replicas) || (replicas as number) < 0) {
    throw new ApiError(
      422,
      'Invalid',
      `Scale "${deployment.metadata.name}" is invalid: spec.replicas: must be greater than or equal to 0`,
    );
  }
  return {
    ...deployment,
    metadata: { ...deployment.metadata, resourceVersion: scale.metadata.resourceVersion },
    spec: { ...deployment.spec, replicas },
  };
};
