import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDuration, sayDuration } from '../../src/plan/duration.ts';
import { type Hours, hoursHold, parseHours } from '../../src/plan/hours.ts';
import { didYouMean, nearest } from '../../src/plan/nearest.ts';
import { fill, referencesIn, substitute } from '../../src/plan/references.ts';

describe('durations', () => {
  test.each([
    ['90s', 90],
    ['15m', 900],
    ['4h', 14_400],
    ['7d', 604_800],
    ['1h30m', 5_400],
    ['1h 30m', 5_400],
    ['15 m', 900],
    ['0.5h', 1_800],
  ])('%s is %i seconds', (text, seconds) => expect(parseDuration(text)).toBe(seconds));

  test.each([
    '',
    '15',
    'm',
    '15M',
    '15min',
    '-5m',
    '5m later',
    '1e3s',
    '٣m',
    '0s',
    '0h0m',
    '999999999d',
    'five minutes',
  ])('%j is none', (text) => expect(parseDuration(text)).toBeUndefined());

  test.each([
    [0, '0 s'],
    [59.4, '59 s'],
    [59.6, '1 min'],
    [272, '4 min 32 s'],
    [3600, '1 h'],
    [7_500, '2 h 5 min'],
    [86_400, '24 h'],
  ])('%d seconds are said as %s', (seconds, text) => expect(sayDuration(seconds)).toBe(text));
});

describe('hours', () => {
  const office = parseHours('weekdays 09:00-18:00 America/New_York') as Hours;
  const at = (text: string) => hoursHold(office, new Date(text));

  test('they begin with their first minute and end before their last', () => {
    expect(at('2026-03-04T13:59:59Z')).toBe(false);
    expect(at('2026-03-04T14:00:00Z')).toBe(true);
    expect(at('2026-03-04T22:59:59Z')).toBe(true);
    expect(at('2026-03-04T23:00:00Z')).toBe(false);
  });

  test('days are those of the zone and not of Greenwich', () => {
    const night = parseHours('fridays 20:00-23:59 America/New_York') as Hours;
    expect(hoursHold(night, new Date('2026-03-07T02:00:00Z'))).toBe(true);
    expect(at('2026-03-07T15:00:00Z')).toBe(false);
    expect(at('2026-03-09T15:00:00Z')).toBe(true);
  });

  test('they move with the clocks: an hour earlier in Greenwich after the change in spring, later again in autumn', () => {
    expect(at('2026-03-06T13:30:00Z')).toBe(false);
    expect(at('2026-03-09T13:30:00Z')).toBe(true);
    expect(at('2026-10-30T13:30:00Z')).toBe(true);
    expect(at('2026-11-02T13:30:00Z')).toBe(false);
  });

  test('on the day without its hour and the day with one twice, every moment has one answer', () => {
    const early = parseHours('daily 02:00-03:00 America/New_York') as Hours;
    const minutes = (day: string) =>
      Array.from({ length: 48 * 60 }, (_, i) => new Date(Date.parse(`${day}T00:00:00Z`) + i * 60_000)).filter(
        (moment) => hoursHold(early, moment),
      ).length;
    expect(minutes('2026-03-08')).toBe(60);
    expect(minutes('2026-10-31')).toBe(120);
    const twice = parseHours('sundays 01:00-02:00 America/New_York') as Hours;
    for (const moment of ['2026-11-01T05:30:00Z', '2026-11-01T06:30:00Z'])
      expect(hoursHold(twice, new Date(moment))).toBe(true);
  });

  test.each([
    'weekdays 18:00-09:00 America/New_York',
    'weekdays 09:00-09:00 America/New_York',
    'weekdays 9:00-18:00 America/New_York',
    'weekdays 09:00-25:00 America/New_York',
    'weekdays 09:00-18:00 Atlantis/Poseidonis',
    'weekdays 09:00-18:00',
    'workdays 09:00-18:00 America/New_York',
    'constructor 09:00-18:00 America/New_York',
    '',
  ])('%j is no time', (text) => expect(parseHours(text)).toBeUndefined());
});

describe('the nearest word', () => {
  test.each([
    ['databse', 'database'],
    ['DATABASE', 'database'],
    ['data', 'database'],
    ['dtaabase', 'database'],
    ['failvoer', 'failover'],
    ['restroe', 'restore'],
    ['xyzzy', undefined],
    ['', undefined],
  ])('of %j is %s', (word, wanted) => expect(nearest(word, ['database', 'failover', 'restore'])).toBe(wanted));

  test('when none is near all are listed, but never a wall of them', () => {
    expect(didYouMean('xyzzy', ['a1', 'b2'])).toBe(' Valid: a1, b2.');
    expect(
      didYouMean(
        'xyzzy',
        Array.from({ length: 50 }, (_, i) => `name-${i}`),
      ),
    ).toMatch(/name-11, …\.$/);
    expect(didYouMean('xyzzy', [])).toBe('');
  });
});

describe('references', () => {
  test('a value is filled in, a reference is kept as one, and what is neither is told', () => {
    expect(fill({ a: ['{{ to }}-x', '{{steps.one.output.two}}'], n: 3 }, { to: 'south' })).toEqual({
      a: ['south-x', { $step: 'one', $output: 'two' }],
      n: 3,
    });
    for (const [text, message] of [
      ['{{ from }}', /"\{\{ from \}\}" is not known here; known: to/],
      ['{{ constructor }}', /is not known here/],
      ['db-{{ steps.one.output.two }}', /must be the whole value/],
      ['{{ steps.one.two }}', /must be the whole value/],
      ['{{ to | upcase }}', /is neither a value such as/],
    ] as const)
      expect(() => fill(text, { to: 'south' })).toThrow(message);
  });

  test('what a value says is not read a second time', () => {
    expect(fill('{{ reason }}', { reason: '$& and $1' })).toBe('$& and $1');
  });

  test('every reference is found with its place, and put in its place', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        expect(referencesIn(value)).toEqual([]);
        expect(substitute(value as never, () => 'never')).toEqual(value);
      }),
    );
    const value = { a: [{ $step: 's', $output: 'o' }], b: { c: { $step: 's', $output: 'p' } } };
    expect(referencesIn(value).map(({ path }) => path.join('.'))).toEqual(['a.0', 'b.c']);
    expect(substitute(value, ({ $output }) => `<${$output}>`)).toEqual({ a: ['<o>'], b: { c: '<p>' } });
  });
});
