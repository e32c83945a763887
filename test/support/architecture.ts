import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';

export const root = join(import.meta.dirname, '../..');

/** One import as a file writes it. */
export interface Import {
  /** Relative to the repository, with slashes. */
  file: string;
  /** A package, `node:` module, or for own files their path in the repository. */
  target: string;
  typeOnly: boolean;
}

/** Files below a folder of the repository whose names end like this, sorted. */
export const filesBelow = (folder: string, ending = '.ts'): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending) && !entry.parentPath.includes('node_modules'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .sort();

export const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

const patterns = [
  /^\s*(?:import|export)\s+(?<type>type\s+)?(?<names>[\w$*\s{},]+?)\s+from\s+'(?<target>[^']+)'/gm,
  /^\s*import\s+'(?<target>[^']+)'/gm,
  /\bimport\(\s*'(?<target>[^']+)'\s*\)/g,
  /\blazily(?:<[^>]*>)?\(\s*'(?<target>[^']+)'\s*\)/g,
];

/** What a file imports: read from its lines, because a whole compiler would be slower and see no more. */
export const importsOf = (file: string, text: string): Import[] =>
  patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].map(({ groups }) => {
      const { type, names = '', target = '' } = groups as Record<string, string | undefined>;
      const named = /^\{([^}]*)\}$/.exec(names.trim())?.[1];
      const allTypes = named?.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type '));
      return {
        file,
        target: target.startsWith('.') ? normalize(join(dirname(file), target)).replaceAll(sep, '/') : target,
        typeOnly: type !== undefined || (allTypes ?? false),
      };
    }),
  );

/** The first part whose folder or file holds it. */
export const partOf = (file: string, parts: Readonly<Record<string, readonly string[]>>): string | undefined => {
  const system = /^src\/systems\/([^/]+)\//.exec(file)?.[1];
  if (system) return `systems/${system}`;
  return Object.keys(parts).find((part) =>
    parts[part]!.some((place) => file === place || file.startsWith(`${place}/`)),
  );
};

export interface Boundaries {
  /** Which folders and files make up a part. */
  parts: Readonly<Record<string, readonly string[]>>;
  /** Which parts a part may import; `anything` for those that wire. */
  mayImport: Readonly<Record<string, readonly string[] | 'anything'>>;
  /** Which folders may import a package; a package is allowed everywhere when it is not named. */
  packages: Readonly<Record<string, { in: readonly string[]; typesIn?: readonly string[] }>>;
}

/** One sentence for each import that crosses a boundary. */
export const trespasses = (imports: readonly Import[], { parts, mayImport, packages }: Boundaries): string[] =>
  imports.flatMap(({ file, target, typeOnly }): string[] => {
    const isOwn = /^(src|sandbox|flows|commands|plans|templates|test|bench|scripts)\//.test(target);
    if (!isOwn) {
      const rule = Object.entries(packages).find(
        ([name]) =>
          target === name ||
          target.startsWith(`${name}/`) ||
          (name.endsWith('*') && target.startsWith(name.slice(0, -1))),
      );
      if (!rule) return [];
      const [name, { in: places, typesIn = [] }] = rule;
      const allowed = [...places, ...(typeOnly ? typesIn : [])];
      return allowed.some((place) => file === place || file.startsWith(`${place}/`))
        ? []
        : [`${file} imports ${target}, which only ${places.join(', ')} may (rule ${name})`];
    }
    const [from, to] = [partOf(file, parts), partOf(target, parts)];
    if (from === undefined) return [`${file} belongs to no part; say in test/architecture.test.ts what it may import`];
    if (to === undefined) return [`${file} imports ${target}, which belongs to no part`];
    const allowed = from.startsWith('systems/') ? mayImport['systems/*'] : mayImport[from];
    if (allowed === 'anything' && to !== 'sandbox') return [];
    if (from === to || (allowed !== 'anything' && allowed?.includes(to))) return [];
    if (allowed !== 'anything' && to.startsWith('systems/') && allowed?.includes('systems/*')) return [];
    return [`${file} imports ${target}: ${from} may not know ${to}`];
  });
