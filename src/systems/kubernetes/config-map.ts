import { z } from 'zod';
import type { LookContext, Undo } from '../../define.ts';
import { lookSignal } from '../look-signal.ts';
import type { Clusters } from './client.ts';
import { type ClusterTarget, clusterTarget } from './cluster-target.ts';
import { kubernetesFailure, statusOf } from './errors.ts';
import { bringingBack, type KeptIn, keeping, keptInObject, markOf, readKept, standing } from './kept-before.ts';
import { kubernetesSdk } from './sdk.ts';

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
): Promise<KeptIn | undefined> => {
  try {
    const { core } = clusters.apis(target.cluster, lookSignal(context));
    const found = await core.readNamespacedConfigMap({ name: target.configmap, namespace: target.namespace });
    return keptInObject(found);
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw kubernetesFailure(error, `get configmap ${target.configmap}`);
  }
};

/** One merge patch: the keys, and what they held before. */
export const patchConfigMap = async (
  clusters: Clusters,
  target: Pick<Target, 'cluster' | 'namespace' | 'configmap'>,
  body: object,
  signal: AbortSignal,
): Promise<void> => {
  try {
    await clusters
      .apis(target.cluster, signal)
      .core.patchNamespacedConfigMap(
        { name: target.configmap, namespace: target.namespace, body },
        kubernetesSdk().setHeaderOptions('Content-Type', kubernetesSdk().PatchStrategy.MergePatch),
      );
  } catch (error) {
    throw kubernetesFailure(error, `patch configmap ${target.configmap}`, true);
  }
};

/** The patch that sets the wanted keys. Its version makes the server refuse when anybody changed the map meanwhile. */
export const settingKeys = (found: KeptIn, data: Record<string, string>, stepKey: string) => ({
  metadata: { resourceVersion: found.resourceVersion, annotations: keeping(found, Object.keys(data), stepKey) },
  data,
});

/** How both actions are taken back. */
export const undoOfConfigMap = (clusters: Clusters): Undo<Target> => ({
  undo: 'bring back what the keys held',
  before: async (_, context) => markOf(context),
  async observe(given, before, context) {
    const found = await readConfigMap(clusters, given, context);
    const { state, seen } = standing(found, before, given.data, `ConfigMap ${given.configmap}`);
    return state === 'done' ? { state, seen, output: {} } : { state, seen };
  },
  async act(given, _, context) {
    const found = await readConfigMap(clusters, given, context);
    const kept = found && readKept(found);
    if (!found || !kept) return undefined;
    const { cluster, namespace, configmap } = given;
    const signal = await context.beforeChange();
    if (!kept.created) {
      await patchConfigMap(clusters, given, bringingBack(found, kept), signal);
      return { seen: `brought back ${Object.keys(kept.data).join(', ')} of ${configmap}` };
    }
    try {
      const preconditions = { resourceVersion: found.resourceVersion };
      const { core } = clusters.apis(cluster, signal);
      await core.deleteNamespacedConfigMap({ name: configmap, namespace, body: { preconditions } });
    } catch (error) {
      throw kubernetesFailure(error, `delete configmap ${configmap}`, true);
    }
    return { seen: `deleted ${configmap}, which this run had made` };
  },
});

export const differingKeys = (stored: Record<string, string>, data: Record<string, string>): string[] =>
  Object.keys(data).filter((key) => stored[key] !== data[key]);

export const shown = (data: Record<string, string>, keys: string[]): string =>
  keys.map((key) => `${key}=${data[key] ?? '(unset)'}`).join(', ');
