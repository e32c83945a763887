import { ApiError } from './api-error.ts';

type Tree = { [key: string]: unknown };
const isTree = (value: unknown): value is Tree => value !== null && typeof value === 'object' && !Array.isArray(value);

/** RFC 7386: null removes, lists are replaced. */
export const mergePatch = (target: unknown, patch: unknown): unknown => {
  if (!isTree(patch)) return patch;
  const next: Tree = isTree(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete next[key];
    else next[key] = mergePatch(next[key], value);
  }
  return next;
};

/** Like a merge patch, but lists of named things (containers, ports, variables) are merged by name. */
export const strategicMergePatch = (target: unknown, patch: unknown): unknown => {
  if (Array.isArray(patch)) {
    const named = patch.every((item) => isTree(item) && typeof item['name'] === 'string');
    if (!named || !Array.isArray(target)) return patch;
    const next: unknown[] = [...target];
    for (const item of patch as Tree[]) {
      const at = next.findIndex((existing) => isTree(existing) && existing['name'] === item['name']);
      if (item['$patch'] === 'delete') next.splice(at, at < 0 ? 0 : 1);
      else if (at < 0) next.push(item);
      else next[at] = strategicMergePatch(next[at], item);
    }
    return next;
  }
  if (!isTree(patch)) return patch;
  const next: Tree = isTree(target) && patch['$patch'] !== 'replace' ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (key === '$patch') continue;
    if (value === null) delete next[key];
    else next[key] = strategicMergePatch(next[key], value);
  }
  return next;
};

/** RFC 6902. A path that is not there, or a failed test, refuses the whole patch. */
export const jsonPatch = (target: unknown, operations: unknown): unknown => {
  if (!Array.isArray(operations)) {
    throw new ApiError(
      400,
      'BadRequest',
      'error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch',
    );
  }
  const root = { value: structuredClone(target) };
  const invalid = (words: string) =>
    new ApiError(422, 'Invalid', `the server rejected our request due to an error in our request: ${words}`);
  for (const { op, path, value } of operations as { op: string; path: string; value?: unknown }[]) {
    const parts = [
      'value',
      ...path
        .split('/')
        .slice(1)
        .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')),
    ];
    const last = parts.pop()!;
    let parent: any = root;
    for (const part of parts) parent = parent?.[part];
    if (parent === undefined || parent === null) throw invalid(`path ${path} does not exist`);
    if (op === 'test') {
      if (JSON.stringify(parent[last]) !== JSON.stringify(value)) throw invalid(`testing value ${path} failed`);
    } else if (op === 'add' && Array.isArray(parent)) {
      parent.splice(last === '-' ? parent.length : Number(last), 0, value);
    } else if (op === 'add') {
      parent[last] = value;
    } else if (!(last in parent)) {
      throw invalid(`path ${path} does not exist`);
    } else if (op === 'replace') {
      parent[last] = value;
    } else if (op === 'remove') {
      if (Array.isArray(parent)) parent.splice(Number(last), 1);
      else delete parent[last];
    } else {
      throw invalid(`operation ${op} is not known here`);
    }
  }
  return root.value;
};

/** Every leaf of an applied object, as paths: what a field manager owns. */
export const leavesOf = (value: unknown, path = ''): string[] =>
  isTree(value) ? Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, `${path}/${key}`)) : [path];

export const valueAt = (object: unknown, path: string): unknown =>
  path
    .split('/')
    .slice(1)
    .reduce<unknown>((value, key) => (isTree(value) ? value[key] : undefined), object);
