import type { IncomingMessage, ServerResponse } from 'node:http';
import { parse } from 'yaml';
import type { SandboxContext } from '../part.ts';
import { readBody } from '../read-body.ts';
import { answerReview, type DeniedAccess, reviewPath } from './access-review.ts';
import { ApiError } from './api-error.ts';
import { matchesFields, matchesLabels, readTarget, type Target } from './api-request.ts';
import { applyTo } from './apply.ts';
import type { ClusterStore, KubernetesObject } from './cluster-store.ts';
import { jsonPatch, mergePatch, strategicMergePatch } from './patch.ts';
import { podLog } from './pod-log.ts';
import { isLive, terminate } from './pods.ts';
import { apiVersionOf, discovery, type ResourceType } from './resource-types.ts';
import { scaleOf, scaleTo } from './scale.ts';
import { validateWorkload } from './validate-workload.ts';
import { streamWatch } from './watch.ts';

/** One cluster as its API server shows it. */
export interface Cluster {
  name: string;
  region: string;
  token: string;
  /** What the caller was bound to and is no more. */
  denied: DeniedAccess[];
  store: ClusterStore;
  /** What containers printed, by the uid of their pod. */
  logs: Map<string, string>;
  /** Called with every accepted change; returns the `visible` of its ledger entry. */
  accepted(change: string, type: ResourceType, object: KubernetesObject): void;
}

export const answerCluster = async (
  context: SandboxContext,
  cluster: Cluster,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  if (context.faults.regionDown(cluster.region) || context.faults.service('kubernetes')?.how === 'hang') return;
  const url = new URL(request.url ?? '/', 'https://cluster');
  let change: string | undefined;
  try {
    if (request.headers.authorization !== `Bearer ${cluster.token}`)
      throw new ApiError(401, 'Unauthorized', 'Unauthorized');
    const body = await readBody(request);
    if (url.pathname === reviewPath && request.method === 'POST')
      return send(response, 201, answerReview(body.toString('utf8'), cluster.denied));
    const plain = plainAnswer(url.pathname);
    if (plain !== undefined) return send(response, 200, plain);
    const target = readTarget(url.pathname);
    forbid(cluster, request, target, url);
    if (request.method === 'GET') return read(cluster, target, url, request, response);
    change = changeOf(request, target);
    const fault = context.faults.take(change);
    if (fault === 'error') throw new ApiError(500, 'InternalError', 'Internal error occurred: asked for by a fault');
    const text = `${url.pathname} ${body.toString('utf8')}`;
    if (!(await context.holds.pass(change, 'before', text))) return;
    const done = write(context, cluster, target, url, request, body, change);
    if (!(await context.holds.pass(change, 'after', text))) return;
    if (fault === 'timeout') return;
    send(response, done.status, done.object);
  } catch (error) {
    const refusal =
      error instanceof ApiError
        ? error
        : new ApiError(500, 'InternalError', `Internal error occurred: ${String(error)}`);
    context.ledger.refuse(change ?? `kubernetes:${request.method}`, refusal.reason, `Kubernetes API, ${url.pathname}`);
    send(response, refusal.status, refusal.body());
  }
};

/** Throws for a request that no rule allows any more, as RBAC does. */
const forbid = ({ denied }: Cluster, request: IncomingMessage, target: Target, url: URL): void => {
  const { type, namespace, name, subresource } = target;
  const isWatch = ['1', 'true'].includes(url.searchParams.get('watch') ?? '');
  const looking = name !== undefined ? 'get' : isWatch ? 'watch' : 'list';
  const verb = request.method === 'GET' ? looking : (verbs[request.method ?? ''] ?? '').toLowerCase();
  const resource = [type.plural, subresource].filter(Boolean).join('/');
  if (denied.some((rule) => rule.verb === verb && rule.resource === resource))
    throw new ApiError(
      403,
      'Forbidden',
      `${resource} ${name ? `"${name}" ` : ''}is forbidden: User "mayday" cannot ${verb} resource "${resource}" in the namespace "${namespace ?? ''}"`,
    );
};

const plainAnswer = (path: string): object | string | undefined => {
  if (path === '/readyz' || path === '/livez' || path === '/healthz') return 'ok';
  if (path === '/version') return { major: '1', minor: '33', gitVersion: 'v1.33.1', platform: 'linux/amd64' };
  return discovery(path);
};

