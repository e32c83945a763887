import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { commands } from '../../commands/index.ts';
import { manifestOf } from '../../src/chat/manifest.ts';
import { manifestText } from '../../src/cli/manifest.ts';
import { openOffline } from '../../src/cli/offline.ts';

const file = readFileSync('app-manifest.yml', 'utf8');
const manifest = parse(file) as ReturnType<typeof manifestOf>;
const { systems } = openOffline({});

test('app-manifest.yml is what the commands and the actions say', () => {
  expect(file, 'run: npm run --silent mayday -- manifest > app-manifest.yml').toBe(manifestText());
  expect(manifest).toEqual(manifestOf(commands));
});

test('every command stands in it once, with its description', () => {
  const { slash_commands: made } = manifest.features;
  expect(made.map(({ command }) => command)).toEqual(commands.map(({ name }) => name));
  expect(made.map(({ description }) => description)).toEqual(commands.map(({ summary }) => summary));
});

test('the scopes cover what each action of Slack says that it needs', () => {
  const input = { channel: '#incidents', user: 'U0000001', name: 'n', people: [], template: 't', topic: 't' };
  const slack = systems.find(({ name }) => name === 'slack')!;
  for (const used of [...slack.actions, ...slack.checks])
    for (const { action } of used.permissions(input))
      expect(manifest.oauth_config.scopes.bot, `${used.name} needs it`).toContain(action);
});

test('it asks for no scope that lets it speak as somebody else, read what it need not, or administrate', () => {
  for (const scope of ['chat:write.customize', 'chat:write.public', 'users:read.email', 'groups:history', 'files:read'])
    expect(manifest.oauth_config.scopes.bot).not.toContain(scope);
  expect(manifest.oauth_config.scopes.bot.filter((scope) => scope.startsWith('admin'))).toEqual([]);
});

test('it keeps the lengths and forms that Slack holds manifests to', () => {
  const { display_information: shown, features, oauth_config, settings } = manifest;
  expect(shown.name.length).toBeLessThanOrEqual(35);
  expect(shown.description.length).toBeLessThanOrEqual(140);
  expect(shown.background_color).toMatch(/^#([0-9a-f]{3}|[0-9a-f]{6})$/i);
  expect(features.bot_user.display_name.length).toBeLessThanOrEqual(80);
  expect(features.slash_commands.length).toBeLessThanOrEqual(50);
  for (const { command, description, usage_hint, url } of features.slash_commands) {
    expect(command).toMatch(/^\/[a-z0-9_-]{1,31}$/);
    expect(description.length).toBeGreaterThan(0);
    expect(description.length).toBeLessThanOrEqual(2000);
    expect(usage_hint.length).toBeGreaterThan(0);
    expect(usage_hint.length).toBeLessThanOrEqual(1000);
    expect(url).toMatch(/^https:\/\/.{1,2990}$/);
  }
  for (const scope of oauth_config.scopes.bot) expect(scope.length).toBeLessThanOrEqual(50);
  expect(settings.interactivity).toMatchObject({ is_enabled: true });
  expect(settings.interactivity.request_url).toMatch(/^https:\/\//);
  expect(Object.keys(manifest)).toEqual(['display_information', 'features', 'oauth_config', 'settings']);
});
