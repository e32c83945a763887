import type { V1Deployment, V1StatefulSet } from '@kubernetes/client-node';
import type { LookContext } from '../../define.ts';
import { lookSignal } from '../look-signal.ts';
import type { Clusters } from './client.ts';
import { kubernetesFailure, statusOf } from './errors.ts';

export interface Rollout {
  state: 'complete' | 'under way' | 'failed';
  seen: string;
  wanted: number;
  ready: number;
}

/** How far a deployment is, by the same rules as `kubectl rollout status`. */
export const rolloutOf = (found: V1Deployment): Rollout => {
  const { metadata, spec, status = {} } = found;
  const name = metadata?.name ?? '?';
  const wanted = spec?.replicas ?? 1;
  const { replicas = 0, updatedReplicas: updated = 0, readyReplicas: ready = 0, availableReplicas = 0 } = status;
  const seen = `${name}: ${updated} of ${wanted} pods are of the newest version, ${ready} ready`;
  const figures = { wanted, ready };
  if ((status.observedGeneration ?? 0) < (metadata?.generation ?? 0)) {
    return { state: 'under way', seen: `${name}: the change was not taken up yet`, ...figures };
  }
  const progressing = status.conditions?.find(({ type }) => type === 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') {
    return {
      state: 'failed',
      seen: `${seen}; the rollout did not get on in time: ${progressing.message ?? ''}`,
      ...figures,
    };
  }
  const whole = updated >= wanted && replicas <= updated && availableReplicas >= updated;
  return { state: whole ? 'complete' : 'under way', seen, ...figures };
};

/** The same for a StatefulSet, which replaces its pods from the last to the first. */
export const rolloutOfSet = (found: V1StatefulSet): Rollout => {
  const { metadata, spec, status } = found;
  const name = metadata?.name ?? '?';
  const wanted = spec?.replicas ?? 1;
  const ready = status?.readyReplicas ?? 0;
  const updated = status?.updatedReplicas ?? 0;
  const seen = `${name}: ${updated} of ${wanted} pods are of the newest version, ${ready} ready`;
  const figures = { wanted, ready };
  if ((status?.observedGeneration ?? 0) < (metadata?.generation ?? 0)) {
    return { state: 'under way', seen: `${name}: the change was not taken up yet`, ...figures };
  }
  // Only those that a person deletes get the newest version: nothing more will happen by itself.
  const byHand = spec?.updateStrategy?.type === 'OnDelete';
  const partition = spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
  const whole = ready >= wanted && (byHand || updated >= wanted - Math.min(partition, wanted));
  return { state: whole ? 'complete' : 'under way', seen, ...figures };
};

export const readDeployment = async (
  clusters: Clusters,
  { cluster, namespace }: { cluster: string; namespace: string },
  name: string,
  context: LookContext,
): Promise<V1Deployment | undefined> => {
  try {
    return await clusters.apis(cluster, lookSignal(context)).apps.readNamespacedDeployment({ name, namespace });
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw kubernetesFailure(error, `get deployment ${name}`);
  }
};

export const readStatefulSet = async (
  clusters: Clusters,
  { cluster, namespace }: { cluster: string; namespace: string },
  name: string,
  context: LookContext,
): Promise<V1StatefulSet | undefined> => {
  try {
    return await clusters.apis(cluster, lookSignal(context)).apps.readNamespacedStatefulSet({ name, namespace });
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw kubernetesFailure(error, `get statefulset ${name}`);
  }
};
