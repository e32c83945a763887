import type { KubernetesObject, V1Pod } from '@kubernetes/client-node';
import { z } from 'zod';
import { defineAction, type LookContext } from '../../../define.ts';
import { MaydayError } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import type { Clusters } from '../client.ts';
import { change, clusterTarget, objectId, resolveCluster } from '../cluster-target.ts';
import { kubernetesFailure, statusOf } from '../errors.ts';
import { kubectlLine } from '../kubectl-line.ts';
import { isPodReady } from '../pods.ts';
import { kubernetesSdk } from '../sdk.ts';

/**
 * On the controller of the pods: which step deletes which. The pods themselves take any mark with them, and without one a
 * crash between would take the new pods, which are not ready yet, for those that were to go.
 */
const deletedBy = 'mayday/deleted-pods';

interface Mark {
  key: string;
  uids: string[];
  /** How many pods there were when it began. */
  pods: number;
}

const written = {
  cluster: z.string(),
  namespace: z.string(),
  selector: z.string().min(1),
  'only-unready': z.boolean().default(true),
};
const input = z.strictObject({ ...clusterTarget, selector: z.string().min(1), onlyUnready: z.boolean() });
type Given = z.infer<typeof input>;

/** Deletes pods that their controller makes anew: those that are not ready, or all. */
export const deletePod = (clusters: Clusters) => {
  const call = async <T>(what: string, changing: boolean, deed: () => Promise<T>): Promise<T> => {
    try {
      return await deed();
    } catch (error) {
      throw kubernetesFailure(error, what, changing);
    }
  };
  const list = ({ cluster, namespace, selector }: Given, context: LookContext) =>
    call(`list pods of ${selector}`, false, async () => {
      const { core } = clusters.apis(cluster, lookSignal(context));
      return (await core.listNamespacedPod({ namespace, labelSelector: selector })).items;
    });
  const controllers = ({ cluster, namespace }: Given, context: LookContext): Promise<KubernetesObject[]> =>
    call('list the controllers of pods', false, async () => {
      const { apps } = clusters.apis(cluster, lookSignal(context));
      const [replicaSets, statefulSets, daemonSets] = await Promise.all([
        apps.listNamespacedReplicaSet({ namespace }),
        apps.listNamespacedStatefulSet({ namespace }),
        apps.listNamespacedDaemonSet({ namespace }),
      ]);
      const all = (kind: string, items: KubernetesObject[]) =>
        items.map((item) => ({ ...item, apiVersion: 'apps/v1', kind }));
      return [
        ...all('ReplicaSet', replicaSets.items),
        ...all('StatefulSet', statefulSets.items),
        ...all('DaemonSet', daemonSets.items),
      ];
    });
  const look = async (given: Given, context: LookContext & { key: string }) => {
    const [pods, all] = await Promise.all([list(given, context), controllers(given, context)]);
    const marks = all.flatMap((owner) => {
      const mark = readMark(owner);
      return mark?.key === context.key ? [mark] : [];
    });
    return { pods, all, marks };
  };
  const namesOf = (pods: V1Pod[]) => pods.map(({ metadata }) => metadata?.name).join(', ');

  return defineAction({
    name: 'kubernetes/delete-pod',
    version: 1,
    summary: 'Delete pods, so that they are made anew',
    effect: 'change',
    with: z.strictObject(written),
    resolve: (given, plan) => ({
      ...resolveCluster(plan, given.cluster, given.namespace),
      selector: given.selector,
      onlyUnready: given['only-unready'],
    }),
    input,
    targets: ['cluster', 'region', 'namespace', 'account', 'selector'],
    output: z.object({ deleted: z.number(), ready: z.number() }),
    resources: (given) => [objectId(given, 'pod', given.selector)],
    changes: [
      'kubernetes:DeletePod',
      'kubernetes:PatchReplicaSet',
      'kubernetes:PatchStatefulSet',
      'kubernetes:PatchDaemonSet',
    ],
    permissions: ({ cluster, namespace }) =>
      [
        'list pods',
        'delete pods',
        ...['replicasets', 'statefulsets', 'daemonsets'].flatMap((kind) => [`list ${kind}`, `patch ${kind}`]),
      ].map((action) => ({ system: 'rbac' as const, action, resource: `${cluster}/${namespace}` })),
    expectedSeconds: 120,
    longestSeconds: 900,
    repeat: 'by-look',
    reversible: { no: 'a deleted pod does not come back; its controller has made another one' },

    async observe(given, context) {
      const { pods, all, marks } = await look(given, context);
      const ready = pods.filter(isPodReady).length;
      const seen = `${ready} of ${pods.length} pods of ${given.selector} are ready`;
      if (marks.length === 0) {
        const victims = victimsOf(pods, given.onlyUnready);
        if (pods.length === 0)
          return { state: 'impossible', seen: `no pod in ${given.namespace} has ${given.selector}` };
        if (victims.length === 0)
          return { state: 'done', seen: `${seen}; nothing to delete`, output: { deleted: 0, ready } };
        const orphan = victims.find((pod) => !ownerOf(pod, all));
        if (orphan) {
          return {
            state: 'impossible',
            seen: `nothing would make ${orphan.metadata?.name} anew; no pod was deleted: apply its manifest instead`,
          };
        }
        return { state: 'todo', seen: `${seen}; to go: ${namesOf(victims)}` };
      }
      const uids = marks.flatMap((mark) => mark.uids);
      const wanted = Math.max(...marks.map((mark) => mark.pods));
      const left = pods.filter(({ metadata }) => uids.includes(metadata?.uid ?? ''));
      const untouched = left.filter(({ metadata }) => !metadata?.deletionTimestamp);
      if (untouched.length > 0) return { state: 'todo', seen: `${seen}; still to go: ${namesOf(untouched)}` };
      if (left.length > 0 || ready < wanted) return { state: 'changing', seen: `${seen}; ${uids.length} deleted` };
      return { state: 'done', seen: `${seen}; ${uids.length} deleted`, output: { deleted: uids.length, ready } };
    },

    async act(given, context) {
      const { cluster, namespace } = given;
      const { pods, all, marks } = await look(given, context);
      const marked = marks.flatMap((mark) => mark.uids);
      const victims =
        marks.length > 0
          ? pods.filter(({ metadata }) => marked.includes(metadata?.uid ?? '') && !metadata?.deletionTimestamp)
          : victimsOf(pods, given.onlyUnready);
      if (marks.length === 0) {
        const owners = new Set(victims.map((pod) => ownerOf(pod, all)));
        for (const owner of owners) {
          if (!owner) throw new MaydayError('system/refused', 'nothing would make such a pod anew; no pod was deleted');
          const own = victims.filter((pod) => ownerOf(pod, all) === owner).map(({ metadata }) => metadata?.uid ?? '');
          const mark: Mark = { key: context.key, uids: own, pods: pods.length };
          const signal = await context.beforeChange();
          await call(`mark ${owner.kind} ${owner.metadata?.name}`, true, async () => {
            const { name, resourceVersion } = owner.metadata!;
            const annotations = { [deletedBy]: JSON.stringify(mark) };
            await clusters.apis(cluster, signal).objects.patch(
              {
                apiVersion: owner.apiVersion,
                kind: owner.kind,
                metadata: { name, namespace, resourceVersion, annotations },
              },
              undefined,
              undefined,
              undefined,
              undefined,
              kubernetesSdk().PatchStrategy.MergePatch,
            );
          });
        }
      }
      for (const { metadata } of victims) {
        const signal = await context.beforeChange();
        try {
          // Another pod of the same name, as StatefulSets make them, is not meant.
          const body = { preconditions: { uid: metadata!.uid } };
          await clusters.apis(cluster, signal).core.deleteNamespacedPod({ name: metadata!.name!, namespace, body });
        } catch (error) {
          if (statusOf(error) === 404) continue;
          throw kubernetesFailure(error, `delete pod ${metadata?.name}`, true);
        }
      }
      return { seen: `deleted ${namesOf(victims)}` };
    },

    async preview(given, context) {
      const pods = await list(given, context);
      const victims = victimsOf(pods, given.onlyUnready);
      const now = `${pods.filter(isPodReady).length} of ${pods.length} pods are ready`;
      return [
        change(
          given,
          'pod',
          given.selector,
          now,
          victims.length === 0 ? 'nothing to delete' : `deleted and made anew: ${namesOf(victims)}`,
        ),
      ];
    },
    command: (given) => kubectlLine(given, 'delete', 'pod', '--selector', given.selector),
  });
};

const victimsOf = (pods: V1Pod[], onlyUnready: boolean): V1Pod[] =>
  pods.filter(
    (pod) =>
      !pod.metadata?.deletionTimestamp && pod.status?.phase !== 'Succeeded' && (!onlyUnready || !isPodReady(pod)),
  );

const ownerOf = (pod: V1Pod, all: KubernetesObject[]): KubernetesObject | undefined => {
  const owner = pod.metadata?.ownerReferences?.find(({ controller }) => controller);
  return owner && all.find(({ metadata }) => metadata?.uid === owner.uid);
};

const readMark = (owner: KubernetesObject): Mark | undefined => {
  try {
    return JSON.parse(owner.metadata?.annotations?.[deletedBy] ?? '') as Mark;
  } catch {
    return undefined;
  }
};
