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
    return [
      {
        file: source.file,
        ...source.placeOf(path),
        message: `${say(path)}: ${sayIssue(issue, at(source.value, path))}`,
      },
    ];
  });

/** What zod found, in the words of who writes plans; a message of our own schema stays as it is. */
const sayIssue = (issue: z.core.$ZodIssue, found: unknown): string => {
  if (!/^(Invalid|Too (small|big))/.test(issue.message)) return issue.message;
  if (found === undefined) return 'it is missing';
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${kinds[issue.expected] ?? issue.expected}, found ${kindOf(found)}`;
    case 'invalid_value': {
      const valid = issue.values.map(String);
      return `expected ${valid.join(', ').replace(/, (?=[^,]*$)/, ' or ')}, found ${kindOf(found)}.${typeof found === 'string' ? didYouMean(found, valid) : ''}`;
    }
    case 'too_small':
      return `expected ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}${counted(issue.origin)}`;
    case 'too_big':
      return `expected ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}${counted(issue.origin)}`;
    case 'invalid_union':
      return `${kindOf(found)} is none of what may stand here`;
    default:
      return issue.message;
  }
};

const kinds: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'keys and values',
  record: 'keys and values',
};

const kindOf = (value: unknown): string => {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'keys and values';
  return typeof value === 'string' ? `"${value.slice(0, 60)}"` : String(value);
};

const counted = (origin: string): string =>
  origin === 'string' ? ' characters' : origin === 'array' || origin === 'set' ? ' of them' : '';

const at = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (here, key) => (typeof here === 'object' && here !== null ? (here as Record<string, unknown>)[key] : undefined),
    value,
  );

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
