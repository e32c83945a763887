import type { KubernetesObject } from '@kubernetes/client-node';
import { z } from 'zod';
import { defineAction, type Json, type LookContext } from '../../../define.ts';
import { MaydayError } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import type { Clusters } from '../client.ts';
import { change, clusterTarget, objectId, resolveCluster } from '../cluster-target.ts';
import { holdsPatch, reverseOf } from '../contains.ts';
import { kubernetesFailure, statusOf } from '../errors.ts';
import { beforeAnnotation, markOf, readKept } from '../kept-before.ts';
import { kubectlLine } from '../kubectl-line.ts';
import { pluralOf, readKind } from '../namespaced-kinds.ts';
import { kubernetesSdk } from '../sdk.ts';

const patchBody = z
  .record(z.string(), z.json())
  .refine((body) => Object.keys(body).length > 0, 'changes nothing')
  .refine(
    (body) => !['apiVersion', 'kind', 'status'].some((key) => key in body),
    'may not change apiVersion, kind or status',
  )
  .refine((body) => !hasOwnMark(body), `may not write the annotation ${beforeAnnotation}`);
const input = z.strictObject({
  ...clusterTarget,
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  patch: patchBody,
});
type Given = z.infer<typeof input>;
type Found = KubernetesObject & Record<string, unknown>;

const hasOwnMark = (body: Record<string, unknown>): boolean =>
  beforeAnnotation in ((body['metadata'] as { annotations?: object } | undefined)?.annotations ?? {});

/** Under this key the reverse of the patch is kept, as one text. */
const reverseKey = 'patch';

