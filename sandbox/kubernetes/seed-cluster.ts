import { mentionsOf } from '../mentions.ts';
import type { WorldPlan } from '../world-plan.ts';
import { matchesLabels } from './api-request.ts';
import type { ClusterStore } from './cluster-store.ts';
import { alreadyRunning, typeOf } from './pods.ts';
import { quantityOf } from './quantity.ts';
import { apiVersionOf, resourceTypes } from './resource-types.ts';

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
  const ensureWorkload = (
    plural: 'deployments' | 'statefulsets',
    namespace: string,
    name: string,
    replicas: number,
    labels: Record<string, string> = { app: name },
  ) => {
    ensureNamespace(namespace);
    const type = typeOf(plural);
    if (store.find(type, namespace, name)) return;
    store.create(type, {
      apiVersion: 'apps/v1',
      kind: type.kind,
      metadata: { name, namespace, labels, annotations: { [alreadyRunning]: 'true' } },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        ...(plural === 'statefulsets' && { serviceName: name }),
        template: {
          metadata: { labels },
          spec: { containers: [{ name, image: `registry.example/${name}:1` }] },
        },
      },
    });
  };
  const ensureDeployment = (namespace: string, name: string, replicas: number) =>
    ensureWorkload('deployments', namespace, name, replicas);
  /** A numbered pod stands for the StatefulSet that it is of; any other name for a deployment's only pod. */
  const ensurePod = (namespace: string, name: string) => {
    const [, set, number] = /^(.+)-(\d+)$/.exec(name) ?? [];
    if (set) ensureWorkload('statefulsets', namespace, set, Number(number) + 1);
  };
  const ensureSelected = (namespace: string, selector: string) => {
    const chosen = ['deployments', 'statefulsets'].flatMap((plural) => store.list(typeOf(plural), namespace));
    if (chosen.some(({ spec }) => matchesLabels(spec?.template?.metadata?.labels ?? {}, selector))) return;
    const labels = Object.fromEntries(
      [...selector.matchAll(/([\w./-]+)==?([\w.-]+)/g)].map(([, key, value]) => [key!, value!]),
    );
    const name = labels['app'] ?? labels['app.kubernetes.io/name'] ?? Object.values(labels)[0];
    if (name) ensureWorkload('deployments', namespace, name, 2, labels);
  };
  /** Half of what a step will ask for. */
  const ensureClaim = (namespace: string, name: string, size: unknown) => {
    const type = typeOf('persistentvolumeclaims');
    if (store.find(type, namespace, name)) return;
    const gibibytes = Math.max(1, Math.floor((quantityOf(size) ?? 2 ** 34) / 2 ** 31));
    store.create(type, {
      apiVersion: 'v1',
      kind: type.kind,
      metadata: { name, namespace },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'gp3',
        resources: { requests: { storage: `${gibibytes}Gi` } },
      },
    });
  };
  const ensurePatched = (namespace: string, given: Record<string, any>) => {
    const kind = String(given['kind']).split('/').at(-1)!.toLowerCase();
    const type = resourceTypes.find((one) => one.kind.toLowerCase() === kind && one.namespaced);
    if (!type || store.find(type, namespace, given['name'])) return;
    if (type.plural === 'deployments' || type.plural === 'statefulsets')
      return ensureWorkload(type.plural, namespace, given['name'], 1);
    store.create(type, {
      ...(valuesBefore(given['patch'] ?? {}) as object),
      apiVersion: apiVersionOf(type),
      kind: type.kind,
      metadata: { name: given['name'], namespace },
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
    if (given['statefulset']) ensureWorkload('statefulsets', namespace, given['statefulset'], 1);
    if (typeof given['claim'] === 'string') ensureClaim(namespace, given['claim'], given['size']);
    if (typeof given['pod'] === 'string') ensurePod(namespace, given['pod']);
    if (typeof given['selector'] === 'string') ensureSelected(namespace, given['selector']);
    if (uses === 'kubernetes/patch') ensurePatched(namespace, given);
    const [plural, name] = given['secret'] ? ['secrets', given['secret']] : ['configmaps', given['configmap']];
    if (!uses.startsWith('kubernetes/patch-') || typeof name !== 'string') continue;
    const type = typeOf(plural);
    const existing = store.find(type, namespace, name);
    const data: Record<string, string> = { ...existing?.data };
    for (const key of Object.keys(given['data'] ?? {})) {
      const value = oldValue(plan, given['data'][key]);
      // What another step's output would be there is known; a literal only says what is not there.
      if (data[key] !== undefined && value.startsWith('before-')) continue;
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

/** Something that a patch really changes: other words, a smaller number, the opposite. */
const valuesBefore = (patch: unknown): unknown => {
  if (Array.isArray(patch)) return [];
  if (patch !== null && typeof patch === 'object')
    return Object.fromEntries(
      Object.entries(patch).flatMap(([key, value]) => (key === 'metadata' ? [] : [[key, valuesBefore(value)]])),
    );
  if (typeof patch === 'number') return Math.max(0, patch - 1);
  if (typeof patch === 'boolean') return !patch;
  return `before-${String(patch)}`;
};
