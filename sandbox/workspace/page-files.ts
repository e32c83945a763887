import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';

const folder = new URL('./page/', import.meta.url);

/** The libraries that the page imports by name, and where the browser finds them. */
const libraries: Record<string, string> = {
  preact: '/lib/preact.js',
  'preact/hooks': '/lib/preact-hooks.js',
  htm: '/lib/htm.js',
};

const types: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  ts: 'text/javascript; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

export interface PageFile {
  type: string;
  body: string;
}

/** A file of the page, as a browser takes it: types stripped, libraries by address. Undefined when there is none. */
export const pageFile = (path: string): PageFile | undefined => {
  if (path === '/') return read('index.html');
  if (path === '/status') return read('status.html');
  const library = Object.keys(libraries).find((name) => libraries[name] === path);
  if (library) {
    // The very file that `import` would take.
    const file = fileURLToPath(import.meta.resolve(library));
    return { type: types['js']!, body: byAddress(readFileSync(file, 'utf8')) };
  }
  const [, name] = /^\/page\/([a-z0-9-]+\.(?:ts|css|svg))$/.exec(path) ?? [];
  return name === undefined ? undefined : read(name);
};

const kept = new Map<string, PageFile>();

const read = (name: string): PageFile | undefined => {
  const known = kept.get(name);
  if (known) return known;
  let text: string;
  try {
    text = readFileSync(new URL(name, folder), 'utf8');
  } catch {
    return undefined;
  }
  const body = name.endsWith('.ts') ? byAddress(stripTypeScriptTypes(text)) : text;
  const file = { type: types[name.split('.').at(-1)!]!, body };
  kept.set(name, file);
  return file;
};

/** Without a build and without an import map, which a strict policy would not run inline. */
const byAddress = (code: string): string =>
  code.replaceAll(
    /(\bfrom\s*|\bimport\s*)(["'])(preact\/hooks|preact|htm)\2/g,
    (_all, word, quote, name) => `${word}${quote}${libraries[name]}${quote}`,
  );
