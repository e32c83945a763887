import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { mayday } from '../support/mayday-command.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mayday-start-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a missing setting is named with what it is for, and no value is printed', async () => {
  const { code, stderr } = await mayday(['start'], {
    SLACK_BOT_TOKEN: 'xoxb-do-not-print-this',
    DATABASE_URL: inject('databaseUrl'),
    MAYDAY_DATA: join(folder, 'data'),
  });
  expect(code).toBe(1);
  expect(stderr).toContain('SLACK_SIGNING_SECRET is missing: Mayday proves with it that a request comes from Slack');
  expect(stderr).toContain('PAGERDUTY_API_TOKEN is missing: Mayday pages on-call');
  expect(stderr).toContain('STATUSPAGE_API_KEY is missing');
  expect(stderr).not.toContain('do-not-print-this');
});

test('a setting that cannot be used is named, with what would be', async () => {
  const { code, stderr } = await mayday(['start'], {
    DATABASE_URL: 'mysql://root:hunter2@db/mayday',
    MAYDAY_DATA: join(folder, 'data'),
  });
  expect(code).toBe(1);
  expect(stderr).toContain('DATABASE_URL cannot be used');
  expect(stderr).toContain('postgres://');
  expect(stderr).not.toContain('hunter2');
});

test('a broken plan stops the start with its place, before anything is started', async () => {
  cpSync('plans', join(folder, 'plans'), { recursive: true });
  const file = join(folder, 'plans', 'blocks', 'promote-rds.yml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('uses: rds/promote-read-replica', 'uses: rds/promot'));
  const data = join(folder, 'data');
  const { code, stderr } = await mayday(['start'], { MAYDAY_PLANS: join(folder, 'plans'), MAYDAY_DATA: data });
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /blocks\/promote-rds\.yml:\d+:\d+: promote, as omnimesh includes it: no action or check is called "rds\/promot"/,
  );
  expect(existsSync(data), 'no database, no sandbox').toBe(false);
});

test('the doctor names what is wrong with a plan, says what to do, and ends with 1', async () => {
  cpSync('plans', join(folder, 'plans'), { recursive: true });
  const file = join(folder, 'plans', 'omnimesh.yml');
  // The one person who must say yes can no longer be recognised.
  writeFileSync(file, readFileSync(file, 'utf8').replace('slack: U0VPENG01, ', ''));
  const { code, stdout } = await mayday(['doctor'], {
    MAYDAY_PLANS: join(folder, 'plans'),
    DATABASE_URL: inject('databaseUrl'),
    AWS_REGION: 'us-east-1',
  });
  expect(stdout).toContain('✔ Database: answers');
  expect(stdout).toContain('nobody could approve this: Vera Park has no Slack user, so nobody can be vp-engineering');
  expect(stdout).toContain('✘ dr-plan: Mayday runs in us-east-1, the Region that this plan fails away from');
  expect(stdout).toMatch(/ {2}→ .+/);
  expect(code).toBe(1);
});
