import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Liquid, Template } from 'liquidjs';
import type { Json } from '../define.ts';
import { MaydayError, messageOf } from '../errors.ts';
import { createEngine, type Escapes } from './engine.ts';
import type { RunFacts } from './facts.ts';

export interface Templates {
  /** Names without `.liquid`, such as `slack/update`. */
  names(): string[];
  source(name: string): string;
  render(name: string, facts: RunFacts, extra?: Record<string, Json>): string;
}

/** Reads every template once; each is parsed when first used, so that a broken one breaks only itself. */
export const createTemplates = (directory: string, escapes: Escapes = {}): Templates => {
  const sources = new Map<string, string>();
  for (const file of readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!file.endsWith('.liquid')) continue;
    sources.set(file.replaceAll('\\', '/').slice(0, -'.liquid'.length), readFileSync(join(directory, file), 'utf8'));
  }
  const parsed = new Map<string, { engine: Liquid; template: Template[] }>();

  const source = (name: string): string => {
    const text = sources.get(name);
    if (text === undefined) throw new MaydayError('template/invalid', `There is no template ${name}.`);
    return text;
  };
  const parse = (name: string) => {
    const known = parsed.get(name);
    if (known) return known;
    const engine = createEngine(name, escapes);
    const made = { engine, template: engine.parse(source(name), `${name}.liquid`) };
    parsed.set(name, made);
    return made;
  };
  return {
    names: () => [...sources.keys()],
    source,
    render(name, facts, extra = {}) {
      source(name);
      try {
        const { engine, template } = parse(name);
        return tidy(engine.renderSync(template, { ...facts, ...extra }));
      } catch (error) {
        throw new MaydayError('template/invalid', `The template ${name} does not render: ${messageOf(error)}`, {
          cause: error,
        });
      }
    },
  };
};

/** Tags leave empty lines behind; one is enough. */
const tidy = (text: string): string =>
  text
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
