import type { V1Deployment } from '@kubernetes/client-node';
import { z } from 'zod';
import { defineAction } from '../../../define.ts';
import { MaydayError } from '../../../errors.ts';
import type { Clusters } from '../client.ts';
import { type ClusterTarget, change, clusterTarget, objectId, resolveCluster } from '../cluster-target.ts';
import { kubernetesFailure } from '../errors.ts';
import { beforeAnnotation, type KeptIn, keeping, markOf, readKept, standing } from '../kept-before.ts';
import { kubectlLine } from '../kubectl-line.ts';
import { readDeployment, rolloutOf } from '../rollout.ts';
import { kubernetesSdk } from '../sdk.ts';

const env = z
  .record(z.string().regex(/^[A-Za-z_.][\w.-]*$/, 'is no name of an environment variable'), z.string())
  .refine((given) => Object.keys(given).length > 0, 'needs at least one variable');
const input = z.strictObject({ ...clusterTarget, deployment: z.string(), env });
type Given = z.infer<typeof input>;

/**
 * Sets environment variables of every container of a deployment, as `kubectl set env` does. Done when all its pods have
 * them. What is meant to stay unsaid belongs into a Secret: these values stand in the deployment and on cards.
 */
export const setEnv = (clusters: Clusters) => {
  const patch = async (given: ClusterTarget & { deployment: string }, body: object, signal: AbortSignal) => {
    try {
      await clusters
        .apis(given.cluster, signal)
        .apps.patchNamespacedDeployment(
          { name: given.deployment, namespace: given.namespace, body },
          kubernetesSdk().setHeaderOptions('Content-Type', kubernetesSdk().PatchStrategy.StrategicMergePatch),
        );
    } catch (error) {
      throw kubernetesFailure(error, `set env of deployment ${given.deployment}`, true);
    }
  };
  const find = (given: Given, context: Parameters<typeof readDeployment>[3]) =>
    readDeployment(clusters, given, given.deployment, context);

  return defineAction({
    name: 'kubernetes/set-env',
    version: 1,
    summary: 'Set environment variables of a deployment',
    effect: 'change',
    with: z.strictObject({ cluster: z.string(), namespace: z.string(), deployment: z.string(), env }),
    resolve: (written, plan) => ({
      ...resolveCluster(plan, written.cluster, written.namespace),
      deployment: written.deployment,
      env: written.env,
    }),
    input,
    targets: ['cluster', 'region', 'namespace', 'account', 'deployment'],
    output: z.object({ deployment: z.string(), changedNames: z.array(z.string()) }),
    resources: (given) => [objectId(given, 'deployment', given.deployment)],
    changes: ['kubernetes:PatchDeployment'],
    permissions: ({ cluster, namespace, deployment }) => [
      { system: 'rbac', action: 'get deployments', resource: `${cluster}/${namespace}/${deployment}` },
      { system: 'rbac', action: 'patch deployments', resource: `${cluster}/${namespace}/${deployment}` },
    ],
    expectedSeconds: 120,
    longestSeconds: 900,
    repeat: 'by-look',
    reversible: {
      undo: 'bring back the variables that it had',
      before: async (_, context) => markOf(context),
      async observe(given, before, context) {
        const found = await find(given, context);
        const kept = found && keptIn(found);
        const stored = found ? wantedIn(found, given.env) : {};
        const { state, seen } = standing(kept, before, stored, `deployment ${given.deployment}`);
        if (state !== 'done' || !found) return state === 'done' ? { state, seen, output: {} } : { state, seen };
        const rollout = rolloutOf(found);
        if (rollout.state === 'under way') return { state: 'changing', seen: rollout.seen };
        return { state, seen, output: {} };
      },
      async act(given, _, context) {
        const found = await find(given, context);
        const kept = found && readKept(keptIn(found));
        if (!found || !kept) return undefined;
        const metadata = {
          resourceVersion: found.metadata?.resourceVersion,
          annotations: { [beforeAnnotation]: null },
        };
        await patch(given, { metadata, ...templateOf(kept.data) }, await context.beforeChange());
        return { seen: `brought back ${names(Object.keys(kept.data))} of ${given.deployment}` };
      },
    },

    async observe(given, context) {
      const found = await find(given, context);
      const { deployment } = given;
      if (!found) return { state: 'impossible', seen: `there is no deployment ${deployment} in ${given.namespace}` };
      const referred = referredIn(found, given.env);
      if (referred.length > 0) {
        return {
          state: 'impossible',
          seen: `${referred.join(', ')} of ${deployment} comes from a Secret, ConfigMap or field; nothing was changed: change it there`,
        };
      }
      const { data } = keptIn(found);
      const wanted = wantedIn(found, given.env);
      const open = Object.keys(wanted).filter((key) => data[key] !== wanted[key]);
      if (open.length > 0) return { state: 'todo', seen: `${deployment} does not have ${names(open)} so yet` };
      const { state, seen } = rolloutOf(found);
      if (state === 'failed') return { state: 'impossible', seen };
      if (state === 'under way') return { state: 'changing', seen };
      const changedNames = Object.keys(given.env);
      return { state: 'done', seen: `${seen}, with ${names(changedNames)}`, output: { deployment, changedNames } };
    },

    async act(given, context) {
      const found = await find(given, context);
      if (!found) throw new MaydayError('system/refused', `there is no deployment ${given.deployment} any more`);
      const wanted = wantedIn(found, given.env);
      const annotations = keeping(keptIn(found), Object.keys(wanted), context.key);
      // The version makes the server refuse when anybody changed the deployment since it was read.
      const metadata = { resourceVersion: found.metadata?.resourceVersion, annotations };
      await patch(given, { metadata, ...templateOf(wanted) }, await context.beforeChange());
      return { seen: `set ${names(Object.keys(given.env))} of ${given.deployment}` };
    },

    async preview(given, context) {
      const found = await find(given, context);
      const { data } = found ? keptIn(found) : { data: {} as Record<string, string> };
      const keys = found ? Object.keys(wantedIn(found, given.env)) : [];
      const now = keys.map((key) => `${key}=${data[key] ?? '(unset)'}`).join(', ');
      const then = Object.entries(given.env).map(([name, value]) => `${name}=${value}`);
      return [change(given, 'deployment', given.deployment, found ? now : 'does not exist', then.join(', '))];
    },
    command: (given) =>
      kubectlLine(
        given,
        'set',
        'env',
        `deployment/${given.deployment}`,
        ...Object.entries(given.env).map(([name, value]) => `${name}=${value}`),
      ),
  });
};

