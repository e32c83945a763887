import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonical, sha256 } from '../src/canonical.ts';

const turned = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(turned)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .reverse()
            .map(([key, member]) => [key, turned(member)]),
        )
      : value;

test('the order in which keys were written makes no difference', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => void expect(canonical(turned(value))).toBe(canonical(value))));
  expect(canonical({ b: 1, a: { d: [], c: null } })).toBe('{"a":{"c":null,"d":[]},"b":1}');
});

test('it is JSON that says the same, once lone surrogates are replaced', () => {
  const text = fc.string({ unit: 'binary' });
  const values = fc.jsonValue({ stringUnit: 'binary' });
  fc.assert(
    fc.property(
      values,
      (value) => void expect(JSON.parse(canonical(value))).toEqual(JSON.parse(JSON.stringify(value))),
    ),
  );
  fc.assert(fc.property(text, (odd) => void expect(JSON.parse(canonical(`${odd}\ud83d`))).toBe(`${odd}\ufffd`)));
});

test('keys stand in the order of their UTF-16 code units, as RFC 8785 has it', () => {
  const keys = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6'];
  const value = Object.fromEntries(keys.map((key) => [key, 0]));
  expect(Object.keys(JSON.parse(canonical(value)))).toHaveLength(7);
  const order = [...canonical(value).matchAll(/"((?:\\.|[^"])*)":/g)].map(([, key]) => JSON.parse(`"${key}"`));
  expect(order).toEqual(['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33']);
});

test('numbers are written as ECMAScript writes them, and what is no JSON is refused', () => {
  expect(canonical([1e30, 4.5, 2e-3, 1e-27, -0])).toBe('[1e+30,4.5,0.002,1e-27,0]');
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1n, () => 1, Symbol('x')])
    expect(() => canonical({ value })).toThrow(/has no place in the journal/);
  expect(canonical({ a: undefined, b: [undefined] })).toBe('{"b":[null]}');
});

test('equal values have equal digests', () => {
  expect(sha256(canonical({ a: 1, b: 2 }))).toBe(sha256(canonical({ b: 2, a: 1 })));
});
