import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type World, wholeText } from '../../src/cli/demo/world.ts';
import { type RunningBot, startRunningBot } from '../support/running-bot.ts';

/** A real bot against the sandbox; judged by what stands in its Slack and in its ledger. */
let bot: RunningBot;
let world: World;
beforeAll(async () => {
  bot = await startRunningBot({ plans: 'test/end-to-end/plans', plan: 'bakery', speed: 60 });
  world = bot.world;
}, 60_000);
afterAll(() => bot.close());

const patience = 30;
const until = <T>(what: string, look: () => Promise<T | undefined | false>) =>
  world
    .until(what, patience, async () => (await look()) || undefined)
    .catch((error) => {
      throw new Error(`${error.message}\n${bot.log().slice(-2000)}`);
    });
const state = () => world.get('/slack/state');
const channelOf = async (id: string): Promise<any> =>
  (await state()).channels.find(
    (each: any) => each.name.startsWith('inc-') && JSON.stringify(each.messages).includes(id),
  );
/** Everything that people can read in a channel, with the buttons left out. */
const textsOf = (channel: any): string => channel.messages.map(wholeText).join('\n');
const headlineOf = (channel: any) => channel.messages.find(({ pinned }: any) => pinned);
const headlineSays = (id: string, what: RegExp) =>
  until(`a headline that says ${what}`, async () => {
    const channel = await channelOf(id);
    const headline = channel && headlineOf(channel);
    return headline && what.test(wholeText(headline)) && { channel, headline };
  });

/** Types a command and gives what was answered to that person alone. */
const type = async (user: string, text: string, channel = 'general', command = '/incident'): Promise<string> => {
  const before = (await state()).responses.length;
  await world.post('/slack/command', { user, channel, command, text });
  return until(`an answer to ${text}`, async () => {
    const { responses } = await state();
    return responses.length > before && responses.at(-1).body.text;
  });
};
const idIn = (text: string): string => /i-[a-z0-9]{8}/.exec(text)![0];
const declare = async (text: string, user = 'ann'): Promise<{ id: string; channel: any }> => {
  const id = idIn(await type(user, `declare ${text}`));
  const { channel } = await headlineSays(id, /open/);
  return { id, channel };
};
const viewOf = (user: string) =>
  until(`a form of ${user}`, async () =>
    (await state()).views.findLast((view: any) => view.open && view.user === user),
  );
const count = async (change: string): Promise<number> => (await world.get('/ledger')).counts[change] ?? 0;

describe('an incident', () => {
  it('is declared in a form, and has a channel with a headline, a topic and a line in the digest', async () => {
    await world.post('/slack/command', { user: 'ann', channel: 'general', command: '/incident', text: '' });
    const form = await viewOf('U0ANN0001');
    expect(form.view.title.text).toBe('Declare an incident');
    await world.post('/slack/submit', {
      user: 'ann',
      viewId: form.id,
      values: { reason: { value: 'the ovens are cold' }, severity: { value: 'P1' }, plan: { value: 'bakery' } },
    });
    const { channel, headline } = await until('the headline', async () => {
      const found = (await state()).channels.find((each: any) => /^inc-\d{8}-bakery-/.test(each.name));
      const pinned = found && headlineOf(found);
      return pinned && found.topic && { channel: found, headline: pinned };
    });
    expect(channel.topic).toBe('P1 · open · no commander yet');
    expect(wholeText(headline)).toMatch(/P1[\s\S]*Bakery orders: the ovens are cold[\s\S]*Commander: _nobody_/);
    const digest = await until('the digest', async () =>
      (await state()).channels.find(({ name }: any) => name === 'incidents'),
    );
    expect(wholeText(digest.messages[0])).toContain(`<#${channel.id}>`);
    expect((await world.get('/pagerduty/state')).pages.length).toBeGreaterThan(0);
    expect(await world.get('/ledger').then(({ refusals }) => refusals)).toEqual([]);
    await type('ann', 'resolve they are warm', channel.id);
  });
});

