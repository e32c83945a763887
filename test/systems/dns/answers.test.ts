import { createSocket } from 'node:dgram';
import { afterEach, expect, test } from 'vitest';
import { createDns } from '../../../src/systems/dns/index.ts';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';
import { tools } from '../../support/talk-world.ts';

let world: RecoveryWorld | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

test('every resolver has to agree, and a name without a record leads nowhere', async () => {
  world = await startRecoveryWorld();
  const answer = await world.ask('dns/answers', { component: 'gate', at: 'north' });
  expect(answer).toMatchObject({ answer: 'yes', facts: { asked: 2, agreeing: 2 } });
  expect((await world.ask('dns/answers', { component: 'gate', at: 'south' })).answer).toBe('no');
  const check = world.check('dns/answers');
  const nowhere = { name: 'nobody.orchard.example', type: 'A', value: '192.0.2.10' };
  expect((await check.ask(nowhere, world.step())).because).toContain('answers nothing');
});

test('a resolver that is silent leaves the answer unknown', async () => {
  const silent = createSocket('udp4');
  await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
  const dialler = { ...tools.dialler, dnsServers: [`127.0.0.1:${silent.address().port}`] };
  const [check] = createDns({}, { ...tools, dialler }).checks;
  const context = { clock: tools.clock, log: tools.log, signal: AbortSignal.timeout(10_000) };
  const startedAt = performance.now();
  const answer = await check!.ask({ name: 'www.orchard.example', type: 'A', value: '192.0.2.10' }, context);
  expect(answer.answer).toBe('unknown');
  expect(performance.now() - startedAt).toBeLessThan(9_000);
  silent.close();
});
