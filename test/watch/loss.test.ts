import { describe, expect, test } from 'vitest';
import { judgeLoss, liveness, type Sighting } from '../../src/watch/watch.ts';

const at = (seconds: number): Date => new Date(Date.UTC(2026, 0, 1) + seconds * 1000);
const clock = (seconds: number, speed = 1) => ({ now: () => at(seconds), speed });
const seen = (more: Partial<Sighting>): Sighting => ({
  answer: 'yes',
  because: '',
  askedAt: at(100),
  lastYesAt: at(100),
  failingSince: null,
  pendingSince: null,
  ...more,
});

describe('whether a source answers', () => {
  test('a fresh yes is a yes', () => {
    expect(liveness(seen({}), clock(103)).answers).toBe(true);
  });
  test('an open question is no failure yet, and one after half a second', () => {
    expect(liveness(seen({ pendingSince: at(105) }), clock(105.4)).answers).toBe(true);
    expect(liveness(seen({ pendingSince: at(105) }), clock(105.6)).answers).toBe(false);
  });
  test('the half second is one of the wall, however fast the world runs', () => {
    expect(liveness(seen({ pendingSince: at(105) }), clock(115, 30)).answers).toBe(true);
    expect(liveness(seen({ pendingSince: at(105) }), clock(121, 30)).answers).toBe(false);
  });
  test('an old sighting says nothing about now: nobody was watching', () => {
    expect(liveness(seen({}), clock(200)).answers).toBeNull();
    expect(liveness(seen({ answer: 'no', failingSince: at(101) }), clock(200)).answers).toBeNull();
    expect(liveness(undefined, clock(200))).toEqual({ answers: null, lastSeenAliveAt: null, silentSince: null });
  });
});

describe('what would be lost', () => {
  const judge = (sighting: Sighting | undefined, newest: Date | null, now: number) =>
    judgeLoss('orders', liveness(sighting, clock(now)), newest, at(now), 'no answer');

  test('a standby that holds something from after the silence proves that the source lived on, nobody knows how long', () => {
    const slowAnswer = seen({ answer: 'no', askedAt: at(112), failingSince: at(105) });
    expect(judge(slowAnswer, at(104), 113)).toMatchObject({ upperBoundSeconds: 1.5, sourceAnswers: false });
    expect(judge(slowAnswer, at(109), 113)).toMatchObject({ upperBoundSeconds: 4, sourceAnswers: false });
  });
  test('while the source lives it is what has not arrived yet', () => {
    expect(judge(seen({}), at(98), 103)).toMatchObject({ seconds: 5, upperBoundSeconds: 5, sourceAnswers: true });
  });
  test('with the source gone it stops growing, and is bounded by when an answer was owed', () => {
    const gone = seen({ answer: 'no', askedAt: at(110), failingSince: at(105) });
    for (const now of [112, 120, 129])
      expect(judge(gone, at(97), now)).toMatchObject({ seconds: 3, upperBoundSeconds: 8.5, sourceAnswers: false });
  });
  test('rows newer than the last sign of life leave nothing expected, and the bound stays', () => {
    const gone = seen({ answer: 'no', askedAt: at(106), failingSince: at(105) });
    expect(judge(gone, at(103), 108)).toMatchObject({ seconds: 0, upperBoundSeconds: 2.5 });
  });
  test('a source that was never seen alive, or not lately, is not known, and bounded by now', () => {
    expect(judge(seen({ lastYesAt: null, answer: 'no', failingSince: at(100) }), at(90), 110)).toMatchObject({
      seconds: null,
      upperBoundSeconds: 10.5,
    });
    expect(judge(seen({}), at(90), 500)).toMatchObject({ seconds: null, upperBoundSeconds: 410 });
  });
  test('a standby that cannot be read leaves everything unknown', () => {
    expect(judge(seen({}), null, 103)).toMatchObject({ seconds: null, upperBoundSeconds: null });
  });
});
