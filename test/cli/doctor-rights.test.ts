import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/start.ts';
import { readWorldPlan } from '../../sandbox/world-plan.ts';
import { openWorld, type World } from '../../src/cli/demo/world.ts';
import { lookAtAccess, lookAtAws } from '../../src/cli/doctor/rights.ts';
import { lookAtPagerDuty, lookAtSlack } from '../../src/cli/doctor/systems.ts';
import { type Offline, openOffline } from '../../src/cli/offline.ts';
import { readSettings, type Settings } from '../../src/config.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { createTools } from '../../src/plan-language.ts';
import { createSystems } from '../../src/systems.ts';

let sandbox: Sandbox;
let world: World;
let offline: Offline;
let plan: Plan;
let settings: Settings;
let systems: ReturnType<typeof createSystems>;
beforeAll(async () => {
  sandbox = await startSandbox({
    plans: [readWorldPlan('plans/omnimesh.yml')],
    speed: 30,
    worldStart: new Date('2026-11-24T15:00:00Z'),
    databaseUrl: inject('databaseUrl'),
    log: () => {},
  });
  world = openWorld(sandbox.controlUrl);
  offline = openOffline({});
  plan = offline.plan('omnimesh');
  settings = readSettings(sandbox.environment);
  const clock = { speed: 1, now: () => new Date(), wall: () => new Date() };
  systems = createSystems(settings, createTools(settings, {}, clock, { info() {}, warn() {}, error() {} }));
});
afterAll(async () => {
  await Promise.allSettled(systems.all.map((system) => system.close()));
  await sandbox.close();
});

const aws = (other: Partial<Settings['rds']> = {}) =>
  lookAtAws(plan, offline.registry, { ...settings, rds: { ...settings.rds, ...other } });
const wrong = <F extends { ok: boolean }>(findings: F[]) => findings.filter(({ ok }) => !ok);

test('AWS: both roles are of the plan’s account and have what it needs', async () => {
  expect(await aws()).toMatchObject([
    {
      ok: true,
      what: expect.stringMatching(
        /to look, arn:aws:sts::123456789012:assumed-role\/mayday-read\/mayday-doctor, with every right/,
      ),
    },
    {
      ok: true,
      what: expect.stringMatching(
        /to change, arn:aws:sts::123456789012:assumed-role\/mayday-write\/mayday-doctor, with every right/,
      ),
    },
  ]);
});

test('AWS: a right that lacks is named with the role and the resource, once each', async () => {
  await world.post('/aws/deny', { arn: settings.rds.MAYDAY_AWS_WRITE_ROLE, action: 'rds:PromoteReadReplica' });
  const found = wrong(await aws());
  expect(found.length).toBeGreaterThan(0);
  expect(new Set(found.map(({ what }) => what)).size).toBe(found.length);
  for (const { what, advice } of found) {
    expect(what).toMatch(/omnimesh: AWS: MAYDAY_AWS_WRITE_ROLE lacks rds:PromoteReadReplica on arn:aws:rds:/);
    expect(advice).toContain('mayday plan permissions omnimesh');
  }
});

test('AWS: a role that may not be taken on is said, and one of another account', async () => {
  const stranger = 'arn:aws:iam::123456789012:role/somebody';
  expect(wrong(await aws({ MAYDAY_AWS_READ_ROLE: stranger }))[0]).toMatchObject({
    what: expect.stringMatching(/to look, MAYDAY_AWS_READ_ROLE: .*could not be taken on/),
    advice: expect.stringContaining(`take ${stranger} on (sts:AssumeRole`),
  });
  const elsewhere = { ...plan, text: { ...plan.text, account: '999999999999' } };
  const found = wrong(await lookAtAws(elsewhere, offline.registry, settings));
  expect(found).toHaveLength(2);
  expect(found[0]!.what).toMatch(/mayday-read\/mayday-doctor, but the plan lives in 999999999999/);
});

test('AWS: where Mayday may not ask, it says that rights could not be checked', async () => {
  await world.post('/aws/deny', {
    arn: 'arn:aws:iam::123456789012:user/sandbox',
    action: 'iam:SimulatePrincipalPolicy',
  });
  const found = await aws();
  expect(wrong(found)).toEqual([]);
  for (const { what } of found) expect(what).toContain('could not be checked');
});

test('Kubernetes: each cluster is asked about each verb, and what it refuses is named', {
  timeout: 90_000,
}, async () => {
  const [good, alsoGood] = await lookAtAccess(plan, offline.registry, settings);
  expect([good, alsoGood]).toMatchObject([{ ok: true }, { ok: true }]);
  await world.post('/kubernetes/deny', {
    cluster: 'omnimesh-prod-us-west-2',
    verb: 'patch',
    resource: 'deployments/scale',
  });
  const found = wrong(await lookAtAccess(plan, offline.registry, settings));
  expect(found.length).toBeGreaterThan(0);
  for (const { what, advice } of found) {
    expect(what).toMatch(/omnimesh: omnimesh-prod-us-west-2: may not patch deployments\/scale( \S+)? in /);
    expect(advice).toContain('plan permissions omnimesh');
  }
});

test('PagerDuty: a key that may only read, and a user who is not there, are named', async () => {
  expect(wrong(await lookAtPagerDuty(systems, []))).toEqual([]);
  await world.post('/pagerduty/read-only', { readOnly: true });
  expect(wrong(await lookAtPagerDuty(systems, []))).toMatchObject([
    { what: expect.stringContaining('may only read'), advice: expect.stringContaining('not read-only') },
  ]);
  await world.post('/pagerduty/read-only', { readOnly: false });
  // Nothing was made by asking.
  expect((await world.get('/pagerduty/state')).incidents).toEqual([]);
});

test('Slack: the scopes of the token are those that are needed', async () => {
  expect(await lookAtSlack(systems)).toMatchObject([
    { ok: true },
    { ok: true, what: expect.stringContaining('and no others') },
  ]);
});
