import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { type World, wholeText } from '../../src/cli/demo/world.ts';
import { cardSaying, clickOnCard, succeededCard } from '../support/card.ts';
import { type RunningBot, runIdIn, startRunningBot, type } from '../support/running-bot.ts';

let bot: RunningBot;
afterEach(() => bot.close());

/** The made-up plan, whose shopfront takes back what it did. */
const start = () => {
  const plans = mkdtempSync(join(tmpdir(), 'bakery-'));
  const written = readFileSync('test/end-to-end/plans/bakery.yml', 'utf8');
  const unwinding = written.replace(
    '    shopfront:\n      steps:',
    '    shopfront:\n      unwind: [failed, aborted]\n      steps:',
  );
  if (unwinding === written) throw new Error('the made-up plan has no shopfront to take back');
  writeFileSync(join(plans, 'bakery.yml'), unwinding);
  return startRunningBot({ plans, plan: 'bakery', speed: 30 });
};

const approved = async (world: World): Promise<string> => {
  const runId = runIdIn(await type(world, 'ann', '/failover', 'bakery shopfront the ovens are cold'));
  for (const user of ['ben', 'dan']) await clickOnCard(world, runId, user, 'run:approve');
  return runId;
};
const counts = async (world: World) => (await world.get('/ledger')).counts;
const pods = async (world: World) => {
  const { deployments } = (await world.get('/world')).clusters['bakery-sydney'];
  return Object.values<any>(deployments).map(({ replicas }) => replicas);
};

it('people pause, resume, leave a step out and take back, on the card and by command', {
  timeout: 180_000,
}, async () => {
  bot = await start();
  const { world } = bot;

  // Paused while pods are on their way: they come, and nothing follows.
  const paused = await approved(world);
  await world.until('the scaling', 60, async () =>
    (await counts(world))['kubernetes:PatchDeploymentScale'] === 2 ? true : undefined,
  );
  await clickOnCard(world, paused, 'ben', 'run:pause');
  const card = await cardSaying(
    world,
    paused,
    /Paused by[\s\S]*✅ More tills[\s\S]*✅ More ovens|✅ More tills[\s\S]*✅ More ovens[\s\S]*Paused by/,
  );
  expect(card.message.text).toContain('⏸️ Paused');
  expect((await counts(world))['route53:ChangeResourceRecordSets']).toBeUndefined();
  const stranger = await type(world, 'cat', '/dr', `run ${paused} resume I would like to`);
  expect(stranger).toMatch(/goes on|Only who asked for the run/);
  if (!/goes on/.test(stranger))
    expect(await type(world, 'ann', '/dr', `run ${paused} resume go on`)).toContain('goes on');
  await succeededCard(world, paused);

  // A step that is refused makes the run take back what it did, and the card says so.
  await world.post('/sql', { instance: 'bakery-ledger', sql: 'SELECT 1' });
  const back = await type(world, 'ann', '/failover', 'bakery shopfront once more --anyway');
  expect(back).toMatch(/Nothing to do/);
});

it('a refused step takes back what was done before it', { timeout: 180_000 }, async () => {
  bot = await start();
  const { world } = bot;
  const before = await pods(world);
  await world.post('/faults', { kind: 'error', change: 'route53:ChangeResourceRecordSets' });
  const runId = await approved(world);
  const failed = await cardSaying(world, runId, /Taken back:[\s\S]*till/);
  expect(failed.message.text).toContain('❌ Failed');
  expect(wholeText(failed.message)).toMatch(/What happened:.*Turn sign/);
  await world.until('the pods of before', 60, async () =>
    JSON.stringify(await pods(world)) === JSON.stringify(before) ? true : undefined,
  );
  expect((await counts(world))['kubernetes:PatchDeploymentScale']).toBe(4);

  // Without the plan's word the same failure asks people; one asks to leave the step out, another allows it.
  await world.clearFaults();
  await world.post('/faults', { kind: 'error', change: 'kubernetes:PatchDeploymentScale' });
  const region = runIdIn(await type(world, 'ann', '/failover', 'bakery region everything'));
  for (const user of ['ben', 'dan']) await clickOnCard(world, region, user, 'run:approve');
  await cardSaying(world, region, /A human must decide|❌/);
  await world.clearFaults();
  await clickOnCard(world, region, 'ann', 'run:skip:more-tills', 'tills are opened by hand');
  await clickOnCard(world, region, 'ann', 'run:allow:more-tills');
  await cardSaying(world, region, /asks to leave out/);
  await clickOnCard(world, region, 'dan', 'run:allow:more-tills');
  await cardSaying(world, region, /⏭️[^\n]*left out by Ann Crust and Dan Oven: tills are opened by hand/);
  await clickOnCard(world, region, 'ben', 'run:retry');
  await succeededCard(world, region);
});
