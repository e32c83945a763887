import type { V1Deployment } from '@kubernetes/client-node';
import { z } from 'zod';
import { defineAction, type LookContext } from '../../../define.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import type { Clusters } from '../client.ts';
import { type ClusterTarget, change, clusterTarget, objectId, resolveCluster } from '../cluster-target.ts';
import { kubernetesFailure, statusOf } from '../errors.ts';
import { kubernetesSdk } from '../sdk.ts';

/**
 * Scales a deployment and is done when that many pods are ready. Leaves a deployment that has more alone, as scaling
 * down in an incident is a decision of its own: `exactly: true`.
 */
export const scale = (clusters: Clusters) => {
  const read = async (
    target: ClusterTarget & { deployment: string },
    context: LookContext,
  ): Promise<V1Deployment | undefined> => {
    try {
      const { apps } = clusters.apis(target.cluster, lookSignal(context));
      return await apps.readNamespacedDeployment({ name: target.deployment, namespace: target.namespace });
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw kubernetesFailure(error, `get deployment ${target.deployment}`);
    }
  };

  const patchReplicas = async (
    { cluster, namespace, deployment: name }: ClusterTarget & { deployment: string },
    replicas: number,
    found: V1Deployment | undefined,
    signal: AbortSignal,
  ): Promise<void> => {
    // The version makes the server refuse when anybody scaled it since it was looked at.
    const body = { metadata: { resourceVersion: found?.metadata?.resourceVersion }, spec: { replicas } };
    try {
      await clusters
        .apis(cluster, signal)
        .apps.patchNamespacedDeploymentScale(
          { name, namespace, body },
          kubernetesSdk().setHeaderOptions('Content-Type', kubernetesSdk().PatchStrategy.MergePatch),
        );
    } catch (error) {
      throw kubernetesFailure(error, `scale deployment ${name}`, true);
    }
  };

  return defineAction({
    name: 'kubernetes/scale',
    version: 1,
    summary: 'Scale a deployment',
    effect: 'change',
    with: z.strictObject({
      cluster: z.string(),
      namespace: z.string(),
      deployment: z.string(),
      replicas: z.int().min(0),
      exactly: z.boolean().default(false),
    }),
    resolve: (written, plan) => ({
      ...resolveCluster(plan, written.cluster, written.namespace),
      deployment: written.deployment,
      replicas: written.replicas,
      exactly: written.exactly,
    }),
    input: z.strictObject({
      ...clusterTarget,
      deployment: z.string(),
      replicas: z.int().min(0),
      exactly: z.boolean().default(false),
    }),
    targets: ['cluster', 'region', 'namespace', 'account', 'deployment'],
    output: z.object({ deployment: z.string(), replicas: z.number(), ready: z.number() }),
    resources: (given) => [objectId(given, 'deployment', given.deployment)],
    changes: ['kubernetes:PatchDeploymentScale'],
    permissions: ({ cluster, namespace }) => [
      { system: 'rbac', action: 'get deployments', resource: `${cluster}/${namespace}` },
      { system: 'rbac', action: 'patch deployments/scale', resource: `${cluster}/${namespace}` },
    ],
    expectedSeconds: 120,
    longestSeconds: 900,
    repeat: 'by-look',
    reversible: {
      undo: 'scale back to as many as there were',
      before: async (given, context) => ({ replicas: (await read(given, context))?.spec?.replicas ?? 1 }),
      async observe(given, before, context) {
        const wanted = (before as { replicas?: number } | null)?.replicas;
        const found = await read(given, context);
        const name = given.deployment;
        if (wanted === undefined) return { state: 'impossible', seen: `how many ${name} had before is not known` };
        if (!found) return { state: 'done', seen: `there is no deployment ${name} any more`, output: {} };
        const replicas = found.spec?.replicas ?? 1;
        const ready = found.status?.readyReplicas ?? 0;
        if (replicas === wanted && ready > wanted)
          return {
            state: 'changing',
            seen: `${name} has ${ready} pods, and is to have ${wanted}`,
          };
        if (replicas === wanted) return { state: 'done', seen: `${name} is to have ${wanted} pods again`, output: {} };
        if (replicas === given.replicas) return { state: 'todo', seen: `${name} has ${replicas}, and had ${wanted}` };
        return { state: 'impossible', seen: `somebody scaled ${name} to ${replicas} since; it is left so` };
      },
      async act(given, before, context) {
        const { replicas } = before as { replicas: number };
        const found = await read(given, context);
        await patchReplicas(given, replicas, found, await context.beforeChange());
        return { seen: `${given.deployment} is to have ${replicas} pods` };
      },
    },

    async observe(given, context) {
      const found = await read(given, context);
      if (!found)
        return { state: 'impossible', seen: `there is no deployment ${given.deployment} in ${given.namespace}` };
      const replicas = found.spec?.replicas ?? 1;
      const ready = found.status?.readyReplicas ?? 0;
      const seen = `${given.deployment} has ${ready} of ${replicas} pods ready`;
      if (given.exactly ? replicas !== given.replicas : replicas < given.replicas) return { state: 'todo', seen };
      // Until the controller has seen the new number, its figures are about the old one.
      const current = (found.status?.observedGeneration ?? 0) >= (found.metadata?.generation ?? 0);
      const settled = given.exactly ? ready === given.replicas : ready >= given.replicas;
      if (!current || !settled) return { state: 'changing', seen };
      return { state: 'done', seen, output: { deployment: given.deployment, replicas, ready } };
    },

    async act(given, context) {
      const found = await read(given, context);
      await patchReplicas(given, given.replicas, found, await context.beforeChange());
      return { seen: `${given.deployment} is to have ${given.replicas} pods` };
    },

    async preview(given, context) {
      const found = await read(given, context);
      const now = found ? `${found.spec?.replicas ?? 1} replicas` : 'does not exist';
      const then = given.exactly ? `${given.replicas} replicas` : `at least ${given.replicas} replicas`;
      return [change(given, 'deployment', given.deployment, now, then)];
    },
    command: ({ cluster, namespace, deployment, replicas }) =>
      shellLine(
        'kubectl',
        '--context',
        cluster,
        '--namespace',
        namespace,
        'scale',
        'deployment',
        deployment,
        `--replicas=${replicas}`,
      ),
  });
};
