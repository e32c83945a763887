import { randomUUID } from 'node:crypto';
import type { WorldClock } from '../clock.ts';
import { ApiError } from './api-error.ts';
import { apiVersionOf, type ResourceType } from './resource-types.ts';

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    generation?: number;
    creationTimestamp?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string; controller?: boolean }[];
    managedFields?: { manager: string; operation: string; [key: string]: unknown }[];
    [key: string]: unknown;
  };
  spec?: any;
  status?: any;
  data?: Record<string, string>;
  [key: string]: unknown;
}

export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  resource: ResourceType;
  object: KubernetesObject;
  version: number;
}

/** What etcd is to a cluster: objects with versions that only rise, and every change told to whoever watches. */
export interface ClusterStore {
  version(): number;
  list(type: ResourceType, namespace?: string): KubernetesObject[];
  get(type: ResourceType, namespace: string | undefined, name: string): KubernetesObject;
  find(type: ResourceType, namespace: string | undefined, name: string): KubernetesObject | undefined;
  create(type: ResourceType, object: KubernetesObject): KubernetesObject;
  /** Refused with 409 when the object carries a version that is not the stored one. */
  update(type: ResourceType, object: KubernetesObject, statusOnly?: boolean): KubernetesObject;
  remove(type: ResourceType, namespace: string | undefined, name: string): KubernetesObject;
  since(version: number): WatchEvent[];
  watch(listener: (event: WatchEvent) => void): () => void;
}

export const createClusterStore = (clock: WorldClock): ClusterStore => {
  const objects = new Map<string, KubernetesObject>();
  const history: WatchEvent[] = [];
  const listeners = new Set<(event: WatchEvent) => void>();
  let version = 1000;

  const keyOf = (type: ResourceType, namespace: string | undefined, name: string) =>
    `${type.group}/${type.plural}/${type.namespaced ? namespace : ''}/${name}`;
  const notFound = (type: ResourceType, name: string) =>
    new ApiError(404, 'NotFound', `${qualified(type)} "${name}" not found`, {
      name,
      group: type.group,
      kind: type.plural,
    });
  const tell = (type: WatchEvent['type'], resource: ResourceType, object: KubernetesObject) => {
    const event = { type, resource, object, version };
    history.push(event);
    for (const listener of listeners) listener(event);
  };

  const find: ClusterStore['find'] = (type, namespace, name) => {
    const found = objects.get(keyOf(type, namespace, name));
    return found && structuredClone(found);
  };
  const get: ClusterStore['get'] = (type, namespace, name) => {
    const found = find(type, namespace, name);
    if (!found) throw notFound(type, name);
    return found;
  };

  return {
    version: () => version,
    find,
    get,
    list: (type, namespace) =>
      [...objects.values()]
        .filter((object) => object.kind === type.kind && object.apiVersion === apiVersionOf(type))
        .filter((object) => !namespace || object.metadata.namespace === namespace)
        .map((object) => structuredClone(object)),
    create(type, given) {
      const { name, namespace } = given.metadata;
      if (objects.has(keyOf(type, namespace, name))) {
        throw new ApiError(409, 'AlreadyExists', `${qualified(type)} "${name}" already exists`, {
          name,
          kind: type.plural,
        });
      }
      version += 1;
      const object: KubernetesObject = {
        ...structuredClone(given),
        apiVersion: apiVersionOf(type),
        kind: type.kind,
        metadata: {
          ...structuredClone(given.metadata),
          uid: randomUUID(),
          creationTimestamp: clock
            .now()
            .toISOString()
            .replace(/\.\d+Z$/, 'Z'),
          generation: 1,
          resourceVersion: String(version),
        },
      };
      objects.set(keyOf(type, namespace, name), object);
      tell('ADDED', type, object);
      return structuredClone(object);
    },
    update(type, given, statusOnly = false) {
      const { name, namespace, resourceVersion } = given.metadata;
      const stored = get(type, namespace, name);
      if (resourceVersion && resourceVersion !== stored.metadata.resourceVersion) {
        throw new ApiError(
          409,
          'Conflict',
          `Operation cannot be fulfilled on ${qualified(type)} "${name}": the object has been modified; please apply your changes to the latest version and try again`,
          { name, group: type.group, kind: type.plural },
        );
      }
      const { status: givenStatus, ...rest } = structuredClone(given);
      const { status: storedStatus, ...storedRest } = stored;
      const next: KubernetesObject = statusOnly
        ? { ...storedRest, status: givenStatus }
        : { ...rest, ...(storedStatus !== undefined && { status: storedStatus }) };
      const specChanged = JSON.stringify(next.spec) !== JSON.stringify(stored.spec);
      next.apiVersion = stored.apiVersion;
      next.kind = stored.kind;
      next.metadata = {
        ...next.metadata,
        uid: stored.metadata.uid,
        creationTimestamp: stored.metadata.creationTimestamp,
        generation: (stored.metadata.generation ?? 1) + (specChanged ? 1 : 0),
        resourceVersion: stored.metadata.resourceVersion,
      };
      if (JSON.stringify(next) === JSON.stringify(stored)) return next;
      version += 1;
      next.metadata.resourceVersion = String(version);
      objects.set(keyOf(type, namespace, name), next);
      tell('MODIFIED', type, next);
      return structuredClone(next);
    },
    remove(type, namespace, name) {
      const object = get(type, namespace, name);
      objects.delete(keyOf(type, namespace, name));
      version += 1;
      object.metadata.resourceVersion = String(version);
      tell('DELETED', type, object);
      return object;
    },
    since: (from) => history.filter((event) => event.version > from),
    watch(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
};

const qualified = (type: ResourceType) => (type.group ? `${type.plural}.${type.group}` : type.plural);
