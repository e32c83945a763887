import { expect, test } from 'vitest';
import { redact, redactDeep } from '../src/redact.ts';

test.each([
  ['AKIAABCDEFGHIJKLMNOP', 'AKIAABCDEFGHIJKLMNOP'],
  ['wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'wJalrXUtnFEMI'],
  ['xoxb-123456789012-abcdefghijkl', 'xoxb-1'],
  ['password=hunter2 and more', 'hunter2'],
  ['token: s3cr3t-value', 's3cr3t'],
  ['Authorization: Bearer abcdefghijklmnop', 'abcdefghijklmnop'],
  ['postgres://user:pa55@db/x', 'pa55'],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.sig', 'eyJhbGci'],
])('takes the secret out of "%s"', (text, secret) => {
  const clean = redact(`the reason is ${text}`);
  expect(clean).not.toContain(secret);
  expect(clean).toContain('[redacted');
});

test('leaves plain reasons, run ids and hashes as they are', () => {
  for (const text of [
    'us-east-1 is dark, nothing answers',
    'run r-7k3f9qwe',
    'bcc1a2d28a91bcc1a2d28a91bcc1a2d28a91bcc1',
  ])
    expect(redact(text)).toBe(text);
});

test('a value is redacted at every depth, what holds no secret is the same value, and what steps and proofs need stays', () => {
  const token = ['xoxb', '1234567890', 'abcdef'].join('-');
  const clean = { seen: 'rds:us-west-2:replica is available', list: [1, null, true] };
  expect(redactDeep(clean)).toBe(clean);
  expect(redactDeep({ event: { reason: `use ${token}`, list: [token] }, n: 1 })).toEqual({
    event: { reason: 'use [redacted: Slack token]', list: ['[redacted: Slack token]'] },
    n: 1,
  });
  const kept = { graph: { a: token }, output: { b: token }, signature: token };
  expect(redactDeep({ ...kept, why: token })).toEqual({ ...kept, why: '[redacted: Slack token]' });
  expect(redactDeep(undefined)).toBe(undefined);
});
