import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SlackPart, startSlack } from '../../sandbox/slack/start-slack.ts';
import { createOurs, createTrusted } from '../../src/chat/talk.ts';
import { createSlack, slackSettings } from '../../src/systems/slack/index.ts';
import { createContext, tools } from '../support/talk-world.ts';

let sandbox: SlackPart;
beforeAll(async () => {
  sandbox = await startSlack(createContext());
});
afterAll(() => sandbox.close());

/** A bot that has just started in a workspace of this kind: whom it belongs to is asked of Slack once. */
const inside = (enterprise: typeof sandbox.workspace.enterprise) => {
  sandbox.workspace.enterprise = enterprise;
  const { client } = createSlack(slackSettings.parse(sandbox.environment), tools);
  const ours = createOurs(client);
  return {
    says: (teams: string[], id?: string) =>
      ours({ teams, enterprise: id }).then(
        () => 'ours',
        (error: Error) => error.message,
      ),
    trusted: createTrusted(client),
  };
};
const here = 'T0SANDBOX';

it('a workspace of no organisation takes its own team and no organisation', async () => {
  const { says } = inside(undefined);
  expect(await says([here])).toBe('ours');
  expect(await says([here, 'T0OTHER'])).toMatch(/another workspace\. Rule/);
  expect(await says([])).toMatch(/does not say from which workspace/);
  expect(await says([here], 'E0OTHER')).toMatch(/another Enterprise organisation\. Rule/);
});

it('a workspace of an organisation takes its own, said or not, and no other team of it', async () => {
  const { says } = inside({ id: 'E0OURS', isOrgWide: false });
  expect(await says([here])).toBe('ours');
  expect(await says([here], 'E0OURS')).toBe('ours');
  expect(await says([here], 'E0OTHER')).toMatch(/another Enterprise organisation/);
  expect(await says(['T0SISTER'], 'E0OURS')).toMatch(/another workspace/);
});

it('installed for the whole organisation it takes each team of it, and whoever does not say the organisation is refused', async () => {
  const { says, trusted } = inside({ id: 'E0OURS', isOrgWide: true });
  expect(await says(['T0SISTER'], 'E0OURS')).toBe('ours');
  expect(await says([], 'E0OURS')).toBe('ours');
  expect(await says([here], 'E0OTHER')).toMatch(/another Enterprise organisation/);
  expect(await says([here])).toMatch(/does not say from which Enterprise organisation/);
  expect(await trusted('U0ADA0001', 'T0SISTER')).toMatchObject({ name: expect.any(String) });
  await expect(trusted('U0STRANGER', 'T0SISTER')).rejects.toThrow('You belong to another workspace.');
});

it('what Slack cannot be asked about is no order: unknown means no', async () => {
  const context = createContext();
  const dead = await startSlack(context);
  const { client } = createSlack(slackSettings.parse(dead.environment), tools);
  await dead.close();
  await expect(createTrusted(client)('U0ADA0001', here)).rejects.toThrow();
});
