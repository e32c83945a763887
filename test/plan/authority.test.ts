import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { missingWays, sayWho } from '../../src/engine/approvals.ts';
import { hoursHold, parseHours } from '../../src/plan/hours.ts';
import { parsePlan } from '../../src/plan/plan.ts';
import { viewPlan } from '../../src/plan/view.ts';
import { approvalFaults } from '../../src/plan-tools/approval-faults.ts';
import { realRegistry } from '../support/plans.ts';

const registry = realRegistry();
const orchard = readFileSync('test/plan/orchard.yml', 'utf8');
const [, approvals] = /\n(approvals:\n(?: .*\n)+)/.exec(orchard)!;
/** The made-up plan with these lines under `approvals.failover`. */
const planWith = (rules: string) =>
  parsePlan(
    'orchard.yml',
    orchard.replace(approvals!, `approvals:\n  failover:\n${rules}    expires: 15m\n`),
    registry,
    () => '',
  );
const ruleOf = (rules: string, at = '2026-03-04T11:00:00Z', asked = {}) =>
  viewPlan(planWith(rules), registry).approvalRule('failover', new Date(at), asked);
const always = (rule: string) => `    always: ${rule}\n`;

test.each([
  ['all-of: [pickers, elders]', 'pickers and elders', 1],
  ['any-of: [pickers, elders]', 'pickers or elders', 1],
  ['2-of: [pickers]', '2 different people of pickers', 1],
  ['3-of: [pickers, elders]', '3 different people of pickers or elders', 1],
  ['any-of: [elders, { 2-of: [pickers] }]', 'elders, or 2 different people of pickers', 2],
  [
    'any-of: [{ all-of: [pickers, elders] }, { 2-of: [pickers] }]',
    'pickers and elders, or 2 different people of pickers',
    2,
  ],
  ['all-of: [pickers, { any-of: [elders, readers] }]', 'pickers and elders or readers', 1],
])('%s asks for %s', (written, said, ways) => {
  const rule = ruleOf(always(`{ ${written} }`));
  expect(sayWho(rule)).toBe(said);
  expect(rule.ways?.length ?? 1).toBe(ways);
});

test('the first rule that fits holds, by scope and by how grave the plan itself calls a procedure; nobody else chooses', () => {
  const rules = `    always:
      - { for: [P3, P4], any-of: [pickers] }
      - { for: [P1], scope: [crates], all-of: [pickers, elders] }
      - { all-of: [elders] }
`;
  const text = orchard.replace(approvals!, `approvals:\n  failover:\n${rules}    expires: 15m\n`);
  const calling = (severity: string) =>
    text.replace(/(\n {2}failover:\n {4}crates:\n)/, `$1      severity: ${severity}\n`);
  const rule = (yaml: string, flow: string, scope: string) =>
    viewPlan(
      parsePlan('orchard.yml', yaml, registry, () => ''),
      registry,
    ).approvalRule(flow, new Date(), { scope }).name;
  expect(rule(calling('P4'), 'failover', 'crates')).toBe('always, P3, P4');
  // What is derived from a failover, and borrows its rules, is as grave as that.
  expect(rule(calling('P4'), 'failback', 'crates')).toBe('always, P3, P4');
  expect(rule(calling('P1'), 'failback', 'crates')).toBe('always, P1, crates');
  expect(rule(calling('P2'), 'failover', 'crates')).toBe('always');
  // Of what the plan says nothing it is P1, and lint asks for it.
  expect(rule(text, 'failover', 'crates')).toBe('always, P1, crates');
  expect(rule(text, 'failover', 'harvest')).toBe('always');
  const asked = approvalFaults(
    parsePlan('orchard.yml', text, registry, () => ''),
    registry,
  ).map(({ message }) => message);
  expect(asked).toContainEqual(expect.stringContaining('say its severity here'));
});

