import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import type { Clusters } from '../client.ts';
import { resolveCluster } from '../cluster-target.ts';
import { kubectlLine } from '../kubectl-line.ts';
import { readDeployment, readStatefulSet, rolloutOf, rolloutOfSet } from '../rollout.ts';

const shape = {
  cluster: z.string(),
  namespace: z.string(),
  deployment: z.string().optional(),
  statefulset: z.string().optional(),
};
const one = ({ deployment, statefulset }: { deployment?: string; statefulset?: string }) =>
  (deployment === undefined) !== (statefulset === undefined);

/** Whether all pods of a deployment or StatefulSet are ready and of its newest version. */
export const rolloutDone = (clusters: Clusters) =>
  defineCheck({
    name: 'kubernetes/rollout-done',
    version: 1,
    summary: 'Is it rolled out?',
    with: z.strictObject(shape).refine(one, 'name either a deployment or a statefulset'),
    resolve({ cluster: place, namespace: written, ...rest }, plan) {
      const { cluster, namespace } = resolveCluster(plan, place, written);
      return { cluster, namespace, ...rest };
    },
    input: z.strictObject(shape).refine(one, 'name either a deployment or a statefulset'),
    facts: { wanted: 'number', ready: 'number' },
    permissions: ({ cluster, namespace, deployment, statefulset }) => [
      {
        system: 'rbac',
        action: `get ${deployment ? 'deployments' : 'statefulsets'}`,
        resource: `${cluster}/${namespace}/${deployment ?? statefulset}`,
      },
    ],
    expectedSeconds: 1,
    async ask(given, context) {
      const { deployment, statefulset = '', namespace } = given;
      try {
        const rollout = await (async () => {
          if (deployment !== undefined) {
            const found = await readDeployment(clusters, given, deployment, context);
            return found && rolloutOf(found);
          }
          const found = await readStatefulSet(clusters, given, statefulset, context);
          return found && rolloutOfSet(found);
        })();
        if (!rollout) return { answer: 'no', because: `there is no ${deployment ?? statefulset} in ${namespace}` };
        const { state, seen: because, wanted, ready } = rollout;
        return { answer: state === 'complete' ? 'yes' : 'no', because, facts: { wanted, ready } };
      } catch (error) {
        return { answer: 'unknown', because: messageOf(error) };
      }
    },
    command: (given) =>
      kubectlLine(
        given,
        'rollout',
        'status',
        given.deployment ? `deployment/${given.deployment}` : `statefulset/${given.statefulset}`,
      ),
  });
