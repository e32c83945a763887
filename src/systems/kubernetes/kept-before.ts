import type { Json, StepContext } from '../../define.ts';

/**
 * What an object's keys held before a run changed them, kept in an annotation of the object itself. It is written by the
 * patch that makes the change, so that both hold or neither, and nothing of a Secret travels to the journal. Whoever may
 * read the annotation may read the Secret's data too, as with the annotation of `kubectl apply`.
 */
export const beforeAnnotation = 'mayday/before';

export interface Kept {
  /** The step that made the change. */
  key: string;
  /** Each changed key as it was, encoded as the object stores it; null for one that was not there. */
  data: Record<string, string | null>;
  /** The object itself was made by the step. */
  created?: true;
}

/** An object as far as keeping and bringing back needs it. */
export interface KeptIn {
  data: Record<string, string>;
  annotations: Record<string, string>;
  resourceVersion: string | undefined;
}

export const keptInObject = (object: {
  data?: Record<string, string>;
  metadata?: { annotations?: Record<string, string>; resourceVersion?: string };
}): KeptIn => ({
  data: object.data ?? {},
  annotations: object.metadata?.annotations ?? {},
  resourceVersion: object.metadata?.resourceVersion,
});

/** The annotation for a change of these keys. A repeated act of the same step keeps what its first one found. */
export const keeping = (found: KeptIn, keys: string[], stepKey: string): Record<string, string> => {
  const kept = readKept(found);
  if (kept?.key === stepKey) return { [beforeAnnotation]: found.annotations[beforeAnnotation]! };
  const data = Object.fromEntries(keys.map((key) => [key, found.data[key] ?? null]));
  return { [beforeAnnotation]: write({ key: stepKey, data }) };
};

export const keepingCreation = (stepKey: string): Record<string, string> => ({
  [beforeAnnotation]: write({ key: stepKey, data: {}, created: true }),
});

const write = (kept: Kept): string => Buffer.from(JSON.stringify(kept)).toString('base64');

export const readKept = ({ annotations }: KeptIn): Kept | undefined => {
  try {
    return JSON.parse(Buffer.from(annotations[beforeAnnotation] ?? '', 'base64').toString()) as Kept;
  } catch {
    return undefined;
  }
};

/** What the journal keeps: only which step's mark to look for. */
export const markOf = (context: Pick<StepContext, 'key'>): Json => ({ key: context.key });

/**
 * How an object stands to a step that is to be taken back: the mark is the proof that the step's change is in it.
 * `stored` is what the step wrote, encoded as the object stores it.
 */
export const standing = (
  found: KeptIn | undefined,
  before: Json,
  stored: Record<string, string>,
  name: string,
): { state: 'done' | 'todo' | 'impossible'; seen: string } => {
  const key = (before as { key?: string } | null)?.key;
  if (key === undefined) return { state: 'impossible', seen: `what ${name} held before is not known` };
  if (!found) return { state: 'done', seen: `there is no ${name}` };
  const kept = readKept(found);
  if (kept === undefined) return { state: 'done', seen: `${name} holds nothing of this run` };
  if (kept.key !== key)
    return { state: 'impossible', seen: `${name} was changed by ${kept.key} since, and is left as that made it` };
  const others = Object.keys(stored).filter((each) => found.data[each] !== stored[each]);
  if (others.length > 0)
    return { state: 'impossible', seen: `somebody changed ${others.join(', ')} of ${name} since; it is left so` };
  return { state: 'todo', seen: `${name} holds what this run set: ${Object.keys(stored).join(', ')}` };
};

/** The merge patch that brings back what was kept, refused by the server when the object was changed meanwhile. */
export const bringingBack = (found: KeptIn, kept: Kept) => ({
  metadata: { resourceVersion: found.resourceVersion, annotations: { [beforeAnnotation]: null } },
  data: kept.data,
});
