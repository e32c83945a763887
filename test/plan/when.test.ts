import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parsePlan } from '../../src/plan/plan.ts';
import { viewPlan } from '../../src/plan/view.ts';
import { realRegistry } from '../support/plans.ts';

const registry = realRegistry();
const file = 'test/end-to-end/plans/bakery.yml';
const conditional = readFileSync(file, 'utf8').replace(
  /more-ovens:\s+\{\s+uses:/,
  'more-ovens: { when: { to: sydney, scope: [region, shopfront] }, uses:',
);
const stepsTo = (yaml: string, from: string, to: string) =>
  viewPlan(
    parsePlan(file, yaml, registry, () => ''),
    registry,
  ).procedure('failover', 'region', { from, to }, 'execute');

test('a step stands in the graph when the arguments are those it is for, and nobody waits for it otherwise', () => {
  const there = stepsTo(conditional, 'stockholm', 'sydney');
  expect(there.map(({ id }) => id)).toContain('more-ovens');
  const back = stepsTo(conditional, 'sydney', 'stockholm');
  expect(back.map(({ id }) => id)).not.toContain('more-ovens');
  expect(back.find(({ id }) => id === 'turn-sign')?.needs).toEqual(['more-tills', 'ledger-login']);
});

test('a condition over anything but arguments is refused with its place', () => {
  const wrong = conditional.replace('when: { to: sydney,', 'when: { too: sydney,');
  expect(() => stepsTo(wrong, 'stockholm', 'sydney')).toThrow(
    /bakery\.yml:\d+:\d+: unknown key "too"\. Did you mean "to"\?/,
  );
});
