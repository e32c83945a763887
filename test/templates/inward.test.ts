import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { emptyFacts, sampleFacts } from '../../src/templates/facts.ts';
import { lintTemplates } from '../../src/templates/lint.ts';
import { createTemplates } from '../../src/templates/render.ts';

const directory = mkdtempSync(join(tmpdir(), 'templates-'));
afterAll(() => rmSync(directory, { recursive: true }));

const render = (text: string, facts: object = sampleFacts): string => {
  writeFileSync(join(directory, 'one.liquid'), text);
  return createTemplates(directory).render('one', facts as typeof sampleFacts);
};

describe('35 a template that reaches for what it must not', () => {
  it.each([
    '{{ constructor }}',
    '{{ plan.constructor }}',
    '{{ plan.constructor.constructor }}',
    '{{ steps.constructor.prototype }}',
    '{{ __proto__ }}',
    '{{ stakeholder.__proto__.polluted }}',
    '{{ stakeholder["constructor"] }}',
    '{{ steps[0]["__proto__"]["toString"] }}',
    '{{ process.env.SLACK_BOT_TOKEN }}',
    '{{ globalThis }}',
    '{{ require }}',
    '{{ toString }}',
    '{{ hasOwnProperty }}',
    '{{ nothing.that.is.there }}',
    '{{ requestr }}',
    '{{ plan | shell }}',
    '{% include "/etc/passwd" %}',
    '{% render "../email/subject" %}',
    '{% layout "one" %}',
  ])('%s is refused when templates are linted, and when it is rendered', (text) => {
    expect(() => render(text)).toThrow(/The template one does not render/);
    expect(lintTemplates(directory)).toEqual([expect.objectContaining({ file: 'one.liquid' })]);
  });

  it('what a fact says is no template', () => {
    expect(render('{{ reason }}', { ...emptyFacts, reason: '{{ requester }} {% include "x" %}' })).toBe(
      '{{ requester }} {% include "x" %}',
    );
  });

  it.each([
    ['a loop without end', '{% for i in (1..999999999) %}{{ i }}{% endfor %}'],
    [
      'loops within loops',
      '{% for a in (1..9999) %}{% for b in (1..9999) %}{% for c in (1..9999) %}x{% endfor %}{% endfor %}{% endfor %}',
    ],
    ['text that doubles', `{% assign x = "xxxxxxxxxxxxxxxx" %}${'{% assign x = x | append: x %}'.repeat(40)}{{ x }}`],
    [
      'text that grows by replacing',
      `{% assign x = "xxxxxxxxxxxxxxxx" %}${'{% assign x = x | replace: "x", "xxxxxxxx" %}'.repeat(12)}{{ x }}`,
    ],
    ['a template longer than any', `{{ plan }}${'x'.repeat(200_000)}`],
  ])('%s ends soon, and takes only itself along', (_, text) => {
    const startedAt = performance.now();
    expect(() => render(text)).toThrow(/limit exceeded/);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(process.memoryUsage().heapUsed).toBeLessThan(1_500_000_000);
    expect(render('{{ plan }}')).toBe(sampleFacts.plan);
  });
});
