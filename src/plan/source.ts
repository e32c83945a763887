import { isMap, isNode, isPair, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { MaydayError } from '../errors.ts';

export type Path = readonly (string | number)[];

/** A fault in a plan file, with its place and what was expected there. */
export interface PlanFault {
  file: string;
  line: number;
  column: number;
  message: string;
}

/** A YAML text with the place of everything in it. */
export interface PlanSource {
  file: string;
  text: string;
  value: unknown;
  /** Place of the value at a path, or of the nearest thing around it; `key` asks for the place of the key itself. */
  placeOf(path: Path, key?: string | number): { line: number; column: number };
}

export const sayFault = ({ file, line, column, message }: PlanFault): string => `${file}:${line}:${column}: ${message}`;

export const planError = (faults: readonly PlanFault[]): MaydayError =>
  new MaydayError('plan/invalid', faults.map(sayFault).join('\n'), { cause: faults });

/** Room for the most steps that a plan may have, at 160 characters each. Reading far more would only cost time. */
const mostCharacters = 320_000;

/** Reads YAML 1.2. Throws `plan/invalid` with every syntax fault. Duplicate keys and alias bombs are faults. */
export const readSource = (file: string, text: string): PlanSource => {
  if (text.length > mostCharacters)
    throw planError([
      {
        file,
        line: 1,
        column: 1,
        message: `the plan has ${text.length} characters; at most ${mostCharacters} are read`,
      },
    ]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const faults = document.errors.map((error): PlanFault => {
    const { line, col } = lines.linePos(error.pos[0]);
    return { file, line, column: col, message: error.message.split('\n')[0] as string };
  });
  const faultAtKey = (key: { range?: [number, number, number] | null }, message: string) => {
    const { line, col } = lines.linePos(key.range?.[0] ?? 0);
    faults.push({ file, line, column: col, message });
  };
  visit(document, {
    // The parser's own look for keys that stand twice compares each with all others: seconds for thousands of steps.
    Map(_, { items }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        // `1` and `"1"` are one key of an object.
        const name = String(key.value ?? '');
        if (seen.has(name)) faultAtKey(key, 'Map keys must be unique');
        // JavaScript would take it for something else than a name, and what stands under it would be lost without a word.
        if (name === '__proto__') faultAtKey(key, 'no key may be called "__proto__"');
        seen.add(name);
      }
    },
  });
  if (faults.length > 0) throw planError(faults);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 50 });
  } catch (error) {
    throw planError([{ file, line: 1, column: 1, message: (error as Error).message }]);
  }
  const at = (offset: number | undefined) => {
    const { line, col } = lines.linePos(offset ?? 0);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  return {
    file,
    text,
    value,
    placeOf(path, key) {
      for (let length = path.length; length >= 0; length -= 1) {
        const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
        if (!isNode(node)) continue;
        const wanted = length === path.length ? key : path[length];
        if (isMap(node) && wanted !== undefined) {
          const pair = node.items.find(
            (item) => isPair(item) && String((item.key as any)?.value ?? item.key) === String(wanted),
          );
          if (pair) return at((pair.key as { range?: [number, number, number] }).range?.[0]);
        }
        return at(node.range?.[0]);
      }
      return { line: 1, column: 1 };
    },
  };
};
