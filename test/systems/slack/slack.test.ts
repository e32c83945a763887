import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SlackPart, startSlack } from '../../../sandbox/slack/start-slack.ts';
import { cut, fitBlocks } from '../../../src/systems/slack/fit-blocks.ts';
import { createSlack, escapeSlack, slackSettings } from '../../../src/systems/slack/index.ts';
import { control, createContext, planView, stepContext, tools } from '../../support/talk-world.ts';
import { closingOn, startTcpProxy } from '../../support/tcp-proxy.ts';

const world = createContext();
let sandbox: SlackPart;
let slack: ReturnType<typeof createSlack>;

const action = (name: string) => slack.actions.find((each) => each.name === name)!;
/** As the engine does it: parse, resolve, look, and act only when there is something to do. */
const run = async (name: string, written: object, key: string) => {
  const { with: shape, input: inputShape, resolve, observe, act } = action(name);
  const input = inputShape.parse(resolve(shape.parse(written), planView));
  const context = stepContext(key);
  const before = await observe(input, context);
  if (before.state !== 'todo') return { before, changes: context.changes };
  const done = await act(input, context);
  return { before, done, after: await observe(input, context), changes: context.changes };
};
const messagesIn = async (name: string) =>
  (await control(sandbox, 'GET /slack/channels/:name', {}, `/${name}`)).messages;

beforeAll(async () => {
  sandbox = await startSlack(world);
  slack = createSlack(slackSettings.parse(sandbox.environment), tools);
});
afterAll(() => sandbox.close());

it('a look whose kept connection was just closed is asked once more; a message is not sent again', async () => {
  const api = new URL(sandbox.environment['SLACK_API_URL']!);
  const proxy = await startTcpProxy({ host: api.hostname, port: Number(api.port) });
  const behind = new URL(api);
  behind.port = String(proxy.port);
  const { client } = createSlack(slackSettings.parse({ ...sandbox.environment, SLACK_API_URL: behind.href }), tools);
  expect(await closingOn(proxy, 'auth.test', () => client.whoAmI())).toMatchObject({ team: expect.any(String) });
  const message = () => client.postMessage('general', { text: 'once' });
  await expect(closingOn(proxy, 'chat.postMessage', message)).rejects.toMatchObject({ effect: 'maybe-made' });
  await proxy.close();
});

describe('slack/open-channel', () => {
  it('opens a channel once, and finds it when the answer was lost', async () => {
    world.faults.add({ kind: 'timeout', change: 'slack:conversations.create', times: 1 });
    const { input, resolve, observe, act } = action('slack/open-channel');
    const wanted = input.parse(resolve({ name: 'inc-a', purpose: 'talk' }, planView));
    const context = { ...stepContext('r/open'), beforeChange: async () => AbortSignal.timeout(300) };
    await expect(act(wanted, context)).rejects.toMatchObject({ code: 'system/unknown', effect: 'maybe-made' });
    world.faults.clear();
    // Tried again without looking: the name is taken, and the look that follows finds that it is ours.
    expect(await act(wanted, context)).toBeUndefined();
    expect(await observe(wanted, context)).toMatchObject({ state: 'done', output: { name: 'inc-a' } });
    expect(world.ledger.entries().filter(({ change }) => change === 'slack:conversations.create')).toHaveLength(1);
  });
  it('refuses a name that Slack would refuse', () => {
    const shape = action('slack/open-channel').with;
    expect(shape.safeParse({ name: 'Inc A' }).success).toBe(false);
    expect(shape.safeParse({ name: 'x'.repeat(81) }).success).toBe(false);
  });
});

describe('slack/post', () => {
  it('posts once however often the step runs, and makes what people wrote harmless', async () => {
    const first = await run(
      'slack/post',
      { channel: '#alerts', text: 'look <!channel> & <https://evil|status>' },
      'r/post',
    );
    const again = await run('slack/post', { channel: '#alerts', text: 'look' }, 'r/post');
    expect(first.after).toEqual({ state: 'done', seen: 'posted in #alerts', output: first.done!.output });
    expect(again).toMatchObject({ before: { state: 'done' }, changes: 0 });
    const messages = await messagesIn('alerts');
    expect(messages).toHaveLength(1);
    expect(messages[0].text).toBe('look &lt;!channel&gt; &amp; &lt;https://evil|status&gt;');
  });
  it('escapes the values of a template, not its own words', async () => {
    await run('slack/post', { channel: '#alerts', template: 'slack/first-notice' }, 'r/notice');
    const { text } = (await messagesIn('alerts')).at(-1);
    expect(text).toContain('*Shop production: failover of database*');
    expect(text).toContain('&lt;since 14:00&gt; &amp; counting');
    expect(text).toContain('<!date^');
  });
  it('wants a template or a text, not both', () => {
    const shape = action('slack/post').with;
    expect(shape.safeParse({ channel: 'x', text: 'a', template: 'b' }).success).toBe(false);
    expect(shape.safeParse({ channel: 'x' }).success).toBe(false);
    expect(shape.safeParse({ channel: 'x', text: 'a', colour: 'red' }).success).toBe(false);
  });
  it('says what Slack said and that nothing was done', async () => {
    await expect(run('slack/post', { channel: '#nowhere', text: 'x' }, 'r/no')).rejects.toMatchObject({
      code: 'system/refused',
      effect: 'not-made',
    });
  });
  it('keeps Retry-After and does not know what became of a change after a 500', async () => {
    world.faults.add({ kind: 'service', service: 'slack', how: '429', retryAfterSeconds: 7 });
    await expect(run('slack/post', { channel: '#alerts', text: 'x' }, 'r/429')).rejects.toMatchObject({
      code: 'system/throttled',
      retryAfterSeconds: 7,
    });
    world.faults.clear();
    world.faults.add({ kind: 'error', change: 'slack:chat.postMessage', times: 1 });
    await expect(run('slack/post', { channel: '#alerts', text: 'x' }, 'r/500')).rejects.toMatchObject({
      code: 'system/unknown',
    });
    world.faults.clear();
  });
  it('gives up at its deadline when Slack hangs', async () => {
    world.faults.add({ kind: 'service', service: 'slack', how: 'hang' });
    const started = performance.now();
    await expect(slack.client.postMessage('C00000001', { text: 'x' }, AbortSignal.timeout(200))).rejects.toMatchObject({
      code: 'system/unknown',
    });
    expect(performance.now() - started).toBeLessThan(1500);
    world.faults.clear();
  });
});

