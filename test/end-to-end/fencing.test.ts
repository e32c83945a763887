import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { type World, wholeText } from '../../src/cli/demo/world.ts';
import { cardSaying, clickOnCard, succeededCard } from '../support/card.ts';
import { type RunningBot, runIdIn, startRunningBot, type } from '../support/running-bot.ts';

let bot: RunningBot;
afterEach(() => bot.close());

/** The made-up plan, with what it says of a primary that cannot be reached. */
const start = (whenUnreachable: string) => {
  const plans = mkdtempSync(join(tmpdir(), 'bakery-'));
  const written = readFileSync('test/end-to-end/plans/bakery.yml', 'utf8');
  const said = /when-unreachable: [^}]+/;
  writeFileSync(join(plans, 'bakery.yml'), written.replace(said, `when-unreachable: ${whenUnreachable} `));
  return startRunningBot({ plans, plan: 'bakery', speed: 60, at: '2026-11-24T15:00:00Z' });
};

const failOver = async (world: World, words: string): Promise<string> => {
  const runId = runIdIn(await type(world, 'ann', '/failover', words));
  for (const user of ['ben', 'dan']) await clickOnCard(world, runId, user, 'run:approve');
  return runId;
};

/** Rows that the application wrote into an instance after a moment. */
const writtenAfter = async (world: World, instance: string, moment: string): Promise<number> => {
  const sql = 'SELECT count(*)::int AS rows FROM pulse WHERE at > $1';
  return (await world.post('/sql', { instance, sql, params: [moment] })).rows[0].rows;
};

const pods = async (world: World, cluster: string): Promise<number[]> =>
  Object.values<any>((await world.get('/world')).clusters[cluster].deployments).map(({ replicas }) => replicas);

it('a reachable primary takes no write any more when its replica is promoted', { timeout: 120_000 }, async () => {
  bot = await start('ask');
  const { world } = bot;
  const runId = await failOver(world, 'bakery ledger the disk is failing');
  const card = await succeededCard(world, runId);
  expect(wholeText(card.message)).toMatch(
    /✅ Fence ledger in stockholm: .* is read-only, and no older session is open/,
  );
  const { entries } = await world.get('/ledger');
  const promoted = entries.find(({ change }: any) => change === 'rds:PromoteReadReplica');
  expect(await writtenAfter(world, 'bakery-ledger', promoted.acceptedAt)).toBe(0);
  await world
    .until('rows in the new primary', 20, async () =>
      (await writtenAfter(world, 'bakery-ledger-copy', promoted.visibleAt)) > 0 ? true : undefined,
    )
    .catch(() => {});
  const back = await type(world, 'ann', '/failover', 'bakery ledger to stockholm it was the cable');
  expect(back).toMatch(/ledger has a primary in stockholm and another in sydney .*Going there would lose it/);
  expect(await type(world, 'ann', '/failover', 'bakery ledger once more')).toContain('Nothing to do');
  expect(await type(world, 'ann', '/failover', 'bakery region all of it')).toMatch(
    /ledger of Bakery orders was moved only at .*the plan lets 30 min pass .*--anyway/,
  );
});

it('an unreachable primary is left only by two people who type it, and is made safe when it returns', {
  timeout: 180_000,
}, async () => {
  bot = await start('ask');
  const { world } = bot;
  await world.post('/faults', { kind: 'region-down', region: 'eu-north-1' });
  const runId = await failOver(world, 'bakery region the Region is dark');
  await cardSaying(world, runId, /✋ Fence/);
  expect((await world.get('/ledger')).counts['rds:PromoteReadReplica']).toBeUndefined();
  await clickOnCard(world, runId, 'ann', 'run:force:fence-ledger', 'the data centre burns');
  await clickOnCard(world, runId, 'ann', 'run:allow:fence-ledger', 'ACCEPT DATA LOSS');
  await clickOnCard(world, runId, 'ben', 'run:allow:fence-ledger', 'yes yes');
  expect((await world.get('/ledger')).counts['rds:PromoteReadReplica']).toBeUndefined();
  await clickOnCard(world, runId, 'ben', 'run:allow:fence-ledger', 'ACCEPT DATA LOSS');
  await succeededCard(world, runId);

  const refused = await type(world, 'ann', '/failover', 'bakery region to stockholm it is back, I think --anyway');
  expect(refused).toMatch(/stockholm is not safe to go back to: ledger there was never fenced/);
  const { now } = await world.get('/clock');
  await world.clearFaults();
  await world.until('the old place made safe', 60, async () =>
    (await pods(world, 'bakery-stockholm')).every((replicas) => replicas === 0) ? true : undefined,
  );
  await world.until('the word that it is safe', 60, async () => {
    const { channels } = await world.get('/slack/state');
    const texts = channels.flatMap(({ messages }: any) => messages.map(({ text }: any) => text));
    return texts.some((text: string) => text.includes('eu-north-1 is safe')) ? true : undefined;
  });
  // Between its return and its fence the old place may have written for an instant, never after.
  const written = await writtenAfter(world, 'bakery-ledger', now);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await writtenAfter(world, 'bakery-ledger', now)).toBe(written);
  const allowed = await type(world, 'ann', '/failover', 'bakery region to stockholm it is really back --anyway');
  expect(allowed).toMatch(/has a primary in stockholm and another in sydney/);
});
