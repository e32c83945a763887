import { expect, test } from 'vitest';
import { hideSettings, namedVariables } from '../src/known-secrets.ts';
import { redact, redactDeep, sendable } from '../src/redact.ts';

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

test('the end of a private key is one too, and half a page of base64 is not', () => {
  const line = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj';
  const key = 'RSA PRIVATE KEY';
  expect(redact(`${line}\n${line}\n-----END ${key}----- and on`)).toBe('[redacted: private key] and on');
  expect(redact(`${line}\n${line}`)).toBe(`${line}\n${line}`);
});

test("the process's own secrets are known by their value, however they are written, and plain words are left", () => {
  const value = `q7/${'Z'}x+${process.pid}=mayday`;
  hideSettings({
    MADE_UP_API_TOKEN: value,
    MADE_UP_PASSWORD: 'postgres',
    MADE_UP_URL: 'redis://:p%40ss-w0rd-9@cache:6379',
    MAYDAY_SIGNING_KEY: '/etc/mayday/checkpoint-key-9.pem',
    HOME: '/home/made-up-9',
  });
  for (const form of [value, encodeURIComponent(value), Buffer.from(value).toString('base64')])
    expect(redact(`it said ${form}!`)).not.toContain(form.replace(/=+$/, ''));
  expect(redact(`it said ${value}!`)).toBe('it said [redacted: MADE_UP_API_TOKEN]!');
  expect(sendable({ blocks: [{ text: `it said ${value}!` }] })).toEqual({
    blocks: [{ text: 'it said [redacted: MADE_UP_API_TOKEN]!' }],
  });
  expect(redactDeep({ reason: value })).toEqual({ reason: '[redacted: MADE_UP_API_TOKEN]' });
  expect(redact('AUTH p@ss-w0rd-9')).toBe('AUTH [redacted: MADE_UP_URL]');
  for (const text of ['the postgres is dark', '/etc/mayday/checkpoint-key-9.pem cannot be read', '/home/made-up-9'])
    expect(redact(text)).toBe(text);
  expect(namedVariables({ a: [{ password: { env: 'ONE' } }], 'header-env': { 'X-A': 'TWO' }, env: 3 })).toEqual([
    'ONE',
    'TWO',
  ]);
});

test('a long text takes no long time, whatever it is made of', () => {
  for (const text of [
    'a'.repeat(300_000),
    'aB3/'.repeat(75_000),
    `${'x'.repeat(20)} `.repeat(15_000),
    'a:'.repeat(150_000),
  ]) {
    const startedAt = performance.now();
    redact(text);
    sendable({ text });
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  }
});
