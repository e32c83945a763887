import type { Variable } from 'liquidjs';
import { messageOf } from '../errors.ts';
import { didYouMean } from '../plan/nearest.ts';
import { createEngine, type Escapes } from './engine.ts';
import { emptyFacts, type Outcome, type RunFacts, sampleFacts } from './facts.ts';
import { createTemplates } from './render.ts';

export interface TemplateFault {
  /** `slack/update.liquid`. */
  file: string;
  line: number;
  column: number;
  message: string;
}

const outcomes: Outcome[] = ['running', 'succeeded', 'failed', 'aborted', 'expired', 'rejected', 'halted'];

/**
 * Finds what would break a message at three in the morning: every variable on every branch is held against the facts,
 * and every template is rendered with all facts known, with none known, and with each outcome.
 */
export const lintTemplates = (directory: string, escapes: Escapes = {}): TemplateFault[] => {
  const templates = createTemplates(directory, escapes);
  const variants: RunFacts[] = [
    ...outcomes.map((outcome) => ({ ...sampleFacts, outcome })),
    ...outcomes.map((outcome) => ({ ...emptyFacts, outcome })),
  ];
  return templates.names().flatMap((name) => {
    const unknown = unknownVariables(name, templates.source(name), escapes);
    if (unknown.length > 0) return unknown;
    for (const facts of variants) {
      try {
        const text = templates.render(name, facts);
        if (text === '' && facts !== variants.at(-1) && facts.title !== '') throw new Error('renders to nothing');
      } catch (error) {
        return [faultOf(name, error)];
      }
    }
    return [];
  });
};

const unknownVariables = (name: string, source: string, escapes: Escapes): TemplateFault[] => {
  const engine = createEngine(name, escapes);
  let globals: Record<string, Variable[]>;
  try {
    globals = engine.analyzeSync(engine.parse(source, `${name}.liquid`), { partials: false }).globals;
  } catch (error) {
    return [faultOf(name, error)];
  }
  return Object.values(globals)
    .flat()
    .flatMap((variable) => {
      const message = unknownPart(variable.segments);
      if (!message) return [];
      return [{ file: `${name}.liquid`, line: variable.location.row, column: variable.location.col, message }];
    });
};

/** Follows a path such as `stakeholder.title` through the sample; lists and what is not known end the search. */
const unknownPart = (segments: Variable['segments']): string | undefined => {
  let value: unknown = sampleFacts;
  let path = '';
  for (const segment of segments) {
    if (typeof segment !== 'string' || Array.isArray(value)) return undefined;
    const valid = typeof value === 'object' && value !== null ? Object.keys(value) : [];
    path = path === '' ? segment : `${path}.${segment}`;
    if (!valid.includes(segment)) return `unknown variable ${path}.${didYouMean(segment, valid)}`;
    value = (value as Record<string, unknown>)[segment];
  }
  return undefined;
};

const faultOf = (name: string, error: unknown): TemplateFault => {
  const cause = error instanceof Error && error.cause ? error.cause : error;
  const [line, column] = (cause as { token?: { getPosition?(): [number, number] } })?.token?.getPosition?.() ?? [1, 1];
  const [message = ''] = messageOf(cause).split(', file:');
  return { file: `${name}.liquid`, line, column, message };
};
