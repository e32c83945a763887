import type { KubernetesObject, V1Deployment, V1StatefulSet } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { defineAction, type LookContext } from '../../../define.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import type { Clusters } from '../client.ts';
import { type ClusterTarget, change, clusterTarget, objectId, resolveCluster } from '../cluster-target.ts';
import { contains } from '../contains.ts';
import { kubernetesFailure, statusOf } from '../errors.ts';
import { clusterKinds, pluralOf } from '../namespaced-kinds.ts';
import { type Rollout, rolloutOf, rolloutOfSet } from '../rollout.ts';
import { kubernetesSdk } from '../sdk.ts';

const fieldManager = 'mayday';

const manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});
type Manifest = z.infer<typeof manifest>;

/**
 * Applies manifests from a file beside the plan, server-side, as one field manager, without taking over others' fields.
 * Done when the cluster holds them and the workloads among them are rolled out.
 */
export const apply = (clusters: Clusters) => {
  const read = async (target: ClusterTarget, wanted: Manifest, context: LookContext) => {
    try {
      const { objects } = clusters.apis(target.cluster, lookSignal(context));
      return (await objects.read({ ...wanted, metadata: wanted.metadata })) as KubernetesObject;
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw kubernetesFailure(error, `get ${wanted.kind} ${wanted.metadata.name}`);
    }
  };
  const readAll = (target: ClusterTarget & { manifests: Manifest[] }, context: LookContext) =>
    Promise.all(target.manifests.map(async (wanted) => ({ wanted, stored: await read(target, wanted, context) })));

  return defineAction({
    name: 'kubernetes/apply',
    version: 2,
    summary: 'Apply manifests',
    effect: 'change',
    with: z.strictObject({ cluster: z.string(), namespace: z.string(), file: z.string() }),
    resolve: (written, plan) => ({
      ...resolveCluster(plan, written.cluster, written.namespace),
      file: written.file,
      manifests: readManifests(plan.file(written.file), written.file, written.namespace),
    }),
    input: z.strictObject({ ...clusterTarget, file: z.string(), manifests: z.array(manifest).min(1) }),
    targets: ['cluster', 'region', 'namespace', 'account', 'file', 'manifests'],
    output: z.object({ applied: z.array(z.string()) }),
    resources: (given) => given.manifests.map(({ kind, metadata }) => idOf(given, kind, metadata.name)),
    changes: ['kubernetes:Apply'],
    permissions: ({ cluster, namespace, manifests }) =>
      manifests.flatMap(({ kind }) =>
        ['get', 'create', 'patch'].map((verb) => ({
          system: 'rbac' as const,
          action: `${verb} ${pluralOf(kind)}`,
          resource: clusterKinds.has(kind) ? cluster : `${cluster}/${namespace}`,
        })),
      ),
    expectedSeconds: 60,
    longestSeconds: 1800,
    repeat: 'by-look',
    reversible: { no: 'what the file replaced is not kept; apply the earlier file, or delete its objects' },

    async observe(given, context) {
      const all = await readAll(given, context);
      const open = all.filter(({ wanted, stored }) => !stored || !contains(stored, wanted));
      if (open.length > 0) {
        return {
          state: 'todo',
          seen: `not yet as in ${given.file}: ${open.map(({ wanted }) => nameOf(wanted)).join(', ')}`,
        };
      }
      const rollouts = all.flatMap(({ stored }) => rolloutOfAny(stored));
      const failed = rollouts.find(({ state }) => state === 'failed');
      if (failed) return { state: 'impossible', seen: failed.seen };
      const waited = rollouts.filter(({ state }) => state === 'under way');
      if (waited.length > 0) {
        return { state: 'changing', seen: waited.map(({ seen }) => seen).join('; ') };
      }
      const applied = given.manifests.map(nameOf);
      return { state: 'done', seen: `as in ${given.file}: ${applied.join(', ')}`, output: { applied } };
    },

    async act(given, context) {
      for (const wanted of given.manifests) {
        const signal = await context.beforeChange();
        try {
          await clusters
            .apis(given.cluster, signal)
            .objects.patch(
              wanted,
              undefined,
              undefined,
              fieldManager,
              false,
              kubernetesSdk().PatchStrategy.ServerSideApply,
            );
        } catch (error) {
          throw kubernetesFailure(error, `apply ${nameOf(wanted)}`, true);
        }
      }
      return { seen: `applied ${given.manifests.map(nameOf).join(', ')}` };
    },

    async preview(given, context) {
      const all = await readAll(given, context);
      return all.map(({ wanted, stored }) => {
        const now = !stored ? 'does not exist' : contains(stored, wanted) ? `as in ${given.file}` : 'different';
        const found = change(given, wanted.kind, wanted.metadata.name, now, `as in ${given.file}`);
        return { ...found, resource: idOf(given, wanted.kind, wanted.metadata.name) };
      });
    },
    command: ({ cluster, namespace, file }) =>
      shellLine(
        'kubectl',
        '--context',
        cluster,
        '--namespace',
        namespace,
        'apply',
        '--server-side',
        '--field-manager',
        fieldManager,
        '--filename',
        `plans/${file}`,
      ),
  });
};

const nameOf = ({ kind, metadata }: Manifest) => `${kind} ${metadata.name}`;

const idOf = (target: ClusterTarget, kind: string, name: string): string =>
  objectId(clusterKinds.has(kind) ? { ...target, namespace: '' } : target, kind, name);

/** How far a workload is, of those that have pods of their own. */
const rolloutOfAny = (stored: KubernetesObject | undefined): Rollout[] => {
  if (stored?.kind === 'Deployment') return [rolloutOf(stored as V1Deployment)];
  if (stored?.kind === 'StatefulSet') return [rolloutOfSet(stored as V1StatefulSet)];
  return [];
};

const readManifests = (text: string, file: string, namespace: string): Manifest[] => {
  const found: Manifest[] = [];
  for (const document of parseAllDocuments(text)) {
    if (document.errors.length > 0) throw new Error(`${file}: ${document.errors[0]!.message}`);
    const written: unknown = document.toJS();
    if (written === null) continue;
    const { metadata, kind = '' } = (written ?? {}) as { metadata?: { namespace?: string }; kind?: string };
    if (metadata?.namespace !== undefined && metadata.namespace !== namespace) {
      throw new Error(`${file}: a manifest is for namespace ${metadata.namespace}, the step for ${namespace}`);
    }
    const read = manifest.safeParse({
      ...(written as object),
      metadata: { ...metadata, ...(!clusterKinds.has(kind) && { namespace }) },
    });
    if (!read.success) throw new Error(`${file}: a manifest needs apiVersion, kind and metadata.name`);
    found.push(read.data);
  }
  if (found.length === 0) throw new Error(`${file}: there is no manifest in it`);
  return found;
};