describe('slack/invite, slack/set-topic and slack/direct-message', () => {
  it('invites who is missing, and names who cannot be invited', async () => {
    await run('slack/open-channel', { name: 'inc-b' }, 'r/b');
    const { done } = await run(
      'slack/invite',
      { channel: '#inc-b', people: ['ada', 'ben', 'legal', 'U0LEFT0001'] },
      'r/invite',
    );
    expect(done!.seen).toContain('U0LEFT0001 (user_not_found)');
    const { members } = await control(sandbox, 'GET /slack/channels/:name', {}, '/inc-b');
    expect(members).toEqual(expect.arrayContaining(['U0ADA0001', 'U0BEN0001']));
    expect((await run('slack/invite', { channel: '#inc-b', people: ['ada', 'ben'] }, 'r/invite2')).before.state).toBe(
      'done',
    );
  });
  it('sets a topic of one line', async () => {
    const { after } = await run('slack/set-topic', { channel: '#inc-b', text: 'SEV1\nunder way' }, 'r/topic');
    expect(after).toMatchObject({ state: 'done', output: { topic: 'SEV1 under way' } });
  });
  it('writes to a person once', async () => {
    const first = await run('slack/direct-message', { person: 'ben', template: 'stakeholder/first-notice' }, 'r/dm');
    expect(first.after!.state).toBe('done');
    expect(
      (await run('slack/direct-message', { person: 'ben', template: 'stakeholder/first-notice' }, 'r/dm')).changes,
    ).toBe(0);
  });
  it('knows who is who from Slack itself', async () => {
    expect(await slack.client.groupMembers('S0BOSSES1')).toEqual(['U0BEN0001']);
    expect(await slack.client.userInfo('U0GUEST001')).toMatchObject({ isGuest: true, isStranger: false });
    expect(await slack.client.userInfo('U0STRANGER')).toMatchObject({ isStranger: true });
    expect(await slack.client.userInfo('U0LEFT0001')).toMatchObject({ isDeactivated: true });
  });
});

it('escapes and cleans text from people', () => {
  expect(escapeSlack('&lt;!here&gt; a\u202Eb\u200Bc\0')).toBe('&amp;lt;!here&amp;gt; abc');
});

describe('what is too long for Slack', () => {
  const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
  const buttons = {
    type: 'actions',
    elements: [{ type: 'button', action_id: 'go', value: 'x', text: { type: 'plain_text', text: 'y'.repeat(80) } }],
  };
  it('is cut so that Slack takes it, and the buttons stay', async () => {
    const blocks = [
      ...Array.from({ length: 60 }, (_, line) => section(line === 0 ? 'x'.repeat(3001) : `line ${line}`)),
      buttons,
    ];
    await slack.client.postMessage('#alerts', { text: 'long', blocks });
    const posted = (await messagesIn('alerts')).at(-1).blocks;
    expect(posted).toHaveLength(50);
    expect(posted.at(-1).elements[0]).toMatchObject({ action_id: 'go', value: 'x' });
    expect(posted.at(-2).elements[0].text).toBe('12 more lines do not fit here.');
  });
  it('is cut when all together are too long, too', async () => {
    await slack.client.postMessage('#alerts', {
      text: 'wide',
      blocks: [...Array(10).fill(section('x'.repeat(2500))), buttons],
    });
    expect((await messagesIn('alerts')).at(-1).blocks).toHaveLength(6);
  });
  it('leaves alone what fits', () => {
    const fits = [section('a'), buttons];
    expect(fitBlocks([section('a')])).toEqual([section('a')]);
    expect(fitBlocks(fits)).toHaveLength(2);
  });
  it('is never cut inside an escaped character', () => {
    expect(cut('abc&amp;def', 7)).toBe('abc…');
    expect(cut('abc', 3)).toBe('abc');
    expect(cut('ab😀cd', 4)).toBe('ab…');
  });
});
