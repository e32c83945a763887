import { ApiError } from './api-error.ts';
import type { KubernetesObject } from './cluster-store.ts';
import { leavesOf, strategicMergePatch, valueAt } from './patch.ts';

/**
 * Server-side apply: what a manager applied before and no longer says is removed, what another manager owns and is
 * different is a conflict unless forced.
 */
export const applyTo = (
  stored: KubernetesObject | undefined,
  applied: KubernetesObject,
  options: { manager: string; force: boolean; time: string },
): KubernetesObject => {
  const { apiVersion: _v, kind: _k, metadata, ...content } = applied;
  const { name: _n, namespace: _ns, ...ownMetadata } = metadata;
  const own = leavesOf({ ...content, metadata: ownMetadata });
  const entries = stored?.metadata.managedFields ?? [];
  const pathsOf = (entry: (typeof entries)[number]) => (entry['paths'] as string[] | undefined) ?? [];

  const conflicts = entries
    .filter((entry) => entry.manager !== options.manager)
    .flatMap((entry) => pathsOf(entry).map((path) => ({ path, manager: entry.manager })))
    .filter(
      ({ path }) =>
        own.includes(path) && JSON.stringify(valueAt(stored, path)) !== JSON.stringify(valueAt(applied, path)),
    );
  if (conflicts.length > 0 && !options.force) {
    const [first] = conflicts;
    throw new ApiError(
      409,
      'Conflict',
      `Apply failed with ${conflicts.length} conflict: conflict with "${first!.manager}": ${first!.path}`,
      {
        causes: conflicts.map(({ path, manager }) => ({
          reason: 'FieldManagerConflict',
          message: `conflict with "${manager}"`,
          field: path,
        })),
      },
    );
  }

  const base = stored ? structuredClone(stored) : undefined;
  const before = entries.find((entry) => entry.manager === options.manager && entry.operation === 'Apply');
  for (const path of before ? pathsOf(before) : []) if (base && !own.includes(path)) removeAt(base, path);
  const merged = strategicMergePatch(base ?? {}, applied) as KubernetesObject;
  const taken = new Set(conflicts.map(({ path }) => path));
  merged.metadata.managedFields = [
    ...entries
      .filter((entry) => entry !== before)
      .map((entry) => ({ ...entry, paths: pathsOf(entry).filter((path) => !taken.has(path)) })),
    { manager: options.manager, operation: 'Apply', apiVersion: applied.apiVersion, time: options.time, paths: own },
  ];
  return merged;
};

const removeAt = (object: KubernetesObject, path: string) => {
  const parts = path.split('/').slice(1);
  const last = parts.pop()!;
  const parent = parts.length === 0 ? object : valueAt(object, `/${parts.join('/')}`);
  if (parent !== null && typeof parent === 'object') delete (parent as Record<string, unknown>)[last];
};