/** Changes fields of an object that exists, by a merge patch: null removes a key, a list is replaced whole. */
export const patch = (clusters: Clusters) => {
  const header = ({ apiVersion, kind, name, namespace }: Given) => ({
    apiVersion,
    kind,
    metadata: { name, namespace },
  });
  const find = async (given: Given, context: LookContext): Promise<Found | undefined> => {
    try {
      const { objects } = clusters.apis(given.cluster, lookSignal(context));
      return (await objects.read(header(given))) as Found;
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw kubernetesFailure(error, `get ${given.kind} ${given.name}`);
    }
  };
  const send = async (given: Given, body: Record<string, unknown>, signal: AbortSignal) => {
    const { metadata, ...own } = header(given);
    const whole = { ...body, ...own, metadata: { ...(body['metadata'] as object | undefined), ...metadata } };
    try {
      const { objects } = clusters.apis(given.cluster, signal);
      await objects.patch(whole, undefined, undefined, undefined, undefined, kubernetesSdk().PatchStrategy.MergePatch);
    } catch (error) {
      throw kubernetesFailure(error, `patch ${given.kind} ${given.name}`, true);
    }
  };

  return defineAction({
    name: 'kubernetes/patch',
    version: 1,
    summary: 'Change fields of an object',
    effect: 'change',
    with: z.strictObject({
      cluster: z.string(),
      namespace: z.string(),
      kind: z.string(),
      name: z.string(),
      patch: patchBody,
    }),
    resolve(written, plan) {
      const kind = readKind(written.kind);
      if (kind.kind === 'Secret')
        throw new Error('a Secret is changed with kubernetes/patch-secret, which says its values nowhere');
      const target = resolveCluster(plan, written.cluster, written.namespace);
      return { ...target, ...kind, name: written.name, patch: written.patch };
    },
    input,
    targets: ['cluster', 'region', 'namespace', 'account', 'apiVersion', 'kind', 'name'],
    output: z.object({ kind: z.string(), name: z.string() }),
    resources: (given) => [objectId(given, given.kind, given.name)],
    changes: ['kubernetes:Patch'],
    permissions: ({ cluster, namespace, kind, name }) =>
      ['get', 'patch'].map((verb) => ({
        system: 'rbac' as const,
        action: `${verb} ${pluralOf(kind)}`,
        resource: `${cluster}/${namespace}/${name}`,
      })),
    expectedSeconds: 5,
    longestSeconds: 300,
    repeat: 'by-look',
    reversible: {
      undo: 'bring back what the fields held',
      before: async (_, context) => markOf(context),
      async observe(given, before, context) {
        const { kind, name } = given;
        const key = (before as { key?: string } | null)?.key;
        if (key === undefined) return { state: 'impossible', seen: `what ${kind} ${name} held before is not known` };
        const found = await find(given, context);
        if (!found) return { state: 'done', seen: `there is no ${kind} ${name}`, output: {} };
        const kept = readKept(keptIn(found));
        if (!kept) return { state: 'done', seen: `${kind} ${name} holds nothing of this run`, output: {} };
        if (kept.key !== key) {
          return { state: 'impossible', seen: `${kind} ${name} was changed by ${kept.key} since, and is left so` };
        }
        if (!holdsPatch(found, given.patch))
          return { state: 'impossible', seen: `somebody changed ${kind} ${name} since; it is left so` };
        return { state: 'todo', seen: `${kind} ${name} holds what this run set` };
      },
      async act(given, _, context) {
        const found = await find(given, context);
        const kept = found && readKept(keptIn(found));
        if (!found || !kept) return undefined;
        const reverse = JSON.parse(kept.data[reverseKey] ?? '{}') as Record<string, Json>;
        const mark = { annotations: { [beforeAnnotation]: null }, resourceVersion: found.metadata?.resourceVersion };
        await send(given, withMetadata(reverse, mark), await context.beforeChange());
        return { seen: `brought back what ${given.kind} ${given.name} held` };
      },
    },

    async observe(given, context) {
      const { kind, name, namespace } = given;
      const found = await find(given, context);
      if (!found) return { state: 'impossible', seen: `there is no ${kind} ${name} in ${namespace}` };
      if (!holdsPatch(found, given.patch)) return { state: 'todo', seen: `${kind} ${name} is not yet as wanted` };
      return { state: 'done', seen: `${kind} ${name} holds ${JSON.stringify(given.patch)}`, output: { kind, name } };
    },

    async act(given, context) {
      const found = await find(given, context);
      if (!found) throw new MaydayError('system/refused', `there is no ${given.kind} ${given.name} any more`);
      // A repeated act of the same step keeps what its first one found.
      const kept = readKept(keptIn(found));
      const data = { [reverseKey]: JSON.stringify(reverseOf(given.patch, found)) };
      const mark =
        kept?.key === context.key
          ? found.metadata?.annotations?.[beforeAnnotation]
          : Buffer.from(JSON.stringify({ key: context.key, data })).toString('base64');
      // The version makes the server refuse when anybody changed the object since it was read.
      const metadata = { annotations: { [beforeAnnotation]: mark }, resourceVersion: found.metadata?.resourceVersion };
      await send(given, withMetadata(given.patch, metadata), await context.beforeChange());
      return { seen: `changed ${given.kind} ${given.name}` };
    },

    async preview(given, context) {
      const found = await find(given, context);
      const now = found ? JSON.stringify(reverseOf(given.patch, found)) : 'does not exist';
      return [change(given, given.kind, given.name, now, JSON.stringify(given.patch))];
    },
    command: (given) =>
      kubectlLine(
        given,
        'patch',
        given.kind.toLowerCase(),
        given.name,
        '--type',
        'merge',
        '--patch',
        JSON.stringify(given.patch),
      ),
  });
};

const keptIn = (found: Found) => ({
  data: {},
  annotations: (found.metadata?.annotations ?? {}) as Record<string, string>,
  resourceVersion: found.metadata?.resourceVersion,
});

const withMetadata = (body: Record<string, unknown>, more: { annotations: object; resourceVersion: unknown }) => {
  const metadata = (body['metadata'] ?? {}) as { annotations?: object };
  return { ...body, metadata: { ...metadata, ...more, annotations: { ...metadata.annotations, ...more.annotations } } };
};
