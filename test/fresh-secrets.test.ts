import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hasTokens, offlineSettings, readSettings } from '../src/config.ts';
import { type FreshSecrets, keepSecretsFresh } from '../src/fresh-secrets.ts';
import { type MountedSecrets, mountSecrets } from './support/mounted-secrets.ts';

const plain = {
  PAGERDUTY_FROM: 'mayday@example.com',
  STATUSPAGE_API_KEY: 'status-key',
  STATUSPAGE_PAGE_ID: 'page',
  SMTP_URL: 'smtp://mail.example.com',
};
const inFiles = {
  SLACK_BOT_TOKEN: 'xoxb-first',
  SLACK_SIGNING_SECRET: 'first-signing-secret',
  PAGERDUTY_API_TOKEN: 'first-page',
};

let folder: string;
let mounted: MountedSecrets;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mayday-secrets-'));
  mounted = mountSecrets(join(folder, 'secrets'), inFiles);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const environment = () => ({ ...plain, ...mounted.settings });

describe('a secret in a file', () => {
  test('is read as the setting itself would be, without the end of its line, and counts as a token', () => {
    expect(readSettings(environment())).toMatchObject({
      slack: { SLACK_BOT_TOKEN: 'xoxb-first', SLACK_SIGNING_SECRET: 'first-signing-secret' },
      pagerduty: { PAGERDUTY_API_TOKEN: 'first-page' },
    });
    expect(hasTokens(mounted.settings)).toBe(true);
    expect(offlineSettings(environment(), 'connected').slack.SLACK_BOT_TOKEN).toBe('xoxb-first');
    expect(offlineSettings(environment()).slack.SLACK_BOT_TOKEN).toBe('xoxb-none');
  });

  test.each([
    [
      'is not there',
      () => unlinkSync(join(folder, 'secrets', 'SLACK_BOT_TOKEN')),
      /SLACK_BOT_TOKEN_FILE cannot be used: .*ENOENT/,
    ],
    ['is empty', () => mounted.replace({ SLACK_BOT_TOKEN: '' }), /SLACK_BOT_TOKEN_FILE cannot be used: .* is empty/],
    [
      'holds something else',
      () => mounted.replace({ SLACK_BOT_TOKEN: 'secret-nonsense' }),
      /SLACK_BOT_TOKEN cannot be used: it is the bot token/,
    ],
  ])('that %s is named, and no value is said', (_, breakIt, sentence) => {
    breakIt();
    expect(() => readSettings(environment())).toThrow(sentence);
    expect(() => readSettings(environment())).not.toThrow(/secret-nonsense|first-signing/);
  });

  test('beside the setting itself is refused, as only one can hold', () => {
    expect(() => readSettings({ ...environment(), SLACK_BOT_TOKEN: 'xoxb-other' })).toThrow(
      /SLACK_BOT_TOKEN and SLACK_BOT_TOKEN_FILE are both set/,
    );
  });
});

describe('secrets that are replaced while it runs', () => {
  let said: { facts: object; message: string }[];
  let now: number;
  let secrets: FreshSecrets;
  let settings: ReturnType<typeof readSettings>;
  beforeEach(() => {
    said = [];
    now = Date.parse('2026-11-24T15:00:00Z');
    settings = readSettings(environment());
    const note = (facts: object, message: string) => void said.push({ facts, message });
    const log = { info: note, warn: note, error: note };
    secrets = keepSecretsFresh(environment(), settings, { log, wallNow: () => new Date(now) });
  });
  afterEach(() => secrets.stop());

  test('are in use within seconds of the swap, and the log names settings only', async () => {
    const held = settings.slack;
    mounted.replace({ SLACK_BOT_TOKEN: 'xoxb-second', PAGERDUTY_API_TOKEN: 'second-page' });
    await expect.poll(() => settings.slack.SLACK_BOT_TOKEN, { timeout: 5_000 }).toBe('xoxb-second');
    // Clients hold the section, so it must be the same one.
    expect(settings.slack).toBe(held);
    expect(settings.pagerduty.PAGERDUTY_API_TOKEN).toBe('second-page');
    expect(said).toEqual([
      {
        facts: { settings: ['SLACK_BOT_TOKEN', 'PAGERDUTY_API_TOKEN'] },
        message: expect.stringContaining('are in use'),
      },
    ]);
    expect(secrets.formerSigningSecret()).toBeUndefined();
  });

  test('are read at once at SIGHUP', () => {
    writeFileSync(join(folder, 'secrets', '..data', 'SLACK_BOT_TOKEN'), 'xoxb-third');
    process.emit('SIGHUP');
    expect(settings.slack.SLACK_BOT_TOKEN).toBe('xoxb-third');
  });

  test('leave the signing secret of before good for five minutes, and no longer', () => {
    mounted.replace({ SLACK_SIGNING_SECRET: 'second-signing-secret' });
    secrets.reload();
    expect(settings.slack.SLACK_SIGNING_SECRET).toBe('second-signing-secret');
    now += 299_999;
    expect(secrets.formerSigningSecret()).toBe('first-signing-secret');
    now += 1;
    expect(secrets.formerSigningSecret()).toBeUndefined();
  });

  test('that cannot be used change nothing, and it is said without them', () => {
    mounted.replace({ SLACK_BOT_TOKEN: 'wrong-and-secret', PAGERDUTY_API_TOKEN: 'second-page' });
    secrets.reload();
    expect(settings.slack.SLACK_BOT_TOKEN).toBe('xoxb-first');
    expect(settings.pagerduty.PAGERDUTY_API_TOKEN).toBe('first-page');
    expect(said).toHaveLength(1);
    expect(said[0]!.message).toMatch(/those of before stay in use/);
    expect(JSON.stringify(said)).not.toMatch(/wrong-and-secret|second-page|first-/);
  });
});
