import { expect, it } from 'vitest';
import { createRefusalLimit, createRefusals, type RefusalEvent } from '../../src/chat/refusals.ts';
import { MaydayError } from '../../src/errors.ts';

const about = (user: string) => ({ user, team: 'T1', what: '/failover' });
const refusal = new MaydayError('authority/refused', 'You are a guest here. Rule: only full members may.');

it('writes ten of a person in a minute and then one number, each person by themselves', async () => {
  const written: RefusalEvent[] = [];
  const refusals = createRefusals({ append: async (events) => void written.push(...events), onLost: () => {} });
  for (let i = 0; i < 25; i += 1) refusals.note(about('U1'), refusal);
  for (let i = 0; i < 10; i += 1) refusals.note(about('U2'), refusal);
  await refusals.flush();
  const of = (user: string, type: string) =>
    written.filter((each) => each.type === type && each.actor === `slack:${user}`);
  expect(of('U1', 'request.refused')).toHaveLength(10);
  expect(of('U1', 'requests.refused-often')).toMatchObject([{ data: { count: 15 } }]);
  expect(of('U2', 'request.refused')).toHaveLength(10);
  expect(of('U2', 'requests.refused-often')).toEqual([]);
  expect(of('U1', 'request.refused')[0]!.data).toEqual({
    what: '/failover',
    code: 'authority/refused',
    text: 'You are a guest here. Rule: only full members may.',
    team: 'T1',
  });
  // The next minute begins anew.
  refusals.note(about('U1'), refusal);
  await refusals.flush();
  expect(of('U1', 'request.refused')).toHaveLength(11);
});

it('faults of systems and of ourselves are no refusals', async () => {
  const written: RefusalEvent[] = [];
  const refusals = createRefusals({ append: async (events) => void written.push(...events), onLost: () => {} });
  for (const error of [new Error('x'), new MaydayError('system/unavailable', 'x'), new MaydayError('internal', 'x')])
    refusals.note(about('U1'), error);
  await refusals.flush();
  expect(written).toEqual([]);
});

it('a journal that takes nothing holds nobody up, and it is said', async () => {
  const lost: unknown[] = [];
  const refusals = createRefusals({
    append: () => Promise.reject(new Error('no disk')),
    onLost: (error) => lost.push(error),
  });
  refusals.note(about('U1'), refusal);
  await refusals.flush();
  expect(lost).toHaveLength(1);
});

it('people who are made up fill neither memory nor journal', () => {
  const limit = createRefusalLimit(10, 3);
  for (let i = 0; i < 1000; i += 1) limit.take(`U${i}`);
  expect(limit.take('U1')).toBe(true);
  expect(limit.rest()).toEqual([{ person: 'others', count: 997 }]);
});
