import { z } from 'zod';
import { defineAction } from '../../../define.ts';
import { MaydayError } from '../../../errors.ts';
import type { Clusters } from '../client.ts';
import { change, clusterTarget, objectId, resolveCluster } from '../cluster-target.ts';
import { kubernetesFailure } from '../errors.ts';
import { kubectlLine } from '../kubectl-line.ts';
import { readDeployment, rolloutOf } from '../rollout.ts';
import { kubernetesSdk } from '../sdk.ts';

/** Says in the pods' template which step restarted them, so that a crash between never restarts them twice. */
const restartedBy = 'mayday/restarted-by';

/** Replaces every pod of a deployment by a new one, a few at a time, as `kubectl rollout restart` does. */
export const restart = (clusters: Clusters) =>
  defineAction({
    name: 'kubernetes/restart',
    version: 1,
    summary: 'Restart the pods of a deployment',
    effect: 'change',
    with: z.strictObject({ cluster: z.string(), namespace: z.string(), deployment: z.string() }),
    resolve: (written, plan) => ({
      ...resolveCluster(plan, written.cluster, written.namespace),
      deployment: written.deployment,
    }),
    input: z.strictObject({ ...clusterTarget, deployment: z.string() }),
    targets: ['cluster', 'region', 'namespace', 'account', 'deployment'],
    output: z.object({ deployment: z.string(), ready: z.number() }),
    resources: (given) => [objectId(given, 'deployment', given.deployment)],
    changes: ['kubernetes:PatchDeployment'],
    permissions: ({ cluster, namespace, deployment }) => [
      { system: 'rbac', action: 'get deployments', resource: `${cluster}/${namespace}/${deployment}` },
      { system: 'rbac', action: 'patch deployments', resource: `${cluster}/${namespace}/${deployment}` },
    ],
    expectedSeconds: 180,
    longestSeconds: 1800,
    repeat: 'by-look',
    reversible: { no: 'the pods that ran before are gone; those that took their place run the same version' },

    async observe(given, context) {
      const { deployment } = given;
      const found = await readDeployment(clusters, given, deployment, context);
      if (!found) return { state: 'impossible', seen: `there is no deployment ${deployment} in ${given.namespace}` };
      const { state, seen, ready } = rolloutOf(found);
      const mark = found.spec?.template?.metadata?.annotations?.[restartedBy];
      if (mark !== context.key) return { state: 'todo', seen: `${deployment} was not restarted yet; ${seen}` };
      if (state === 'failed') return { state: 'impossible', seen };
      if (state === 'under way') return { state: 'changing', seen };
      return { state: 'done', seen: `restarted; ${seen}`, output: { deployment, ready } };
    },

    async act(given, context) {
      const { cluster, namespace, deployment: name } = given;
      const found = await readDeployment(clusters, given, name, context);
      if (!found) throw new MaydayError('system/refused', `there is no deployment ${name} any more`);
      if (found.spec?.template?.metadata?.annotations?.[restartedBy] === context.key) return undefined;
      const annotations = {
        'kubectl.kubernetes.io/restartedAt': context.clock.now().toISOString(),
        [restartedBy]: context.key,
      };
      const body = {
        metadata: { resourceVersion: found.metadata?.resourceVersion },
        spec: { template: { metadata: { annotations } } },
      };
      const signal = await context.beforeChange();
      try {
        await clusters
          .apis(cluster, signal)
          .apps.patchNamespacedDeployment(
            { name, namespace, body },
            kubernetesSdk().setHeaderOptions('Content-Type', kubernetesSdk().PatchStrategy.MergePatch),
          );
      } catch (error) {
        throw kubernetesFailure(error, `restart deployment ${name}`, true);
      }
      return { seen: `the pods of ${name} are being replaced` };
    },

    async preview(given, context) {
      const found = await readDeployment(clusters, given, given.deployment, context);
      const now = found ? rolloutOf(found).seen : 'does not exist';
      return [change(given, 'deployment', given.deployment, now, 'every pod replaced by a new one')];
    },
    command: (given) => kubectlLine(given, 'rollout', 'restart', `deployment/${given.deployment}`),
  });