const send = (response: ServerResponse, status: number, body: object | string) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json' });
  response.end(text);
};

const read = (cluster: Cluster, target: Target, url: URL, request: IncomingMessage, response: ServerResponse) => {
  const { type, namespace, name, subresource } = target;
  if (name !== undefined) {
    const object = cluster.store.get(type, namespace, name);
    if (subresource === 'log') return send(response, 200, podLog(cluster, object, url.searchParams));
    return send(response, 200, subresource === 'scale' ? scaleOf(object) : object);
  }
  const selected = (object: KubernetesObject) =>
    (!namespace || object.metadata.namespace === namespace) &&
    matchesLabels(object.metadata.labels ?? {}, url.searchParams.get('labelSelector')) &&
    matchesFields(object, url.searchParams.get('fieldSelector'));
  if (['1', 'true'].includes(url.searchParams.get('watch') ?? '')) {
    return streamWatch(cluster.store, type, selected, url, request, response);
  }
  send(response, 200, {
    kind: `${type.kind}List`,
    apiVersion: apiVersionOf(type),
    metadata: { resourceVersion: String(cluster.store.version()) },
    items: cluster.store.list(type, namespace).filter(selected),
  });
};

const mediaTypeOf = (request: IncomingMessage) => (request.headers['content-type'] ?? '').split(';')[0]!.trim();

const verbs: Record<string, string> = { POST: 'Create', PUT: 'Update', PATCH: 'Patch', DELETE: 'Delete' };

/** `kubernetes:PatchSecret`, as ledger and faults spell it. */
const changeOf = (request: IncomingMessage, { type, subresource }: Target): string => {
  if (subresource === 'scale') return `kubernetes:Patch${type.kind}Scale`;
  const verb = mediaTypeOf(request) === 'application/apply-patch+yaml' ? 'Apply' : verbs[request.method ?? ''];
  if (!verb)
    throw new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
  return `kubernetes:${verb}${type.kind}`;
};

const write = (
  context: SandboxContext,
  cluster: Cluster,
  target: Target,
  url: URL,
  request: IncomingMessage,
  body: Buffer,
  change: string,
): { status: number; object: object } => {
  const { store } = cluster;
  const { type, namespace, name, subresource } = target;
  const media = mediaTypeOf(request);
  const dryRun = url.searchParams.get('dryRun') === 'All';
  const needNamespace = () => {
    if (
      namespace &&
      !store
        .list({ ...type, plural: 'namespaces', kind: 'Namespace', group: '' })
        .some((one) => one.metadata.name === namespace)
    ) {
      throw new ApiError(404, 'NotFound', `namespaces "${namespace}" not found`);
    }
  };
  const store_ = (status: number, next: KubernetesObject, statusOnly = false) => {
    validate(type, next, namespace, name);
    validateWorkload(type, next, store.find(type, namespace, next.metadata.name));
    if (dryRun) return { status, object: next };
    const before = store.find(type, namespace, next.metadata.name);
    const saved = before ? store.update(type, next, statusOnly) : store.create(type, next);
    // A patch that changes nothing is accepted by the real server as well, but nothing in the world is changed by it.
    if (saved.metadata.resourceVersion !== before?.metadata.resourceVersion) cluster.accepted(change, type, saved);
    return { status, object: saved };
  };

  if (request.method === 'POST' && name === undefined) {
    needNamespace();
    const given = decode(body, media) as KubernetesObject;
    if (given.metadata && namespace) given.metadata.namespace ??= namespace;
    if (given.metadata && store.find(type, namespace, given.metadata.name)) {
      throw new ApiError(409, 'AlreadyExists', `${type.plural} "${given.metadata.name}" already exists`);
    }
    return store_(201, given);
  }
  if (name === undefined)
    throw new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
  if (request.method === 'DELETE') {
    const found = store.get(type, namespace, name);
    const { preconditions } = (body.length > 0 ? decode(body, media) : {}) as {
      preconditions?: { uid?: string; resourceVersion?: string };
    };
    for (const key of ['uid', 'resourceVersion'] as const)
      if (preconditions?.[key] && preconditions[key] !== found.metadata[key])
        throw new ApiError(
          409,
          'Conflict',
          `Operation cannot be fulfilled on ${type.plural} "${name}": the ${key} in the precondition (${preconditions[key]}) does not match the ${key} in record (${found.metadata[key]}).`,
        );
    if (type.plural === 'pods') {
      // A pod has its grace period: it is told to end, and goes a little later.
      if (isLive(found)) {
        terminate(store, found, context.clock.now());
        cluster.accepted(change, type, found);
      }
      return { status: 200, object: store.get(type, namespace, name) };
    }
    const removed = store.remove(type, namespace, name);
    cluster.accepted(change, type, removed);
    return {
      status: 200,
      object: { kind: 'Status', apiVersion: 'v1', status: 'Success', details: { name, kind: type.plural } },
    };
  }
  if (request.method === 'PATCH' && media === 'application/apply-patch+yaml') {
    const manager = url.searchParams.get('fieldManager');
    if (!manager)
      throw new ApiError(
        422,
        'Invalid',
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      );
    needNamespace();
    const stored = store.find(type, namespace, name);
    const applied = decode(body, 'application/yaml') as KubernetesObject;
    if (applied.metadata && namespace) applied.metadata.namespace ??= namespace;
    validate(type, applied, namespace, name);
    const force = url.searchParams.get('force') === 'true';
    const next = applyTo(stored, applied, { manager, force, time: context.clock.now().toISOString() });
    return store_(stored ? 200 : 201, next);
  }
  const stored = store.get(type, namespace, name);
  const current: object = subresource === 'scale' ? scaleOf(stored) : stored;
  const next = (
    request.method === 'PUT' ? decode(body, media) : patched(type, current, decode(body, media), media)
  ) as KubernetesObject;
  if (subresource === 'scale') {
    const saved = store_(200, scaleTo(stored, next));
    return { status: 200, object: scaleOf(saved.object as KubernetesObject) };
  }
  return store_(200, next, subresource === 'status');
};

