import { appendFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LivingSystem, openSystem } from '../../support/living-system.ts';

const dump = (...x: unknown[]) =>
  appendFileSync(
    '/tmp/dump-dr.txt',
    x.map((y) => (typeof y === 'string' ? y : JSON.stringify(y))).join('\\n') + '\\n---\\n',
  );
let system: LivingSystem;

beforeAll(async () => {
  system = await openSystem({ plan: 'dr-plan', speed: 40, at: '2026-11-24T15:00:00Z' });
}, 120_000);
afterAll(() => system?.bot.close());
describe('dr-plan', { timeout: 300_000 }, () => {
  it('P6', async () => {
    const before = await system.mark();
    await system.carryOut('devops-lead', '/dr', 'recover dr-plan services all are gone');
    dump((await system.since(before)).entries.filter(({ change }) => !/slack|smtp|pager/.test(change)));
    dump((await system.state()).clusters);
    dump(
      await system.channel('war-room'),
      await system.channel('incidents'),
      await system.mails(),
      await system.pages(),
    );
  });
  it('P9', async () => {
    dump(await system.world.get('/pagerduty/state'));
    const run = await system.carryOut('devops-lead', '/failover', 'dr-plan website the web servers are tired');
    dump(
      await system.channel('war-room'),
      await system.mails(),
      await system.pages(),
      await system.answers('www.example.com'),
    );
    dump(await system.say('devops-lead', '/dr', `checklist ${run}`));
    dump(await system.say('devops-lead', '/incident', 'resolve it is over'));
  });
  it('P3', async () => {
    dump(await system.answers('www.example.com'));
    const before = await system.mark();
    await system.world.post('/faults', { kind: 'region-down', region: 'us-east-1' });
    await system.wait(200);
    dump(await system.answers('www.example.com'));
    dump((await system.since(before)).lines);
  });
  it('P4', async () => {
    const before = await system.mark();
    const run = await system.carryOut('devops-lead', '/failover', 'dr-plan region us-east-1 is dark --anyway');
    dump((await system.since(before)).entries.filter(({ change }) => !/slack|smtp|pager/.test(change)));
    dump(await system.state());
    dump(
      await system.channel('war-room'),
      await system.mails(),
      await system.pages(),
      await system.answers('api.example.com'),
    );
    dump(await system.say('devops-lead', '/dr', `checklist ${run}`));
    dump(await system.say('devops-lead', '/dr', `checklist ${run} tick before 2`));
    dump(await system.say('devops-lead', '/dr', `checklist ${run} tick before 1`));
    dump(await system.say('devops-lead', '/dr', `checklist ${run}`));
  });
});
