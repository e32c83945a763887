import { expect, test } from 'vitest';
import { readAppManifest } from '../../sandbox/slack/app-manifest.ts';
import { methods } from '../../sandbox/slack/web-api.ts';
import { judgeScopes } from '../../src/cli/doctor/systems.ts';
import { slackEvents, slackMethods, slackScopes } from '../../src/systems/slack/scopes.ts';
import { filesBelow, textOf } from '../support/architecture.ts';

const page = textOf('docs/permissions.md');
const manifest = readAppManifest();

/** Methods that are called by name; Bolt's own calls are those of Socket Mode, whose token is another. */
const called = (): string[] => {
  const calls = filesBelow('src').flatMap((file) =>
    [...textOf(file).matchAll(/\b(?:read|change|call)\(\s*'([a-z]+(?:\.[A-Za-z]+)+)'/g)].map(([, method]) => method!),
  );
  return [...new Set(calls)].sort();
};

test('every method that is called is listed with what it needs, and nothing else is', () => {
  expect(called().length).toBeGreaterThan(20);
  expect(Object.keys(slackMethods).sort()).toEqual(called());
});

test('each method has the scope that Slack wants for it, by the sandbox, which has it from Slack’s pages', () => {
  for (const [name, { scopes }] of Object.entries(slackMethods)) {
    const { scope } = methods[name]!;
    // By the kind of channel: of its scopes, ours is one for public channels or for messages to one person.
    if (typeof scope === 'function') {
      expect(scopes.length, name).toBeGreaterThan(0);
      for (const each of scopes) expect(each, name).toMatch(/^(channels|im):/);
    } else expect(scopes, name).toEqual(scope === undefined ? [] : [scope]);
  }
});

test('the manifest asks for each scope and event that something needs, and for no other', () => {
  expect([...manifest.scopes].sort()).toEqual(slackScopes().map(({ scope }) => scope));
  expect(manifest.events).toEqual(Object.keys(slackEvents));
});

test('the page has a row for each scope, with what needs it and what for', () => {
  for (const { scope, neededBy, for: uses } of slackScopes())
    expect(page).toContain(
      `| \`${scope}\` | ${neededBy.map((each) => `\`${each}\``).join(' ')} | ${uses.join('; ')} |`,
    );
  expect(page.match(/^\| `[a-z_.]+(:[a-z]+)?` \| `/gm)).toHaveLength(slackScopes().length);
});

test('doctor names each scope that lacks, with what it is for, and each that is too many', () => {
  const given = [...manifest.scopes.filter((scope) => scope !== 'pins:write'), 'admin'];
  expect(judgeScopes(given)).toMatchObject([
    { ok: false, what: expect.stringMatching(/lacks pins:write, needed for an incident's headline/) },
    { ok: false, what: expect.stringContaining('has admin, which nothing here needs') },
  ]);
  expect(judgeScopes(manifest.scopes)).toMatchObject([{ ok: true }]);
});