const patched = (type: ResourceType, current: object, patch: unknown, media: string): unknown => {
  if (media === 'application/json-patch+json') return jsonPatch(current, patch);
  if (media === 'application/merge-patch+json') return mergePatch(current, patch);
  if (media === 'application/strategic-merge-patch+json' && !type.custom) return strategicMergePatch(current, patch);
  throw new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml`,
  );
};

const decode = (body: Buffer, media: string): unknown => {
  const text = body.toString('utf8');
  try {
    return media === 'application/yaml' ? parse(text) : JSON.parse(text);
  } catch (error) {
    throw new ApiError(400, 'BadRequest', `the object provided is unrecognized: ${String(error)}`);
  }
};

/** What every object must be, and what Secrets and ConfigMaps hold: text, in Secrets as base64. */
const validate = (
  type: ResourceType,
  object: KubernetesObject,
  namespace: string | undefined,
  name: string | undefined,
) => {
  const invalid = (words: string) => new ApiError(422, 'Invalid', `${type.kind} "${name ?? ''}" is invalid: ${words}`);
  if (object?.kind !== type.kind || object.apiVersion !== apiVersionOf(type)) {
    throw new ApiError(400, 'BadRequest', `the object is not a ${type.kind} of ${apiVersionOf(type)}`);
  }
  const given = object.metadata;
  if (!given?.name) throw invalid('metadata.name: Required value');
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(given.name))
    throw invalid('metadata.name: must be a lowercase RFC 1123 subdomain');
  if (name !== undefined && given.name !== name)
    throw new ApiError(
      400,
      'BadRequest',
      `the name of the object (${given.name}) does not match the name on the URL (${name})`,
    );
  if (type.namespaced && given.namespace !== namespace)
    throw new ApiError(
      400,
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  if (type.kind !== 'Secret' && type.kind !== 'ConfigMap') return;
  for (const [key, value] of Object.entries(object.data ?? {})) {
    if (typeof value !== 'string')
      throw new ApiError(
        400,
        'BadRequest',
        `${type.kind} in version "v1" cannot be handled: data.${key} is not a string`,
      );
    if (type.kind === 'Secret' && Buffer.from(value, 'base64').toString('base64') !== value) {
      throw new ApiError(
        400,
        'BadRequest',
        `Secret in version "v1" cannot be handled: illegal base64 data in data.${key}`,
      );
    }
  }
};
