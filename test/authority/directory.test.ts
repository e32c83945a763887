import { expect, test } from 'vitest';
import { createDirectory } from '../../src/authority/directory.ts';

test('one look-up serves all who were waiting when it began, and nobody gets an older answer', async () => {
  const asked: ((members: string[]) => void)[] = [];
  const directory = createDirectory({
    pagerduty: { onCallNow: async () => [], onCallAtLevel: async () => [] },
    slack: { client: { groupMembers: () => new Promise((answer) => asked.push(answer)) } },
  });
  const first = directory.groupMembers('S1');
  const waiting = Array.from({ length: 19 }, () => directory.groupMembers('S1'));
  expect(asked).toHaveLength(1);
  // Somebody is taken out of the group while the first look-up is under way.
  asked[0]!(['U1', 'U2']);
  expect(await first).toEqual(['U1', 'U2']);
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toHaveLength(2);
  asked[1]!(['U1']);
  for (const answer of await Promise.all(waiting)) expect(answer).toEqual(['U1']);
  // Later ones ask anew, and what fails is not remembered.
  const later = directory.groupMembers('S1');
  expect(asked).toHaveLength(3);
  asked[2]!([]);
  expect(await later).toEqual([]);
});

test('a source that fails refuses all who waited for it, and is asked again by the next', async () => {
  let calls = 0;
  const directory = createDirectory({
    pagerduty: {
      onCallNow: async () => {
        calls += 1;
        if (calls < 3) throw new Error('down');
        return ['P1'];
      },
      onCallAtLevel: async () => [],
    },
    slack: { client: { groupMembers: async () => [] } },
  });
  const results = await Promise.allSettled([1, 2, 3].map(() => directory.onCallNow('S1')));
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(calls).toBe(2);
  expect(await directory.onCallNow('S1')).toEqual(['P1']);
});
