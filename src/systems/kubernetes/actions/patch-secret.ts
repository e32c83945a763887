import { z } from 'zod';
import { defineAction, type LookContext } from '../../../define.ts';
import { MaydayError } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import type { Clusters } from '../client.ts';
import { type ClusterTarget, change, clusterTarget, objectId, resolveCluster } from '../cluster-target.ts';
import { kubernetesFailure, statusOf } from '../errors.ts';
import { bringingBack, keeping, keptInObject, markOf, readKept, standing } from '../kept-before.ts';
import { kubernetesSdk } from '../sdk.ts';

const encode = (text: string) => Buffer.from(text, 'utf8').toString('base64');

/** Sets keys of a Secret that exists. Names of keys are said; values never are. */
export const patchSecret = (clusters: Clusters) => {
  const read = async (target: ClusterTarget & { secret: string }, context: LookContext) => {
    try {
      const { core } = clusters.apis(target.cluster, lookSignal(context));
      const found = await core.readNamespacedSecret({ name: target.secret, namespace: target.namespace });
      return keptInObject(found);
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw kubernetesFailure(error, `get secret ${target.secret}`);
    }
  };
  const encoded = (data: Record<string, string>) =>
    Object.fromEntries(Object.entries(data).map(([key, value]) => [key, encode(value)]));
  const different = (stored: Record<string, string>, data: Record<string, string>) =>
    Object.keys(data).filter((key) => stored[key] !== encode(data[key]!));
  const patch = async (target: ClusterTarget & { secret: string }, body: object, signal: AbortSignal) => {
    try {
      await clusters
        .apis(target.cluster, signal)
        .core.patchNamespacedSecret(
          { name: target.secret, namespace: target.namespace, body },
          kubernetesSdk().setHeaderOptions('Content-Type', kubernetesSdk().PatchStrategy.MergePatch),
        );
    } catch (error) {
      throw kubernetesFailure(error, `patch secret ${target.secret}`, true);
    }
  };

  return defineAction({
    name: 'kubernetes/patch-secret',
    version: 1,
    summary: 'Set keys of a Secret',
    effect: 'change',
    with: z.strictObject({
      cluster: z.string(),
      namespace: z.string(),
      secret: z.string(),
      data: z.record(z.string(), z.string()),
    }),
    resolve: (written, plan) => ({
      ...resolveCluster(plan, written.cluster, written.namespace),
      secret: written.secret,
      data: written.data,
    }),
    input: z.strictObject({ ...clusterTarget, secret: z.string(), data: z.record(z.string(), z.string()) }),
    targets: ['cluster', 'region', 'namespace', 'account', 'secret'],
    output: z.object({ changedKeys: z.array(z.string()) }),
    resources: (given) => [objectId(given, 'secret', given.secret)],
    changes: ['kubernetes:PatchSecret'],
    permissions: ({ cluster, namespace, secret }) => [
      { system: 'rbac', action: 'get secrets', resource: `${cluster}/${namespace}/${secret}` },
      { system: 'rbac', action: 'patch secrets', resource: `${cluster}/${namespace}/${secret}` },
    ],
    expectedSeconds: 5,
    longestSeconds: 300,
    repeat: 'by-look',
    reversible: {
      undo: 'bring back what the keys held',
      before: async (_, context) => markOf(context),
      async observe(given, before, context) {
        const found = await read(given, context);
        const { state, seen } = standing(found, before, encoded(given.data), `Secret ${given.secret}`);
        return state === 'done' ? { state, seen, output: {} } : { state, seen };
      },
      async act(given, _, context) {
        const found = await read(given, context);
        const kept = found && readKept(found);
        if (!found || !kept) return undefined;
        await patch(given, bringingBack(found, kept), await context.beforeChange());
        return { seen: `brought back ${Object.keys(kept.data).join(', ')} of ${given.secret}` };
      },
    },

    async observe(given, context) {
      const stored = await read(given, context);
      if (!stored) return { state: 'impossible', seen: `there is no Secret ${given.secret} in ${given.namespace}` };
      const keys = different(stored.data, given.data);
      if (keys.length > 0) return { state: 'todo', seen: `${given.secret} differs in ${keys.join(', ')}` };
      const changedKeys = Object.keys(given.data);
      return {
        state: 'done',
        seen: `${given.secret} holds the wanted ${changedKeys.join(', ')}`,
        output: { changedKeys },
      };
    },

    async act(given, context) {
      const found = await read(given, context);
      if (!found) throw new MaydayError('system/refused', `there is no Secret ${given.secret} any more`);
      const annotations = keeping(found, Object.keys(given.data), context.key);
      // The version makes the server refuse when anybody changed the Secret since it was read.
      const metadata = { resourceVersion: found.resourceVersion, annotations };
      await patch(given, { metadata, data: encoded(given.data) }, await context.beforeChange());
      return { seen: `set ${Object.keys(given.data).join(', ')} of ${given.secret}` };
    },

    async preview(given, context) {
      const stored = await read(given, context);
      const keys = Object.keys(given.data).join(', ');
      const now = stored ? `${keys} as it is` : 'does not exist';
      return [change(given, 'secret', given.secret, now, `${keys} set anew`)];
    },
    command: ({ cluster, namespace, secret, data }) => {
      // What another step finds out is named; any other value stays out of sight.
      const stringData = Object.fromEntries(
        Object.entries(data).map(([key, value]) => [key, /^<\w+ of [a-z0-9-]+>$/.test(value) ? value : `<${key}>`]),
      );
      const body = JSON.stringify({ stringData });
      return shellLine(
        'kubectl',
        '--context',
        cluster,
        '--namespace',
        namespace,
        'patch',
        'secret',
        secret,
        '--type',
        'merge',
        '--patch',
        body,
      );
    },
  });
};
