import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { succeededCard } from '../support/card.ts';
import { type MountedSecrets, mountSecrets } from '../support/mounted-secrets.ts';
import { approveRun, startRunBy } from '../support/rehearsal.ts';
import { type RunningBot, startRunningBot } from '../support/running-bot.ts';

const names = ['SLACK_BOT_TOKEN', 'SLACK_SIGNING_SECRET', 'PAGERDUTY_API_TOKEN', 'STATUSPAGE_API_KEY'];
const folder = mkdtempSync(join(tmpdir(), 'mayday-mounted-'));

let bot: RunningBot;
let mounted: MountedSecrets;
let first: Record<string, string>;
beforeAll(async () => {
  bot = await startRunningBot({
    speed: 30,
    environment({ environment }) {
      first = Object.fromEntries(names.map((name) => [name, environment[name]!]));
      mounted = mountSecrets(folder, first);
      return { ...Object.fromEntries(names.map((name) => [name, ''])), ...mounted.settings, MAYDAY_LOG: 'info' };
    },
  });
}, 60_000);
afterAll(async () => {
  await bot.close();
  rmSync(folder, { recursive: true, force: true });
});

const rotate = async (...services: string[]): Promise<Record<string, string>> =>
  Object.assign({}, ...(await Promise.all(services.map((service) => bot.world.post(`/${service}/rotate`, {})))));

const refusedFor = async (call: RegExp): Promise<number> =>
  (await bot.world.get('/ledger')).refusals.filter((each: { call: string; code: string }) => call.test(each.call))
    .length;

it('tokens are rotated in the middle of a run, which completes; the old ones are worth nothing', {
  timeout: 240_000,
}, async () => {
  const { world } = bot;
  await world.post('/faults', { kind: 'region-down', region: 'us-east-1' });
  const runId = await startRunBy(world, 'dr-lead', '/failover', 'omnimesh region us-east-1 is dark');
  await approveRun(world, runId, ['dba']);

  // Both at once, as it goes in life: the services refuse the old ones from the moment when there are new ones.
  const second = await rotate('slack', 'pagerduty', 'statuspage');
  mounted.replace(second);
  const answer = await fetch(`${bot.settings['SLACK_API_URL']}auth.test`, {
    method: 'POST',
    headers: { authorization: `Bearer ${first['SLACK_BOT_TOKEN']}` },
  });
  expect(await answer.json()).toMatchObject({ ok: false, error: 'invalid_auth' });
  await world.until('the new token in use', 20, async () =>
    /"settings":\["SLACK_BOT_TOKEN","SLACK_SIGNING_SECRET","PAGERDUTY_API_TOKEN","STATUSPAGE_API_KEY"\]/.test(bot.log())
      ? true
      : undefined,
  );

  // Signed with the new secret, answered with the new token.
  await approveRun(world, runId, ['vp-engineering']);
  const early = await refusedFor(/^slack:/);
  await world.until('the promote', 60, async () =>
    (await world.get('/ledger')).counts['rds:PromoteReadReplica'] === 1 ? true : undefined,
  );
  // Once more, at once: whoever is in a hurry sends SIGHUP.
  const third = await rotate('slack', 'pagerduty', 'statuspage');
  mounted.replace(third);
  bot.signal('SIGHUP');

  await succeededCard(world, runId);
  const { counts, entries } = await world.get('/ledger');
  expect(counts['rds:PromoteReadReplica']).toBe(1);
  expect(counts['statuspage:UpdateIncident'] ?? counts['statuspage:CreateIncident']).toBeGreaterThan(0);
  // AWS knows of every change which run it was.
  const changedAws = entries.filter(({ change }: { change: string }) => /^(rds|elasticache|route53|ecs):/.test(change));
  expect(changedAws.length).toBeGreaterThan(1);
  for (const { by } of changedAws) expect(by).toMatch(new RegExp(`:assumed-role/mayday-write/mayday-${runId}$`));
  // Only what was said in the moments between was refused, and was said again.
  expect((await refusedFor(/^slack:/)) - early).toBeLessThan(20);
  for (const secret of [first, second, third].flatMap((each) => Object.values(each)))
    expect(bot.log()).not.toContain(secret);
});
