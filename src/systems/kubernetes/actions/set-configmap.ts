import { z } from 'zod';
import { defineAction } from '../../../define.ts';
import { shellLine } from '../../shell-line.ts';
import type { Clusters } from '../client.ts';
import { change, objectId, resolveCluster } from '../cluster-target.ts';
import {
  configMapInput,
  configMapWritten,
  differingKeys,
  patchConfigMap,
  readConfigMap,
  settingKeys,
  shown,
  undoOfConfigMap,
} from '../config-map.ts';
import { kubernetesFailure } from '../errors.ts';
import { keepingCreation } from '../kept-before.ts';

/** Makes a ConfigMap hold these keys, creating it when there is none. Other keys of it are left alone. */
export const setConfigMap = (clusters: Clusters) =>
  defineAction({
    name: 'kubernetes/set-configmap',
    version: 1,
    summary: 'Create a ConfigMap or set keys of it',
    effect: 'change',
    with: configMapWritten,
    resolve: (written, plan) => ({
      ...resolveCluster(plan, written.cluster, written.namespace),
      configmap: written.configmap,
      data: written.data,
    }),
    input: configMapInput,
    targets: ['cluster', 'region', 'namespace', 'account', 'configmap'],
    output: z.object({ changedKeys: z.array(z.string()) }),
    resources: (given) => [objectId(given, 'configmap', given.configmap)],
    changes: ['kubernetes:CreateConfigMap', 'kubernetes:PatchConfigMap'],
    permissions: ({ cluster, namespace }) => [
      { system: 'rbac', action: 'get configmaps', resource: `${cluster}/${namespace}` },
      { system: 'rbac', action: 'create configmaps', resource: `${cluster}/${namespace}` },
      { system: 'rbac', action: 'patch configmaps', resource: `${cluster}/${namespace}` },
    ],
    expectedSeconds: 5,
    longestSeconds: 300,
    repeat: 'by-look',
    reversible: undoOfConfigMap(clusters),

    async observe(given, context) {
      const found = await readConfigMap(clusters, given, context);
      if (!found) return { state: 'todo', seen: `there is no ConfigMap ${given.configmap} in ${given.namespace} yet` };
      const stored = found.data;
      const keys = differingKeys(stored, given.data);
      if (keys.length > 0) return { state: 'todo', seen: `${given.configmap} has ${shown(stored, keys)}` };
      const changedKeys = Object.keys(given.data);
      return { state: 'done', seen: `${given.configmap} has ${shown(stored, changedKeys)}`, output: { changedKeys } };
    },

    async act(given, context) {
      const { cluster, namespace, configmap, data } = given;
      const found = await readConfigMap(clusters, given, context);
      const signal = await context.beforeChange();
      if (found) {
        await patchConfigMap(clusters, given, settingKeys(found, data, context.key), signal);
        return { seen: `set ${Object.keys(data).join(', ')} of ${configmap}` };
      }
      try {
        const metadata = { name: configmap, namespace, annotations: keepingCreation(context.key) };
        const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
        await clusters.apis(cluster, signal).core.createNamespacedConfigMap({ namespace, body });
      } catch (error) {
        throw kubernetesFailure(error, `create configmap ${configmap}`, true);
      }
      return { seen: `created ${configmap}` };
    },

    async preview(given, context) {
      const found = await readConfigMap(clusters, given, context);
      const keys = Object.keys(given.data);
      const now = found ? shown(found.data, keys) : 'does not exist';
      return [change(given, 'configmap', given.configmap, now, shown(given.data, keys))];
    },
    command: ({ cluster, namespace, configmap, data }) => {
      const literals = Object.entries(data).map(([key, value]) => `--from-literal=${key}=${value}`);
      const kubectl = ['kubectl', '--context', cluster, '--namespace', namespace];
      const made = shellLine(
        ...kubectl,
        'create',
        'configmap',
        configmap,
        ...literals,
        '--dry-run=client',
        '--output=yaml',
      );
      return `${made} | ${shellLine(...kubectl, 'apply', '--filename', '-')}`;
    },
  });
