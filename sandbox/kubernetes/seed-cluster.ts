import { mentionsOf } from '../mentions.ts';
import type { WorldPlan } from '../world-plan.ts';
import type { ClusterStore } from './cluster-store.ts';
import { alreadyRunning } from './deployment-controller.ts';
import { resourceTypes } from './resource-types.ts';

const typeOf = (plural: string) => resourceTypes.find((type) => type.plural === plural)!;

/**
 * Fills one cluster with what a plan says of it: its deployments with the replicas of an active or a standby place,
 * and every Secret and ConfigMap that a step patches, with the values of the place where all runs at first.
 */
export const seedCluster = (
  store: ClusterStore,
  plan: WorldPlan,
  place: string,
  oldValue: (plan: WorldPlan, newValue: unknown) => string,
): void => {
  const active = plan.prefer[0] === place;
  const ensureNamespace = (name: string) => {
    if (store.find(typeOf('namespaces'), undefined, name)) return;
    store.create(typeOf('namespaces'), {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
      status: { phase: 'Active' },
    });
  };
  const ensureDeployment = (namespace: string, name: string, replicas: number) => {
    ensureNamespace(namespace);
    if (store.find(typeOf('deployments'), namespace, name)) return;
    store.create(typeOf('deployments'), {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace, labels: { app: name }, annotations: { [alreadyRunning]: 'true' } },
      spec: {
        replicas,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: { containers: [{ name, image: `registry.example/${name}:1` }] },
        },
      },
    });
  };

  for (const component of Object.values(plan.components)) {
    if (component.kind !== 'kubernetes-deployments') continue;
    for (const [name, counts] of Object.entries<{ active: number; standby: number }>(component['deployments'] ?? {})) {
      ensureDeployment(component['namespace'] ?? 'default', name, active ? counts.active : counts.standby);
    }
  }
  for (const { uses, with: given } of mentionsOf(plan)) {
    if (typeof given['namespace'] !== 'string' || !uses.startsWith('kubernetes/')) continue;
    const namespace: string = given['namespace'];
    ensureNamespace(namespace);
    if (given['deployment']) ensureDeployment(namespace, given['deployment'], active ? (given['replicas'] ?? 1) : 1);
    const [plural, name] = given['secret'] ? ['secrets', given['secret']] : ['configmaps', given['configmap']];
    if (!uses.startsWith('kubernetes/patch-') || typeof name !== 'string') continue;
    const type = typeOf(plural);
    const existing = store.find(type, namespace, name);
    const data: Record<string, string> = { ...existing?.data };
    for (const key of Object.keys(given['data'] ?? {})) {
      const value = oldValue(plan, given['data'][key]);
      data[key] = plural === 'secrets' ? Buffer.from(value).toString('base64') : value;
    }
    if (existing) store.update(type, { ...existing, data });
    else {
      store.create(type, {
        apiVersion: 'v1',
        kind: type.kind,
        metadata: { name, namespace },
        ...(plural === 'secrets' && { type: 'Opaque' }),
        data,
      });
    }
  }
};
