import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';

let world: RecoveryWorld;
beforeEach(async () => {
  world = await startRecoveryWorld({ planFile: join(import.meta.dirname, '../../support/quarry.yml') });
});
afterEach(() => world.close());

const written = {
  url: 'https://hooks.quarry.example/trucks/stop',
  body: { reason: 'failover' },
  'header-env': { 'X-Truck-Token': 'QUARRY_TRUCK_TOKEN' },
};
const resolved = (given: object = written) => {
  const action = world.action('webhook/post');
  return { action, input: action.input.parse(action.resolve(action.with.parse(given), world.plan)) };
};

test('it is posted with its secret and its key, and what was posted twice counts once', async () => {
  await world.control('/faults', { kind: 'timeout', change: 'webhook:Post', times: 1 });
  const { action, input } = resolved();
  await expect(action.act(input, world.step())).rejects.toMatchObject({ code: 'system/unknown', effect: 'maybe-made' });
  expect(await action.act(input, world.step())).toEqual({
    output: { status: 202 },
    seen: 'hooks.quarry.example answered 202',
  });
  const { entries, counts } = await world.control('/ledger');
  expect(counts).toEqual({ 'webhook:Post': 1 });
  expect(entries[0].details).toEqual({ key: 'run-1/step-1' });
  expect(action.repeat).toBe('by-key');
});

test('a refusal is one, and neither the secret nor the path of the hook stands in its words', async () => {
  const { action, input } = resolved({ ...written, 'header-env': { 'X-Truck-Token': 'QUARRY_DATABASE_PASSWORD' } });
  const failed = await action.act(input, world.step()).catch((error: Error) => error);
  expect(failed).toMatchObject({ code: 'system/refused', message: expect.stringContaining('401') });
  for (const secret of [world.sandbox.environment['QUARRY_DATABASE_PASSWORD']!, '/trucks/stop'])
    expect(String(failed)).not.toContain(secret);
  expect(action.command(input)).toContain('$QUARRY_DATABASE_PASSWORD');
});

test('neither the addresses of clouds nor our own headers can be given', () => {
  const { with: schema } = world.action('webhook/post');
  expect(schema.safeParse({ ...written, url: 'http://metadata.google.internal/' }).success).toBe(false);
  expect(schema.safeParse({ ...written, 'header-env': { Host: 'QUARRY_TRUCK_TOKEN' } }).success).toBe(false);
});
