import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ApprovalRule } from '../../src/define.ts';
import { missingSlots } from '../../src/engine/approvals.ts';

const rule = (slots: number): ApprovalRule => ({
  name: 'always',
  slots: Array.from({ length: slots }, (_, i) => ({ name: `slot-${i}`, people: [], live: null, offline: [] })),
  requesterCounts: false,
  typedWord: null,
  expiresSeconds: 60,
  tell: [],
});

/** The most slots that can be filled, by trying every seating. */
const mostSeated = (approvers: readonly (readonly number[])[], taken: readonly number[] = []): number => {
  const [first, ...rest] = approvers;
  if (first === undefined) return taken.length;
  return Math.max(
    mostSeated(rest, taken),
    ...first.filter((slot) => !taken.includes(slot)).map((slot) => mostSeated(rest, [...taken, slot])),
  );
};

test('as many slots are filled as can be, however people overlap', () => {
  const cases = fc.integer({ min: 1, max: 5 }).chain((slots) =>
    fc.record({
      slots: fc.constant(slots),
      approvers: fc.array(fc.uniqueArray(fc.nat(slots - 1)), { maxLength: 6 }),
    }),
  );
  fc.assert(
    fc.property(cases, ({ slots, approvers }) => {
      const missing = missingSlots(
        rule(slots),
        approvers.map((each) => ({ slots: each })),
      );
      expect(missing).toHaveLength(slots - mostSeated(approvers));
      expect(new Set(missing).size).toBe(missing.length);
    }),
    { numRuns: 3_000 },
  );
});

test('one more yes never opens a slot again', () => {
  fc.assert(
    fc.property(fc.array(fc.uniqueArray(fc.nat(3)), { minLength: 1, maxLength: 6 }), (approvers) => {
      const given = approvers.map((slots) => ({ slots }));
      expect(missingSlots(rule(4), given).length).toBeLessThanOrEqual(missingSlots(rule(4), given.slice(1)).length);
    }),
  );
});
