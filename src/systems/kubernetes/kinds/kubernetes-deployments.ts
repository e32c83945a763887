import { z } from 'zod';
import { defineKind } from '../../../define.ts';
import { lookSignal } from '../../look-signal.ts';
import type { Clusters } from '../client.ts';
import { objectId, resolveCluster } from '../cluster-target.ts';
import { kubernetesFailure } from '../errors.ts';

const replicas = z.strictObject({ active: z.int().min(0), standby: z.int().min(0) });
const settings = z.strictObject({ namespace: z.string(), deployments: z.record(z.string(), replicas) });

/** Deployments of one namespace, the same in the cluster of every place, with fewer pods where they stand by. */
export const kubernetesDeployments = (clusters: Clusters) =>
  defineKind({
    name: 'kubernetes-deployments',
    summary: 'Deployments in the Kubernetes cluster of each place',
    // The cluster is the place's own, so nothing stands under a place's name.
    at: z.undefined(),
    settings,
    resources(component, place, plan) {
      const { namespace, deployments } = component.settings as z.infer<typeof settings>;
      const target = resolveCluster(plan, place, namespace);
      return Object.keys(deployments).map((name) => objectId(target, 'deployment', name));
    },
    stop(component, place) {
      const { namespace, deployments } = component.settings as z.infer<typeof settings>;
      return Object.keys(deployments).map((deployment) => ({
        name: deployment,
        title: `Stop ${deployment} in ${place}`,
        uses: 'kubernetes/scale',
        with: { cluster: place, namespace, deployment, replicas: 0, exactly: true },
      }));
    },
    async describe(component, place, plan, context) {
      const { namespace, deployments } = component.settings as z.infer<typeof settings>;
      const { cluster } = resolveCluster(plan, place, namespace);
      try {
        const { items } = await clusters
          .apis(cluster, lookSignal(context))
          .apps.listNamespacedDeployment({ namespace });
        return Object.keys(deployments)
          .map((name) => {
            const found = items.find(({ metadata }) => metadata?.name === name);
            return found
              ? `${name} ${found.status?.readyReplicas ?? 0}/${found.spec?.replicas ?? 1}`
              : `${name} missing`;
          })
          .join(', ');
      } catch (error) {
        return `not known (${kubernetesFailure(error, 'list deployments').message})`;
      }
    },
  });
