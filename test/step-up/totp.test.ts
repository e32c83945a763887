import { expect, test } from 'vitest';
import { base32, codeAt, counterAt, counterOf } from '../../src/step-up/totp.ts';

/** RFC 6238, appendix B, SHA-1; the last six of its eight digits. */
const secret = Buffer.from('12345678901234567890');
const vectors = [
  [59, '287082'],
  [1111111109, '081804'],
  [1111111111, '050471'],
  [1234567890, '005924'],
  [2000000000, '279037'],
  [20000000000, '353130'],
] as const;

test.each(vectors)('at %i s the code is %s', (seconds, code) => {
  expect(codeAt(secret, counterAt(new Date(seconds * 1000)))).toBe(code);
});

test('a code counts one period early or late, once, and however it is spaced', () => {
  const now = new Date(1234567890_000);
  const here = counterAt(now);
  for (const off of [-1, 0, 1]) expect(counterOf(secret, codeAt(secret, here + off), now, 0)).toBe(here + off);
  for (const off of [-2, 2]) expect(counterOf(secret, codeAt(secret, here + off), now, 0)).toBeUndefined();
  expect(counterOf(secret, '005 924', now, 0)).toBe(here);
  expect(counterOf(secret, '005924', now, here)).toBeUndefined();
  for (const nonsense of ['', '5924', '0059240', 'abcdef', '００５９２４'])
    expect(counterOf(secret, nonsense, now, 0)).toBeUndefined();
});

test('keys are written as RFC 4648 says', () => {
  expect(base32(Buffer.from('foobar'))).toBe('MZXW6YTBOI');
  expect(base32(secret)).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
});
