import { expect, test } from 'vitest';
import { redact } from '../src/redact.ts';

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
