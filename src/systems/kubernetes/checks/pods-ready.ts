import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { lookSignal } from '../../look-signal.ts';
import type { Clusters } from '../client.ts';
import { resolveCluster } from '../cluster-target.ts';
import { kubernetesFailure } from '../errors.ts';

/** Whether every deployment of a namespace has all its pods ready. */
export const podsReady = (clusters: Clusters) =>
  defineCheck({
    name: 'kubernetes/pods-ready',
    version: 1,
    summary: 'Are all pods ready?',
    with: z.strictObject({ cluster: z.string(), namespace: z.string() }),
    resolve(written, plan) {
      const { cluster, namespace } = resolveCluster(plan, written.cluster, written.namespace);
      return { cluster, namespace };
    },
    input: z.strictObject({ cluster: z.string(), namespace: z.string() }),
    facts: { deployments: 'number', wanted: 'number', ready: 'number' },
    permissions: ({ cluster, namespace }) => [
      { system: 'rbac', action: 'list deployments', resource: `${cluster}/${namespace}` },
    ],
    expectedSeconds: 1,
    async ask({ cluster, namespace }, context) {
      try {
        const { items } = await clusters
          .apis(cluster, lookSignal(context))
          .apps.listNamespacedDeployment({ namespace });
        const rows = items.map(({ metadata, spec, status }) => ({
          name: metadata?.name ?? '?',
          wanted: spec?.replicas ?? 1,
          ready: status?.readyReplicas ?? 0,
        }));
        const wanted = rows.reduce((sum, row) => sum + row.wanted, 0);
        const ready = rows.reduce((sum, row) => sum + row.ready, 0);
        const facts = { deployments: rows.length, wanted, ready };
        if (rows.length === 0) return { answer: 'no', because: `${namespace} has no deployments`, facts };
        const lacking = rows.filter((row) => row.ready < row.wanted);
        if (lacking.length === 0)
          return { answer: 'yes', because: `all ${ready} pods in ${namespace} are ready`, facts };
        const words = lacking.map((row) => `${row.name} ${row.ready} of ${row.wanted}`).join(', ');
        return { answer: 'no', because: `not ready yet: ${words}`, facts };
      } catch (error) {
        const { message } = kubernetesFailure(error, `list deployments in ${namespace}`);
        return { answer: 'unknown', because: message };
      }
    },
    command: ({ cluster, namespace }) => `kubectl --context ${cluster} --namespace ${namespace} get deployments`,
  });
