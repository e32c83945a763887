import { expect, test } from 'vitest';
import { createHttp } from '../../../src/systems/http/index.ts';
import { tools } from '../../support/talk-world.ts';

const get = createHttp({}, tools).checks.find((check) => check.name === 'http/get')!;

test.each([
  'http://169.254.169.254/latest/meta-data/',
  'http://[fe80::1]/',
  'http://[::ffff:169.254.169.254]/',
  'http://metadata.google.internal/',
  'http://2852039166/',
])('a check aimed at %s is refused', (url) => {
  expect(get.with.safeParse({ url }).success).toBe(false);
});

test.each(['ftp://shop.example/', 'no address'])('%s is no address that can be asked', (url) => {
  expect(get.with.safeParse({ url }).success).toBe(false);
});
