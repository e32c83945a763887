import { z } from 'zod';
import { defineAction } from '../../../define.ts';
import { MaydayError } from '../../../errors.ts';
import { shellLine } from '../../shell-line.ts';
import type { Clusters } from '../client.ts';
import { change, objectId, resolveCluster } from '../cluster-target.ts';
import {
  configMapInput,
  configMapWritten,
  differingKeys,
  patchConfigMap as patch,
  readConfigMap,
  settingKeys,
  shown,
  undoOfConfigMap,
} from '../config-map.ts';

/** Sets keys of a ConfigMap that exists; a missing one is a mistake that somebody must see. */
export const patchConfigMap = (clusters: Clusters) =>
  defineAction({
    name: 'kubernetes/patch-configmap',
    version: 1,
    summary: 'Set keys of a ConfigMap',
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
    changes: ['kubernetes:PatchConfigMap'],
    permissions: ({ cluster, namespace, configmap }) => [
      { system: 'rbac', action: 'get configmaps', resource: `${cluster}/${namespace}/${configmap}` },
      { system: 'rbac', action: 'patch configmaps', resource: `${cluster}/${namespace}/${configmap}` },
    ],
    expectedSeconds: 5,
    longestSeconds: 300,
    repeat: 'by-look',
    reversible: undoOfConfigMap(clusters),

    async observe(given, context) {
      const found = await readConfigMap(clusters, given, context);
      if (!found)
        return { state: 'impossible', seen: `there is no ConfigMap ${given.configmap} in ${given.namespace}` };
      const stored = found.data;
      const keys = differingKeys(stored, given.data);
      if (keys.length > 0) return { state: 'todo', seen: `${given.configmap} has ${shown(stored, keys)}` };
      const changedKeys = Object.keys(given.data);
      return { state: 'done', seen: `${given.configmap} has ${shown(stored, changedKeys)}`, output: { changedKeys } };
    },

    async act(given, context) {
      const found = await readConfigMap(clusters, given, context);
      if (!found) throw new MaydayError('system/refused', `there is no ConfigMap ${given.configmap} any more`);
      const body = settingKeys(found, given.data, context.key);
      await patch(clusters, given, body, await context.beforeChange());
      return { seen: `set ${Object.keys(given.data).join(', ')} of ${given.configmap}` };
    },

    async preview(given, context) {
      const found = await readConfigMap(clusters, given, context);
      const keys = Object.keys(given.data);
      const now = found ? shown(found.data, keys) : 'does not exist';
      return [change(given, 'configmap', given.configmap, now, shown(given.data, keys))];
    },
    command: ({ cluster, namespace, configmap, data }) => {
      const body = JSON.stringify({ data });
      return shellLine(
        'kubectl',
        '--context',
        cluster,
        '--namespace',
        namespace,
        'patch',
        'configmap',
        configmap,
        '--type',
        'merge',
        '--patch',
        body,
      );
    },
  });