const names = (keys: string[]) => [...new Set(keys.map((key) => key.split(' ').at(-1)))].join(', ');
const containersOf = (found: V1Deployment) => found.spec?.template?.spec?.containers ?? [];

/** Variables as `<container> <name>`, which is how they are kept. Those from elsewhere have no value of their own. */
const keptIn = (found: V1Deployment): KeptIn => ({
  data: Object.fromEntries(
    containersOf(found).flatMap(({ name, env = [] }) =>
      env.flatMap((one) => (one.valueFrom ? [] : [[`${name} ${one.name}`, one.value ?? '']])),
    ),
  ),
  annotations: found.metadata?.annotations ?? {},
  resourceVersion: found.metadata?.resourceVersion,
});

const wantedIn = (found: V1Deployment, wanted: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    containersOf(found).flatMap(({ name }) =>
      Object.entries(wanted).map(([variable, value]) => [`${name} ${variable}`, value]),
    ),
  );

const referredIn = (found: V1Deployment, wanted: Record<string, string>): string[] =>
  containersOf(found).flatMap(({ env = [] }) =>
    env.flatMap((one) => (one.valueFrom && one.name in wanted ? [one.name] : [])),
  );

/** The strategic merge patch for variables by `<container> <name>`; null takes one away. */
const templateOf = (data: Record<string, string | null>) => {
  const containers = [...new Set(Object.keys(data).map((key) => key.split(' ')[0]!))].map((name) => ({
    name,
    env: Object.entries(data)
      .filter(([key]) => key.startsWith(`${name} `))
      .map(([key, value]) => {
        const variable = key.slice(name.length + 1);
        return value === null ? { name: variable, $patch: 'delete' } : { name: variable, value };
      }),
  }));
  return { spec: { template: { spec: { containers } } } };
};
