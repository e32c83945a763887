import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { escapeSlack } from '../../src/systems/slack/index.ts';
import { emptyFacts, sampleFacts } from '../../src/templates/facts.ts';
import { clock, duration, minutes, slackTime } from '../../src/templates/filters.ts';
import { lintTemplates } from '../../src/templates/lint.ts';
import { createTemplates } from '../../src/templates/render.ts';

const escapes = { 'slack/': escapeSlack };
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'templates-'));
  mkdirSync(join(directory, 'slack'));
});
afterEach(() => rmSync(directory, { recursive: true }));
const write = (name: string, text: string) => writeFileSync(join(directory, `${name}.liquid`), text);
const render = (text: string, facts = sampleFacts) => {
  write('slack/one', text);
  return createTemplates(directory, escapes).render('slack/one', facts);
};

describe('the shipped templates', () => {
  it('render with every fact known, none known, and each outcome', () => {
    expect(lintTemplates('templates', escapes)).toEqual([]);
  });
  it('fit where they are sent', () => {
    const templates = createTemplates('templates', escapes);
    expect(templates.render('page/title', sampleFacts).length).toBeLessThan(1024);
    for (const name of ['page/title', 'email/subject']) expect(templates.render(name, sampleFacts)).not.toContain('\n');
    for (const name of templates.names().filter((each) => each.startsWith('slack/'))) {
      expect(templates.render(name, sampleFacts).length).toBeLessThan(3000);
    }
  });
  it('tell customers neither Regions nor components nor people', () => {
    const templates = createTemplates('templates', escapes);
    const inside = [
      sampleFacts.from!,
      sampleFacts.to!,
      sampleFacts.plan,
      sampleFacts.title,
      sampleFacts.scope,
      sampleFacts.requester,
      sampleFacts.reason!,
    ];
    for (const name of templates.names().filter((each) => each.startsWith('status-page/'))) {
      const text = templates.render(name, sampleFacts);
      for (const word of inside) expect(text).not.toMatch(new RegExp(`\\b${word}\\b`, 'i'));
    }
  });
  it('do not claim a measured loss when nothing was measured', () => {
    const templates = createTemplates('templates', escapes);
    const facts = { ...sampleFacts, rpoSeconds: null };
    expect(templates.render('slack/resolved', facts)).toContain('not known');
    expect(templates.render('report/run', facts)).toContain('| Data lost, measured | not known');
  });
});

describe('lint', () => {
  it('names file, line, variable and the nearest known one, on branches that never render, too', () => {
    write('slack/bad', '{{ title }}\n{% if outcome == "nonsense" %}\n  {{ requestor }}\n{% endif %}');
    expect(lintTemplates(directory)).toEqual([
      {
        file: 'slack/bad.liquid',
        line: 3,
        column: expect.any(Number),
        message: 'unknown variable requestor. Did you mean "requester"?',
      },
    ]);
  });
  it('follows paths into objects and lists', () => {
    write('slack/bad', '{{ stakeholder.titel }}');
    write('slack/list', '{% for step in steps %}{{ step.titel }}{% endfor %}');
    const messages = lintTemplates(directory).map(({ message }) => message);
    expect(messages[0]).toContain('unknown variable stakeholder.titel. Did you mean "title"?');
    expect(messages[1]).toMatch(/undefined variable: step\.titel/);
  });
  it('finds unknown filters and broken tags', () => {
    write('slack/filter', '{{ title | shout }}');
    write('slack/tag', '{% if title %}never closed');
    const found = lintTemplates(directory).map(({ file, line }) => [file, line]);
    expect(found).toEqual([
      ['slack/filter.liquid', 1],
      ['slack/tag.liquid', 1],
    ]);
  });
});

describe('a template reaches nothing but the facts', () => {
  it('escapes what people wrote in Slack, and cannot be made to interpret it', () => {
    expect(render('{{ reason }}', { ...sampleFacts, reason: '<!channel> {{ title }}' })).toBe(
      '&lt;!channel&gt; {{ title }}',
    );
  });
  it('sees all keys whatever is known', () => {
    expect(Object.keys(emptyFacts).sort()).toEqual(Object.keys(sampleFacts).sort());
  });
});

describe('filters', () => {
  it('say lengths of time for people', () => {
    expect([0, 59, 60, 750, 3600, 7500].map(duration)).toEqual([
      '0 s',
      '59 s',
      '1 min',
      '12 min 30 s',
      '1 h',
      '2 h 5 min',
    ]);
    expect([null, undefined, 'x', -1].map(duration)).toEqual(Array(4).fill('not known'));
    expect([30, 60, 61].map(minutes)).toEqual(['under a minute', '1 min', '2 min']);
  });
  it('say times in UTC, and in the zone of each reader in Slack', () => {
    expect(clock('2026-01-02T14:05:30Z')).toBe('2026-01-02 14:05 UTC');
    expect(slackTime('2026-01-02T14:05:30Z')).toBe('<!date^1767362730^{time}|2026-01-02 14:05 UTC> (14:05 UTC)');
    expect(clock('soon')).toBe('not known');
  });
});