test.each([
  ['a rule without anybody', always('{ type: GO }'), 'expected exactly one of all-of, any-of, 2-of, 3-of, 4-of'],
  ['two kinds at once', always('{ all-of: [pickers], any-of: [elders] }'), 'expected exactly one of all-of'],
  [
    'a name that nobody has',
    always('{ any-of: [elders, { 2-of: [pikers] }] }'),
    'no person or group is called "pikers". Did you mean',
  ],
  ['lists three deep', always('{ any-of: [{ all-of: [{ any-of: [elders] }] }] }'), 'expected a name'],
  [
    'a scope that is not there',
    always('[{ scope: crate, all-of: [elders] }, { all-of: [elders] }]'),
    'no scope is called "crate"',
  ],
  [
    'no rule for the rest',
    always('[{ for: [P1], all-of: [elders] }]'),
    'expected a last rule without "for" and "scope"',
  ],
  ['a rule that never holds', always('[{ all-of: [elders] }, { for: [P1], all-of: [pickers] }]'), 'it never holds'],
  [
    'who may approve themselves without a word',
    always('{ all-of: [elders], requester: counts }'),
    'must type a word: add "type"',
  ],
  ['an unknown second proof', always('{ all-of: [elders], step-up: [sms] }'), 'step-up'],
])('%s is refused with its place', (_, rules, said) => {
  expect(() => planWith(rules)).toThrow(said);
  expect(() => planWith(rules)).toThrow(/orchard\.yml:\d+:\d+: /);
});

test('a rule that no set of people can meet is a fault of the plan, with its place', () => {
  const pinned = (rule: string) => approvalFaults(planWith(always(rule)), registry).map(({ message }) => message);
  // readers: a fixed list of which one person is in Slack; pickers: looked up live, so anybody might be among them.
  expect(pinned('{ all-of: [readers] }')).toEqual([]);
  expect(pinned('{ 2-of: [readers, rose] }')).toEqual([
    expect.stringMatching(
      /nobody could approve this: there are not enough different people; nobody is left for readers or rose/,
    ),
  ]);
  expect(pinned('{ 4-of: [pickers] }')).toEqual([]);
  const silent = orchard.replace(
    approvals!,
    `approvals:\n  failover:\n    always: { all-of: [pip], step-up: [link] }\n    expires: 15m\n`,
  );
  const mute = silent.replace(/(\n {2}pip: .*?), email: [^ ,}]+/, '$1');
  expect(mute).not.toBe(silent);
  const faults = approvalFaults(
    parsePlan('orchard.yml', mute, registry, () => ''),
    registry,
  );
  expect(faults.map(({ message }) => message)).toEqual([
    expect.stringContaining('none of those who may has an e-mail address'),
  ]);
});

test('hours are those of the zone, also on the days when clocks change', () => {
  const hours = parseHours('daily 02:00-03:00 America/New_York')!;
  // 8 March 2026: 02:00 to 03:00 does not exist there. 1 November: 01:00 to 02:00 comes twice.
  for (let minute = 0; minute < 24 * 60; minute += 1)
    expect(hoursHold(hours, new Date(Date.UTC(2026, 2, 8, 5, minute)))).toBe(false);
  const twice = parseHours('daily 01:00-02:00 America/New_York')!;
  const held = Array.from({ length: 24 * 60 }, (_, minute) =>
    hoursHold(twice, new Date(Date.UTC(2026, 10, 1, 4, minute))),
  );
  expect(held.filter(Boolean)).toHaveLength(120);
  const weekdays = parseHours('weekdays 09:00-18:00 America/New_York')!;
  // 18:00 there is 22:00 UTC in summer and 23:00 in winter.
  expect(hoursHold(weekdays, new Date('2026-03-06T22:30:00Z'))).toBe(true);
  expect(hoursHold(weekdays, new Date('2026-03-09T22:30:00Z'))).toBe(false);
});

test('alternatives: approved exactly when one of them can be seated by different people', () => {
  const rule = ruleOf(always('{ any-of: [elders, { 2-of: [pickers] }] }'));
  const people = fc.array(fc.uniqueArray(fc.nat(2)), { maxLength: 4 });
  fc.assert(
    fc.property(people, (given) => {
      const isMet = missingWays(
        rule,
        given.map((slots) => ({ slots })),
      ).some((way) => way.length === 0);
      const pickers = given.filter((slots) => slots.includes(1) || slots.includes(2));
      const both = pickers.some((one, i) =>
        pickers.some((other, j) => i !== j && one.includes(1) && other.includes(2)),
      );
      expect(isMet).toBe(given.some((slots) => slots.includes(0)) || both);
    }),
    { numRuns: 2_000 },
  );
});
