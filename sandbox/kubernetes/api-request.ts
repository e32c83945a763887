import { ApiError } from './api-error.ts';
import { type ResourceType, resourceTypes } from './resource-types.ts';

/** What a path of the API means: a kind, perhaps in a namespace, perhaps one object, perhaps its scale. */
export interface Target {
  type: ResourceType;
  namespace: string | undefined;
  name: string | undefined;
  subresource: string | undefined;
}

const ownSubresources: Record<string, string[]> = {
  deployments: ['scale'],
  statefulsets: ['scale'],
  pods: ['log', 'exec'],
};

export const readTarget = (path: string): Target => {
  const unknown = () => new ApiError(404, 'NotFound', 'the server could not find the requested resource');
  const parts = path.split('/').filter(Boolean).map(decodeURIComponent);
  const root = parts.shift();
  if (root !== 'api' && root !== 'apis') throw unknown();
  const group = root === 'apis' ? parts.shift() : '';
  const version = parts.shift();
  let namespace: string | undefined;
  if (parts[0] === 'namespaces' && parts.length >= 3) namespace = parts.splice(0, 2)[1];
  const [plural, name, subresource, ...more] = parts;
  const type = resourceTypes.find((one) => one.group === group && one.version === version && one.plural === plural);
  if (!type || more.length > 0) throw unknown();
  const subresources = ['status', ...(ownSubresources[plural ?? ''] ?? [])];
  if (subresource !== undefined && !subresources.includes(subresource)) throw unknown();
  return { type, namespace, name, subresource };
};

/** `a=b,c!=d,e in (f,g),h`: what a label selector asks. */
export const matchesLabels = (labels: Record<string, string>, selector: string | null): boolean =>
  !selector ||
  selector.split(/,(?![^(]*\))/).every((term) => {
    const [, key = '', not, values] = /^\s*([\w./-]+)\s+(not)?in\s*\(([^)]*)\)/.exec(term)?.map((x) => x?.trim()) ?? [];
    if (values !== undefined) {
      const listed = values.split(',').map((value) => value.trim());
      return listed.includes(labels[key] ?? '') !== Boolean(not);
    }
    const [, name = '', operator, value] = /^\s*([\w./-]+)\s*(!=|==|=)?\s*(.*)$/.exec(term) ?? [];
    if (!operator) return name in labels;
    return ((labels[name] ?? '') === value) === (operator !== '!=');
  });

export const matchesFields = (object: { metadata: { name: string } }, selector: string | null): boolean => {
  if (!selector) return true;
  const [, name] = /^metadata\.name=(.*)$/.exec(selector) ?? [];
  if (name === undefined) throw new ApiError(400, 'BadRequest', `field label not supported: ${selector}`);
  return object.metadata.name === name;
};
