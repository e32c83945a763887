import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';

let world: RecoveryWorld;
beforeEach(async () => {
  world = await startRecoveryWorld({ planFile: join(import.meta.dirname, '../../support/quarry.yml') });
});
afterEach(() => world.close());

const name = 'nats/promote-mirror';
const lower = { component: 'carts', at: 'lower' };
const upper = { component: 'carts', at: 'upper' };
const resolved = (written: object = lower) => {
  const action = world.action(name);
  return { action, input: action.input.parse(action.resolve(written, world.plan)) };
};
const role = async (place: string) =>
  (await world.kind('nats-stream').role!(world.plan.component('carts'), place, world.plan, world.step())).role;

test('before 2.12 a stream beside the mirror takes over when it has every message, and only once', async () => {
  expect([await role('upper'), await role('lower')]).toEqual(['active', 'standby']);
  const { output } = await world.carryOut(name, lower);
  expect(output).toEqual({ stream: 'CARTS-promoted' });
  expect(await role('lower')).toBe('active');
  const { action, input } = resolved();
  await action.act(input, world.step());
  expect((await world.control('/ledger')).counts).toEqual({ 'nats:StreamCreate': 1, 'nats:StreamUpdate': 1 });
  expect(await action.observe(input, world.step())).toMatchObject({ state: 'done', output });
  const [, { streams }] = await world.control('/nats');
  expect(streams['CARTS-promoted']).toMatchObject({ messages: 1000, config: { subjects: ['carts.*'], sources: [] } });
  expect(streams['CARTS'].config.mirror).toEqual({ name: 'CARTS' });
});

test('a worker that dies while the new stream is being filled is followed by one that goes on', async () => {
  const { action, input } = resolved();
  const dies = world.step();
  let changes = 0;
  dies.beforeChange = async () => {
    changes += 1;
    if (changes === 2) throw new Error('died');
    return AbortSignal.timeout(2500);
  };
  await expect(action.act(input, dies)).rejects.toThrow('died');
  expect(await action.observe(input, world.step())).toMatchObject({ state: 'todo' });
  const { output } = await world.carryOut(name, lower);
  expect(output).toEqual({ stream: 'CARTS-promoted' });
  expect((await world.control('/ledger')).counts).toEqual({ 'nats:StreamCreate': 1, 'nats:StreamUpdate': 1 });
});

test('since 2.12 the mirror itself lets go of its source', async () => {
  await world.control('/nats/version', { version: '2.12.1' });
  expect((await world.carryOut(name, lower)).output).toEqual({ stream: 'CARTS' });
  expect((await world.control('/ledger')).counts).toEqual({ 'nats:StreamUpdate': 1 });
});

test('a source has nothing to be promoted, and how far a mirror is behind is asked of it', async () => {
  const { action, input } = resolved(upper);
  expect(await action.observe(input, world.step())).toMatchObject({ state: 'done', output: { stream: 'CARTS' } });
  const lag = { ...lower, 'below-messages': 100 };
  expect(await world.ask('nats/stream-lag', lag)).toMatchObject({ answer: 'yes', facts: { behind: 0 } });
  await world.control('/nats/lag', { component: 'carts', place: 'lower', messages: 250 });
  expect(await world.ask('nats/stream-lag', lag)).toMatchObject({ answer: 'no', facts: { behind: 250 } });
  expect((await world.ask('nats/stream-lag', { ...upper, 'below-messages': 100 })).answer).toBe('unknown');
});

test('a wrong password is refused, and a dead Region does not answer', async () => {
  const check = world.check('nats/answers');
  const input = check.input.parse(check.resolve(lower, world.plan));
  expect((await check.ask(input, world.step())).answer).toBe('yes');
  const stranger = await check.ask({ ...input, password: { env: 'QUARRY_DATABASE_PASSWORD' } }, world.step());
  expect(stranger).toMatchObject({ answer: 'no', because: expect.stringMatching(/authorization/i) });
  await world.control('/faults', { kind: 'region-down', region: 'ap-south-1' });
  expect((await world.ask('nats/answers', lower)).answer).toBe('no');
  expect(await role('lower')).toBe('unknown');
});
