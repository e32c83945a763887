import { PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { z } from 'zod';
import type { LookContext } from '../../define.ts';
import { lookSignal } from '../look-signal.ts';
import type { Clusters } from './client.ts';
import { type ClusterTarget, clusterTarget } from './cluster-target.ts';
import { kubernetesFailure, statusOf } from './errors.ts';

/** What both actions on ConfigMaps share: what is written, how it is read and how a difference is said. */
export const configMapWritten = z.strictObject({
  cluster: z.string(),
  namespace: z.string(),
  configmap: z.string(),
  data: z.record(z.string(), z.string()),
});

export const configMapInput = z.strictObject({
  ...clusterTarget,
  configmap: z.string(),
  data: z.record(z.string(), z.string()),
});

type Target = ClusterTarget & { configmap: string; data: Record<string, string> };

export const readConfigMap = async (
  clusters: Clusters,
  target: Target,
  context: LookContext,
): Promise<Record<string, string> | undefined> => {
  try {
    const { core } = clusters.apis(target.cluster, lookSignal(context));
    const found = await core.readNamespacedConfigMap({ name: target.configmap, namespace: target.namespace });
    return found.data ?? {};
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw kubernetesFailure(error, `get configmap ${target.configmap}`);
  }
};

export const patchConfigMapData = async (clusters: Clusters, target: Target, signal: AbortSignal): Promise<void> => {
  try {
    await clusters
      .apis(target.cluster, signal)
      .core.patchNamespacedConfigMap(
        { name: target.configmap, namespace: target.namespace, body: { data: target.data } },
        setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
      );
  } catch (error) {
    throw kubernetesFailure(error, `patch configmap ${target.configmap}`, true);
  }
};

export const differingKeys = (stored: Record<string, string>, data: Record<string, string>): string[] =>
  Object.keys(data).filter((key) => stored[key] !== data[key]);

export const shown = (data: Record<string, string>, keys: string[]): string =>
  keys.map((key) => `${key}=${data[key] ?? '(unset)'}`).join(', ');