describe('what people do in it', () => {
  it('a role is taken once: of two who press together one has it, and the other is told who', async () => {
    const { id, channel } = await declare('P3 bakery the flour is late');
    const { headline } = await headlineSays(id, /open/);
    const before = (await state()).responses.length;
    const press = (user: string) =>
      world.post('/slack/click', {
        user,
        channel: channel.id,
        ts: headline.ts,
        actionId: 'incident:take',
        value: `commander|${id}`,
        wait: false,
      });
    for (const user of ['ann', 'ben']) await world.post('/slack/join', { user, channel: channel.id });
    await Promise.all([press('ann'), press('ben')]);
    const answers = await until('two answers', async () => {
      const { responses } = await state();
      return (
        responses.length >= before + 2 &&
        responses
          .slice(before)
          .map(({ body }: any) => body.text)
          .sort()
      );
    });
    expect(answers.filter((text: string) => text.startsWith('You are commander now'))).toHaveLength(1);
    expect(answers.filter((text: string) => /is commander already.*\/incident role commander/.test(text))).toHaveLength(
      1,
    );
    const { channel: after } = await headlineSays(id, /Commander: \*(Ann Crust|Ben Flour)\*/);
    const [, name] = /Commander: \*(.+?)\*/.exec(wholeText(headlineOf(after)))!;
    await until('the topic', async () => (await channelOf(id)).topic === `P3 · open · commander ${name}`);
    const direct = await until('the instructions', async () => {
      const { channels } = await state();
      const dms = channels.filter(
        ({ kind, messages }: any) => kind === 'im' && /You are commander of/.test(JSON.stringify(messages)),
      );
      return dms.length > 0 && dms;
    });
    expect(direct).toHaveLength(1);
    expect(direct[0].name).toBe(name === 'Ann Crust' ? 'U0ANN0001' : 'U0BEN0001');

    // By a command it is handed on, to somebody who was not there yet.
    expect(await type('ann', 'role communications <@U0CAT0001|cat>', channel.id)).toContain(
      'Cat Yeast is communications now',
    );
    await until('Cat in the channel', async () => (await channelOf(id)).members.includes('U0CAT0001'));
    expect(await type('ann', 'role scribe @nobody', channel.id)).toContain('Slack knows nobody called @nobody');
    expect(await type('ann', 'role scribe <@U0GUEST001>', channel.id)).toContain('only full members');
    await type('ann', 'resolve the flour came', channel.id);
  });

  it('a pinned message is on the timeline with its edits, its deletion and its end, also over a restart', async () => {
    const { id, channel } = await declare('P2 bakery the till <!channel> hangs');
    await world.post('/slack/join', { user: 'cat', channel: channel.id });
    const say = (user: string, text: string) =>
      world.post('/slack/say', { user, channel: channel.id, text }).then(({ ts }) => ts);
    const react = (user: string, ts: string, remove = false) =>
      world.post('/slack/react', { user, channel: channel.id, ts, name: 'pushpin', remove });
    const marked = (ts: string, is = true) =>
      until(`✅ ${is} on ${ts}`, async () => {
        const message = (await channelOf(id)).messages.find((each: any) => each.ts === ts);
        return message.reactions.some(({ name }: any) => name === 'white_check_mark') === is;
      });
    const timeline = () => type('ann', 'timeline', channel.id);
    const first = await say('ann', 'the queue grows since <!here> noon');
    const second = await say('ann', 'restarted the till');
    const third = await say('ann', 'a word too much');
    for (const ts of [first, second, third]) await react('cat', ts);
    for (const ts of [first, second, third]) await marked(ts);
    const text = await timeline();
    expect(text).toMatch(/📌 “the queue grows since &lt;!here&gt; noon” <https:\/\/\S+\|\(message\)> · <@U0ANN0001>/);
    expect(text).not.toContain('<!here>');

    // While nobody listens an edit is told again by Slack; what was pinned before the crash is known after it.
    await bot.kill('SIGKILL');
    await bot.start();
    await world.post('/slack/edit', {
      user: 'ann',
      channel: channel.id,
      ts: first,
      text: 'the queue grows since eleven',
    });
    await world.post('/slack/delete', { user: 'ann', channel: channel.id, ts: second });
    await react('cat', third, true);
    await marked(third, false);
    await until('the edit and the deletion', async () => {
      const now = await timeline();
      return (
        /since eleven \(edited\)/.test(now) &&
        /restarted the till \(deleted since\)/.test(now) &&
        !now.includes('a word too much')
      );
    });
    // Two have it pinned: it stays until the second takes it off as well.
    await react('ann', third);
    await react('cat', third);
    await marked(third);
    await react('cat', third, true);
    await until('it stays', async () => (await timeline()).includes('a word too much'));
    await react('ann', third, true);
    await marked(third, false);

    // Nothing that Mayday has said anywhere mentions everybody.
    const everything = (await state()).channels.flatMap(({ messages }: any) =>
      messages.filter(({ user }: any) => user === 'U0MAYDAYBT').map((message: any) => message.text + mrkdwnOf(message)),
    );
    expect(everything.join('\n')).not.toMatch(/<!(channel|here|everyone)/);
    expect(everything.join('\n')).toContain('&lt;!channel&gt;');
    await type('ann', 'resolve it runs', channel.id);
  });

  it('one without a plan is declared from a message, which stands on its timeline', async () => {
    const { ts } = await world.post('/slack/say', {
      user: 'dan',
      channel: 'general',
      text: 'the office is without light',
    });
    await world.post('/slack/shortcut', { user: 'dan', callbackId: 'incident:declare', channel: 'general', ts });
    const form = await viewOf('U0DAN0001');
    const words = form.view.blocks.find(({ block_id }: any) => block_id === 'reason').element.initial_value;
    expect(words).toBe('the office is without light');
    const pages = (await world.get('/pagerduty/state')).pages.length;
    await world.post('/slack/submit', {
      user: 'dan',
      viewId: form.id,
      values: { severity: { value: 'P1' }, plan: { value: 'none' } },
    });
    const channel = await until('its channel', async () =>
      (await state()).channels.find((each: any) => /^inc-\d{8}-[a-z0-9]{6}$/.test(each.name) && headlineOf(each)),
    );
    const id = idIn(wholeText(headlineOf(channel)) + JSON.stringify(headlineOf(channel).blocks));
    expect(
      await until('the timeline', async () => {
        const text = await type('dan', 'timeline', channel.id);
        return text.includes('📌') && text;
      }),
    ).toMatch(/📌 “the office is without light” <https:/);
    expect((await world.get('/pagerduty/state')).pages.length).toBe(pages);
    expect(await type('dan', 'update the light is being searched', channel.id)).toContain('Said in');
    await headlineSays(id, /the light is being searched/);

    // The same form by the button, the points gone through, and what is left to do.
    const resolve = await world.post('/slack/click', {
      user: 'dan',
      channel: channel.id,
      ts: headlineOf(channel).ts,
      actionId: 'incident:resolve',
    });
    const answers = Object.fromEntries([0, 1, 2, 3].map((i) => [`check-${i}`, { value: i === 2 ? 'no' : 'yes' }]));
    await expect(
      world.post('/slack/submit', {
        user: 'dan',
        viewId: resolve.view.id,
        values: { words: { value: 'a fuse was changed' } },
      }),
    ).rejects.toThrow('is required');
    await world.post('/slack/submit', {
      user: 'dan',
      viewId: resolve.view.id,
      values: { words: { value: 'a fuse was changed' }, ...answers },
    });
    const { headline } = await headlineSays(id, /resolved[\s\S]*☐ t1[\s\S]*☐ t2[\s\S]*☐ t3/);
    expect(wholeText(headline)).toContain('a fuse was changed');
    await until('the topic', async () => /^P1 · resolved · /.test((await channelOf(id)).topic));
    expect(await type('dan', 'timeline', channel.id)).toMatch(/Resolved: a fuse was changed; ✓ .*✗ no: Alarms/);
  });
});

/** What Slack would read as formatting in a message's blocks. */
const mrkdwnOf = (message: any): string =>
  JSON.stringify(message.blocks ?? [], (_, value) => (value?.type === 'plain_text' ? undefined : value));
