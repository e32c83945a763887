import { Liquid } from 'liquidjs';
import { clock, duration, mention, minutes, slackTime } from './filters.ts';

/** How values are made harmless, by the folder that a template stands in: `{ 'slack/': escapeSlack }`. */
export type Escapes = Record<string, (text: string) => string>;

/**
 * Strict Liquid that reaches nothing but the facts: no files, no prototypes, bounded in time and memory. A template
 * comes from whoever may edit the repository, its values from whoever types in Slack.
 */
export const createEngine = (name: string, escapes: Escapes): Liquid => {
  const folder = Object.keys(escapes).find((prefix) => name.startsWith(prefix));
  const escaped = folder === undefined ? undefined : escapes[folder];
  const engine = new Liquid({
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    // No file system: include, render and layout find nothing.
    templates: {},
    parseLimit: 100_000,
    renderLimit: 1000,
    memoryLimit: 10_000_000,
    timezoneOffset: 0,
    ...(escaped ? { outputEscape: (value: unknown) => escaped(String(value ?? '')) } : {}),
  });
  engine.registerFilter('duration', duration);
  engine.registerFilter('minutes', minutes);
  engine.registerFilter('clock', clock);
  // Its angle brackets are ours, not a person's.
  engine.registerFilter('slack_time', { handler: slackTime, raw: true });
  engine.registerFilter('mention', { handler: mention, raw: true });
  return engine;
};
