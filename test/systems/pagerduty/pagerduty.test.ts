import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPagerDuty } from '../../../sandbox/pagerduty/start-pagerduty.ts';
import type { SandboxPart } from '../../../sandbox/part.ts';
import { createPagerDuty, pagerdutySettings } from '../../../src/systems/pagerduty/index.ts';
import { control, createContext, planView, stepContext, tools } from '../../support/talk-world.ts';

const world = createContext();
let sandbox: SandboxPart;
let pagerduty: ReturnType<typeof createPagerDuty>;

const action = (name: string) => pagerduty.actions.find((each) => each.name === name)!;
const run = async (name: string, written: object, key: string) => {
  const { with: shape, input: inputShape, resolve, observe, act } = action(name);
  const input = inputShape.parse(resolve(shape.parse(written), planView));
  const context = stepContext(key);
  const before = await observe(input, context);
  if (before.state !== 'todo') return { before, changes: context.changes };
  const done = await act(input, context);
  return { before, done, after: await observe(input, context), changes: context.changes };
};
const state = () => control(sandbox, 'GET /pagerduty/state');
const count = (change: string) => world.ledger.counts()[change] ?? 0;

beforeAll(async () => {
  sandbox = await startPagerDuty(world);
  pagerduty = createPagerDuty(pagerdutySettings.parse(sandbox.environment), tools);
});
afterAll(() => sandbox.close());

describe('pagerduty/page', () => {
  const written = { service: 'PSHOPSVC', 'escalation-policy': 'PSHOPPOL' };
  it('pages once, also when the answer was lost', async () => {
    world.faults.add({ kind: 'timeout', change: 'pagerduty:CreateIncident', times: 1 });
    const { input, resolve, act } = action('pagerduty/page');
    const wanted = input.parse(resolve(action('pagerduty/page').with.parse(written), planView));
    const short = { ...stepContext('run-1/page'), beforeChange: async () => AbortSignal.timeout(300) };
    await expect(act(wanted, short)).rejects.toMatchObject({ code: 'system/unknown' });
    const again = await run('pagerduty/page', written, 'run-1/page');
    expect(again).toMatchObject({ before: { state: 'done', output: { key: 'run-1/page' } }, changes: 0 });
    expect(count('pagerduty:CreateIncident')).toBe(1);
    expect((await state()).pages).toHaveLength(1);
  });
  it('takes the open incident when PagerDuty says that the key is in use', async () => {
    const { input, resolve, act } = action('pagerduty/page');
    const wanted = input.parse(resolve(action('pagerduty/page').with.parse(written), planView));
    const done = await act(wanted, stepContext('run-1/page'));
    expect(done!.output.incident).toBe((await state()).incidents[0].id);
    expect(count('pagerduty:CreateIncident')).toBe(1);
  });
});

describe('notes, phone calls and resolving', () => {
  it('does each once', async () => {
    const incident = (await state()).incidents[0].id;
    for (let time = 0; time < 2; time += 1) {
      await run('pagerduty/note', { incident }, 'run-1/note');
      await run('pagerduty/request-responders', { incident, people: ['ben'] }, 'run-1/call');
      await run('pagerduty/resolve', { incident }, 'run-1/resolve');
    }
    const counted = ['CreateNote', 'CreateResponderRequest', 'UpdateIncident'].map((name) =>
      count(`pagerduty:${name}`),
    );
    expect(counted).toEqual([1, 1, 1]);
    const { incidents, pages } = await state();
    expect(incidents[0]).toMatchObject({ status: 'resolved' });
    expect(pages.at(-1)).toMatchObject({ person: 'PBEN', how: 'phone' });
  });
  it('refuses at planning time to call a person without PagerDuty', () => {
    const { resolve } = action('pagerduty/request-responders');
    expect(() => resolve({ incident: 'x', people: ['legal'], template: 'page/note' }, planView)).toThrow(
      /no PagerDuty id/,
    );
  });
});

describe('what PagerDuty answers', () => {
  it('says who is on call now, never from memory', async () => {
    expect(await pagerduty.onCallNow('SSHOP')).toEqual(['PADA']);
    await control(sandbox, 'POST /pagerduty/schedule', { schedule: 'SSHOP', users: ['PBEN'] });
    expect(await pagerduty.onCallNow('SSHOP')).toEqual(['PBEN']);
  });
  it('keeps Retry-After, at once and after a single call', async () => {
    let calls = 0;
    const busy = createServer((_request, response) => {
      calls += 1;
      response.writeHead(429, { 'retry-after': '9' }).end('{"error":{}}');
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => busy.once('listening', resolve));
    const { port } = busy.address() as { port: number };
    const settings = { ...sandbox.environment, PAGERDUTY_API_URL: `http://127.0.0.1:${port}` };
    const throttled = createPagerDuty(pagerdutySettings.parse(settings), tools);
    await expect(throttled.onCallNow('SSHOP')).rejects.toMatchObject({
      code: 'system/throttled',
      retryAfterSeconds: 9,
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(calls).toBe(1);
    busy.close();
  });
  it('tells an unknown from a refused change', async () => {
    world.faults.add({ kind: 'error', change: 'pagerduty:CreateNote', times: 1 });
    const incident = (await state()).incidents[0].id;
    await expect(run('pagerduty/note', { incident }, 'run-1/other')).rejects.toMatchObject({ code: 'system/unknown' });
    await expect(run('pagerduty/note', { incident: 'QNONE' }, 'run-1/none')).rejects.toMatchObject({
      code: 'system/refused',
    });
  });
  it('gives up at its deadline when PagerDuty hangs', async () => {
    world.faults.add({ kind: 'service', service: 'pagerduty', how: 'hang' });
    await expect(pagerduty.onCallNow('SSHOP', AbortSignal.timeout(200))).rejects.toMatchObject({
      code: 'system/unavailable',
    });
    world.faults.clear();
  });
  it('sends an event by key', async () => {
    const event = { action: 'trigger' as const, key: 'mayday-down', summary: 'Mayday is down', source: 'watch' };
    await pagerduty.client.sendEvent(event);
    await pagerduty.client.sendEvent(event);
    expect((await state()).incidents.filter((each: any) => each.incident_key === 'mayday-down')).toHaveLength(1);
  });
});
