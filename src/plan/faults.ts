import type { z } from 'zod';
import { didYouMean } from './nearest.ts';
import type { Path, PlanFault, PlanSource } from './source.ts';

/** Turns what zod found wrong below `base` into faults with places, each saying what was expected. */
export const faultsOf = (source: PlanSource, schema: z.ZodType, error: z.ZodError, base: Path = []): PlanFault[] =>
  error.issues.flatMap((issue): PlanFault[] => {
    const inner = issue.path as (string | number)[];
    const path = [...base, ...inner];
    if (issue.code === 'unrecognized_keys') {
      const valid = keysAt(schema, inner);
      return issue.keys.map((key) => ({
        file: source.file,
        ...source.placeOf(path, key),
        message: `unknown key "${key}".${didYouMean(key, valid)}`,
      }));
    }
    if (issue.code === 'invalid_union') {
      const best = issue.errors.filter((errors) => errors.length > 0).sort((a, b) => a.length - b.length)[0];
      if (best?.[0] && best[0].code === 'unrecognized_keys')
        return best[0].keys.map((key) => ({
          file: source.file,
          ...source.placeOf(path, key),
          message: `unknown key "${key}".`,
        }));
    }
    return [{ file: source.file, ...source.placeOf(path), message: `${say(path)}: ${issue.message}` }];
  });

export const faultAt = (source: PlanSource, path: Path, message: string, key?: string): PlanFault => ({
  file: source.file,
  ...source.placeOf(path, key),
  message,
});

const say = (path: Path): string => (path.length === 0 ? 'the plan' : path.join('.'));

/** The keys that an object at a path of a schema may have. */
const keysAt = (schema: z.ZodType, path: Path): string[] => {
  let here: any = schema;
  const unwrap = (node: any): any => {
    let inner = node;
    while (inner?.def && ['optional', 'default', 'nullable', 'pipe', 'readonly', 'prefault'].includes(inner.def.type))
      inner = inner.def.innerType ?? inner.def.in;
    return inner;
  };
  for (const step of path) {
    here = unwrap(here);
    const { def } = here ?? {};
    if (def?.type === 'object') here = def.shape[step];
    else if (def?.type === 'record') here = def.valueType;
    else if (def?.type === 'array') here = def.element;
    else return [];
  }
  here = unwrap(here);
  return here?.def?.type === 'object' ? Object.keys(here.def.shape) : [];
};
