import type { Json } from '../define.ts';

/** A typed reference to another step's output, as the frozen graph holds it. */
export interface Reference {
  $step: string;
  $output: string;
}

const referencePattern = /^\{\{\s*steps\.([a-z][a-z0-9-]*)\.output\.([A-Za-z][A-Za-z0-9_-]*)\s*\}\}$/;
const valuePattern = /\{\{\s*([a-z][A-Za-z0-9-]*(?:\.[A-Za-z0-9_-]+)*)\s*\}\}/g;
const wholeValue = /^\{\{\s*([a-z][A-Za-z0-9-]*(?:\.[A-Za-z0-9_-]+)*)\s*\}\}$/;
const anyBraces = /\{\{.*?\}\}/;

export const isReference = (value: unknown): value is Reference =>
  typeof value === 'object' && value !== null && '$step' in value && '$output' in value;

/**
 * Fills `{{ to }}` and the like, and turns `{{ steps.x.output.y }}` into references. A reference must be the whole
 * value: it is a value of some type, not a piece of text. Throws an Error that names what may stand there.
 */
export const fill = (value: unknown, values: Record<string, unknown>): unknown => {
  if (typeof value === 'string') {
    const reference = referencePattern.exec(value);
    if (reference) return { $step: reference[1] as string, $output: reference[2] as string } satisfies Reference;
    const known = (whole: string, name: string): unknown => {
      if (Object.hasOwn(values, name)) return values[name];
      throw new Error(
        `"${whole}" is not known here; known: ${Object.keys(values).join(', ')}, steps.<step>.output.<field>`,
      );
    };
    // Alone it is the value itself, be it a number or a list; inside a text it is written out.
    const whole = wholeValue.exec(value)?.[1];
    if (whole !== undefined && !whole.startsWith('steps.')) return known(value, whole);
    const filled = value.replaceAll(valuePattern, (braces, name: string) => {
      if (name.startsWith('steps.')) return braces;
      const found = known(braces, name);
      if (typeof found === 'object' && found !== null)
        throw new Error(`"${braces}" is a list or a group of values, which cannot stand inside a text`);
      return String(found);
    });
    const left = anyBraces.exec(filled);
    if (left?.[0].includes('steps.'))
      throw new Error(`"${left[0]}" must be the whole value: a reference is a value, not a piece of text`);
    if (left)
      throw new Error(
        `"${left[0]}" is neither a value such as {{ to }} nor a reference such as {{ steps.promote.output.endpoint }}`,
      );
    return filled;
  }
  if (Array.isArray(value)) return value.map((item) => fill(item, values));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, fill(member, values)]));
  }
  return value;
};

/** Every reference in a value, with the path where it stands. */
export const referencesIn = (value: unknown, path: string[] = []): { reference: Reference; path: string[] }[] => {
  if (isReference(value)) return [{ reference: value, path }];
  if (Array.isArray(value)) return value.flatMap((item, i) => referencesIn(item, [...path, String(i)]));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, member]) => referencesIn(member, [...path, key]));
  return [];
};

/** The value with each reference replaced. `look` throws when an output is not there. */
export const substitute = (value: Json, look: (reference: Reference) => Json): Json => {
  if (isReference(value)) return look(value);
  if (Array.isArray(value)) return value.map((item) => substitute(item, look));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, substitute(member as Json, look)]));
  return value;
};
