import type { V1PersistentVolumeClaim } from '@kubernetes/client-node';
import { z } from 'zod';
import { defineAction, type LookContext } from '../../../define.ts';
import { MaydayError } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import type { Clusters } from '../client.ts';
import { type ClusterTarget, change, clusterTarget, objectId, resolveCluster } from '../cluster-target.ts';
import { kubernetesFailure, statusOf } from '../errors.ts';
import { kubectlLine } from '../kubectl-line.ts';
import { quantityOf } from '../quantity.ts';
import { kubernetesSdk } from '../sdk.ts';

const size = z.string().refine((text) => (quantityOf(text) ?? 0) > 0, 'is no size; write it like 20Gi');

/** Gives a volume claim more room, online. A volume never shrinks, so this stays. */
export const growVolume = (clusters: Clusters) => {
  const read = async (
    { cluster, namespace, claim }: ClusterTarget & { claim: string },
    context: LookContext,
  ): Promise<V1PersistentVolumeClaim | undefined> => {
    try {
      const { core } = clusters.apis(cluster, lookSignal(context));
      return await core.readNamespacedPersistentVolumeClaim({ name: claim, namespace });
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw kubernetesFailure(error, `get persistentvolumeclaim ${claim}`);
    }
  };
  return defineAction({
    name: 'kubernetes/grow-volume',
    version: 1,
    summary: 'Give a volume claim more room',
    effect: 'change',
    with: z.strictObject({ cluster: z.string(), namespace: z.string(), claim: z.string(), size }),
    resolve: (written, plan) => ({
      ...resolveCluster(plan, written.cluster, written.namespace),
      claim: written.claim,
      size: written.size,
    }),
    input: z.strictObject({ ...clusterTarget, claim: z.string(), size }),
    targets: ['cluster', 'region', 'namespace', 'account', 'claim'],
    output: z.object({ claim: z.string(), capacity: z.string() }),
    resources: (given) => [objectId(given, 'persistentvolumeclaim', given.claim)],
    changes: ['kubernetes:PatchPersistentVolumeClaim'],
    permissions: ({ cluster, namespace, claim }) => [
      { system: 'rbac', action: 'get persistentvolumeclaims', resource: `${cluster}/${namespace}/${claim}` },
      { system: 'rbac', action: 'patch persistentvolumeclaims', resource: `${cluster}/${namespace}/${claim}` },
    ],
    expectedSeconds: 60,
    longestSeconds: 1800,
    repeat: 'by-look',
    reversible: { no: 'a volume cannot shrink; move the data to a smaller claim if the room is too dear' },

    async observe(given, context) {
      const { claim, namespace } = given;
      const found = await read(given, context);
      if (!found) return { state: 'impossible', seen: `there is no volume claim ${claim} in ${namespace}` };
      const wanted = quantityOf(given.size)!;
      const capacity = found.status?.capacity?.['storage'];
      const requested = found.spec?.resources?.requests?.['storage'];
      const seen = `${claim} has ${capacity ?? 'no volume yet'} and asks for ${requested ?? 'nothing'}`;
      if (capacity !== undefined && quantityOf(capacity) === wanted)
        return { state: 'done', seen, output: { claim, capacity } };
      if (Math.max(quantityOf(capacity) ?? 0, quantityOf(requested) ?? 0) > wanted)
        return { state: 'impossible', seen: `${seen}; a volume cannot shrink to ${given.size}. Nothing was changed` };
      if (quantityOf(requested) !== wanted) return { state: 'todo', seen };
      const condition = found.status?.conditions?.find(({ status }) => status === 'True');
      const why = condition ? ` (${condition.type}${condition.message ? `: ${condition.message}` : ''})` : '';
      return { state: 'changing', seen: `${seen}${why}` };
    },

    async act(given, context) {
      const { cluster, namespace, claim: name } = given;
      const found = await read(given, context);
      if (!found) throw new MaydayError('system/refused', `there is no volume claim ${name} any more`);
      const body = {
        metadata: { resourceVersion: found.metadata?.resourceVersion },
        spec: { resources: { requests: { storage: given.size } } },
      };
      const signal = await context.beforeChange();
      try {
        await clusters
          .apis(cluster, signal)
          .core.patchNamespacedPersistentVolumeClaim(
            { name, namespace, body },
            kubernetesSdk().setHeaderOptions('Content-Type', kubernetesSdk().PatchStrategy.MergePatch),
          );
      } catch (error) {
        throw kubernetesFailure(error, `patch persistentvolumeclaim ${name}`, true);
      }
      return { seen: `${name} asks for ${given.size}` };
    },

    async preview(given, context) {
      const found = await read(given, context);
      const now = found ? (found.status?.capacity?.['storage'] ?? 'no volume yet') : 'does not exist';
      return [change(given, 'persistentvolumeclaim', given.claim, now, given.size)];
    },
    command: (given) => {
      const body = JSON.stringify({ spec: { resources: { requests: { storage: given.size } } } });
      return kubectlLine(given, 'patch', 'persistentvolumeclaim', given.claim, '--type', 'merge', '--patch', body);
    },
  });
};
