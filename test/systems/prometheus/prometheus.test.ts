import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';

let world: RecoveryWorld;
beforeEach(async () => {
  world = await startRecoveryWorld({ planFile: join(import.meta.dirname, '../../support/quarry.yml') });
});
afterEach(() => world.close());

const name = 'prometheus/query';
const errors = { url: 'https://prometheus.quarry.example', query: 'rate(errors[5m])' };

test('a figure is compared with its limit, and one without a sample is not known', async () => {
  expect(await world.ask(name, { ...errors, below: 0.05 })).toEqual({
    answer: 'yes',
    because: 'rate(errors[5m]) is 0.001; below 0.05 is wanted',
    facts: { series: 1, value: 0.001 },
  });
  await world.control('/metrics', { query: errors.query, value: 0.07 });
  expect(await world.ask(name, { ...errors, below: 0.05 })).toMatchObject({ answer: 'no', facts: { value: 0.07 } });
  expect((await world.ask(name, { ...errors, above: 0.05, below: 0.1 })).answer).toBe('yes');
  expect((await world.ask(name, { ...errors, equals: 0 })).answer).toBe('no');
  await world.control('/metrics', { query: errors.query, value: null });
  expect(await world.ask(name, { ...errors, below: 0.05 })).toMatchObject({
    answer: 'unknown',
    because: 'rate(errors[5m]) has no sample just now',
  });
});

test('a query that cannot be read is not known, with the words of Prometheus; so is one that hangs', async () => {
  expect(await world.ask(name, { ...errors, query: 'rate(errors[5m]', below: 1 })).toMatchObject({
    answer: 'unknown',
    because: expect.stringContaining('bad_data: invalid parameter "query": parse error'),
  });
  await world.control('/faults', { kind: 'service', service: 'prometheus', how: 'hang' });
  expect((await world.ask(name, { ...errors, below: 1 })).answer).toBe('unknown');
});

test('a limit is needed, and the addresses of clouds are not asked', () => {
  const { with: written } = world.check(name);
  expect(written.safeParse(errors).success).toBe(false);
  expect(written.safeParse({ ...errors, below: 1, url: 'http://169.254.169.254' }).success).toBe(false);
});
