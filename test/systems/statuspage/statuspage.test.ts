import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxPart } from '../../../sandbox/part.ts';
import { startStatuspage } from '../../../sandbox/statuspage/start-statuspage.ts';
import { createStatuspage, statuspageSettings } from '../../../src/systems/statuspage/index.ts';
import { control, createContext, planView, stepContext, tools } from '../../support/talk-world.ts';

const world = createContext();
let sandbox: SandboxPart;
let statuspage: ReturnType<typeof createStatuspage>;
const action = (name: string) => statuspage.actions.find((each) => each.name === name)!;
const run = async (name: string, written: object, key: string) => {
  const { with: shape, input: inputShape, resolve, observe, act } = action(name);
  const input = inputShape.parse(resolve(shape.parse(written), planView));
  const context = stepContext(key);
  const before = await observe(input, context);
  if (before.state !== 'todo') return { before, changes: context.changes };
  const done = await act(input, context);
  return { before, done, after: await observe(input, context), changes: context.changes };
};

beforeAll(async () => {
  sandbox = await startStatuspage(world);
  statuspage = createStatuspage(statuspageSettings.parse(sandbox.environment), tools);
});
afterAll(() => sandbox.close());

describe('the status page', () => {
  const written = { name: 'Shop is slow', components: { cmpshopapi: 'major_outage' } };
  it('is told once, also when the answer was lost', async () => {
    world.faults.add({ kind: 'timeout', change: 'statuspage:CreateIncident', times: 1 });
    const { with: shape, input, resolve, act } = action('statuspage/create');
    const wanted = input.parse(resolve(shape.parse(written), planView));
    const short = { ...stepContext('run-1/status'), beforeChange: async () => AbortSignal.timeout(300) };
    await expect(act(wanted, short)).rejects.toMatchObject({ code: 'system/unknown' });
    expect(await run('statuspage/create', written, 'run-1/status')).toMatchObject({
      before: { state: 'done' },
      changes: 0,
    });
    expect(world.ledger.counts()['statuspage:CreateIncident']).toBe(1);
  });
  it('is updated once for each step, in customer words', async () => {
    const { incidents } = await control(sandbox, 'GET /statuspage/state');
    const incident = incidents[0].id;
    await run('statuspage/update', { incident, status: 'identified' }, 'run-1/identified');
    await run('statuspage/update', { incident, status: 'identified' }, 'run-1/identified');
    await run(
      'statuspage/update',
      { incident, status: 'resolved', components: { cmpshopapi: 'operational' } },
      'run-1/resolved',
    );
    const after = (await control(sandbox, 'GET /statuspage/state')).incidents[0];
    expect(after.incident_updates.map(({ status }: any) => status)).toEqual([
      'resolved',
      'identified',
      'investigating',
    ]);
    expect(after.components[0].status).toBe('operational');
    for (const { body } of after.incident_updates) expect(body).not.toMatch(/east|west|database|rds|SEV/i);
  });
  it('asks to be called later with 420, and refuses what it does not know', async () => {
    world.faults.add({ kind: 'service', service: 'statuspage', how: '429', retryAfterSeconds: 3 });
    await expect(run('statuspage/create', written, 'run-1/later')).rejects.toMatchObject({
      code: 'system/throttled',
      retryAfterSeconds: 3,
    });
    world.faults.clear();
    await expect(
      run('statuspage/create', { name: 'x', components: { nope: 'operational' } }, 'run-1/bad'),
    ).rejects.toMatchObject({ code: 'system/refused' });
  });
});
