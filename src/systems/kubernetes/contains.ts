import { quantityOf } from './quantity.ts';

type Tree = Record<string, unknown>;
const isTree = (value: unknown): value is Tree => value !== null && typeof value === 'object' && !Array.isArray(value);

/** Everything that is wanted is there; what the server added besides does not matter. */
export const contains = (stored: unknown, wanted: unknown): boolean => {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(stored) && stored.length === wanted.length && wanted.every((item, at) => contains(stored[at], item))
    );
  }
  if (isTree(wanted)) {
    return isTree(stored) && Object.entries(wanted).every(([key, value]) => contains(stored[key], value));
  }
  if (stored === wanted) return true;
  // The server writes quantities in its own way: `1000m` becomes `1`.
  const figures = [quantityOf(stored), quantityOf(wanted)];
  return typeof stored === 'string' && figures[0] !== undefined && figures[0] === figures[1];
};

/** Whether an object holds a merge patch: null means that the key is not there, lists are whole. */
export const holdsPatch = (stored: unknown, patch: unknown): boolean => {
  if (!isTree(patch)) return contains(stored, patch);
  return Object.entries(patch).every(([key, value]) => {
    const found = isTree(stored) ? stored[key] : undefined;
    return value === null ? found === undefined || found === null : holdsPatch(found, value);
  });
};

/** The merge patch that brings an object back to what it held before another one. */
export const reverseOf = (patch: Tree, stored: Tree): Tree =>
  Object.fromEntries(
    Object.entries(patch).map(([key, value]) => {
      const found = stored[key];
      if (found === undefined) return [key, null];
      return [key, isTree(value) && isTree(found) ? reverseOf(value, found) : found];
    }),
  );
