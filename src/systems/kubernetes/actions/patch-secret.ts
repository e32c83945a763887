import { PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { z } from 'zod';
import { defineAction, type LookContext } from '../../../define.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import type { Clusters } from '../client.ts';
import { type ClusterTarget, change, clusterTarget, objectId, resolveCluster } from '../cluster-target.ts';
import { kubernetesFailure, statusOf } from '../errors.ts';

const encode = (text: string) => Buffer.from(text, 'utf8').toString('base64');

/** Sets keys of a Secret that exists. Names of keys are said; values never are. */
export const patchSecret = (clusters: Clusters) => {
  const read = async (target: ClusterTarget & { secret: string }, context: LookContext) => {
    try {
      const { core } = clusters.apis(target.cluster, lookSignal(context));
      const found = await core.readNamespacedSecret({ name: target.secret, namespace: target.namespace });
      return found.data ?? {};
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw kubernetesFailure(error, `get secret ${target.secret}`);
    }
  };
  const different = (stored: Record<string, string>, data: Record<string, string>) =>
    Object.keys(data).filter((key) => stored[key] !== encode(data[key]!));

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
    reversible: { undo: 'patch the Secret back; the old values are in the record of the run only as key names' },

    async observe(given, context) {
      const stored = await read(given, context);
      if (!stored) return { state: 'impossible', seen: `there is no Secret ${given.secret} in ${given.namespace}` };
      const keys = different(stored, given.data);
      if (keys.length > 0) return { state: 'todo', seen: `${given.secret} differs in ${keys.join(', ')}` };
      const changedKeys = Object.keys(given.data);
      return {
        state: 'done',
        seen: `${given.secret} holds the wanted ${changedKeys.join(', ')}`,
        output: { changedKeys },
      };
    },

    async act(given, context) {
      const data = Object.fromEntries(Object.entries(given.data).map(([key, value]) => [key, encode(value)]));
      const signal = await context.beforeChange();
      try {
        await clusters
          .apis(given.cluster, signal)
          .core.patchNamespacedSecret(
            { name: given.secret, namespace: given.namespace, body: { data } },
            setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
          );
      } catch (error) {
        throw kubernetesFailure(error, `patch secret ${given.secret}`, true);
      }
      return { seen: `set ${Object.keys(given.data).join(', ')} of ${given.secret}` };
    },

    async preview(given, context) {
      const stored = await read(given, context);
      const keys = Object.keys(given.data).join(', ');
      const now = stored ? `${keys} as it is` : 'does not exist';
      return [change(given, 'secret', given.secret, now, `${keys} set anew`)];
    },
    command: ({ cluster, namespace, secret, data }) => {
      const stringData = Object.fromEntries(Object.keys(data).map((key) => [key, `<${key}>`]));
      const patch = JSON.stringify({ stringData });
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
        patch,
      );
    },
  });
};
