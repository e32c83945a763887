import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type World, wholeText } from '../../src/cli/demo/world.ts';
import { clickOnCard } from '../support/card.ts';
import { mayday } from '../support/mayday-command.ts';
import { cliPath, type RunningBot, readiness, startRunningBot } from '../support/running-bot.ts';

/** Two real bots on one database against the sandbox; judged by what stands in its Slack and in its ledger. */
let bot: RunningBot;
let other: ChildProcess;
let world: World;
/** Ten minutes of the world are four seconds. */
const speed = 150;
const seconds = (worldMinutes: number): number => (worldMinutes * 60) / speed;

beforeAll(async () => {
  const plans = mkdtempSync(join(tmpdir(), 'incidents-'));
  const written = readFileSync('test/end-to-end/plans/bakery.yml', 'utf8');
  writeFileSync(join(plans, 'bakery.yml'), `${written}links: { dashboard: "https://figures.bakery.example/ovens" }\n`);
  bot = await startRunningBot({
    plans,
    plan: 'bakery',
    speed,
    environment: () => ({ MAYDAY_INCIDENT_CHANNEL: 'inc-{severity}-{date}-{plan}-{stamp}' }),
  });
  world = bot.world;
  // Slack calls only the first; the second is at the same incidents all the time.
  other = spawn(process.execPath, [cliPath, 'start'], { env: bot.settings, stdio: ['ignore', 'pipe', 'ignore'] });
  await readiness(other, () => '');
}, 60_000);
afterAll(async () => {
  const gone = new Promise((done) => other.once('exit', done));
  other.kill('SIGTERM');
  await gone;
  await bot.close();
});

const patience = 30;
const until = <T>(what: string, look: () => Promise<T | undefined | false>) =>
  world
    .until(what, patience, async () => (await look()) || undefined)
    .catch((error) => {
      throw new Error(`${error.message}\n${bot.log().slice(-2000)}`);
    });
const state = () => world.get('/slack/state');
const channelOf = async (id: string): Promise<any> =>
  (await state()).channels.find(({ messages }: any) =>
    messages.some(({ metadata }: any) => metadata?.event_payload.key === `${id}/headline`),
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

describe('an incident', () => {
  it('is declared in a form, and has a channel with a headline, a topic and a line in the digest', async () => {
    await world.post('/slack/command', { user: 'ann', channel: 'general', command: '/incident', text: '' });
    const form = await viewOf('U0ANN0001');
    expect(form.view.title.text).toBe('Declare an incident');
    await world.post('/slack/shortcut', { user: 'ben', callbackId: 'command:incident' });
    expect((await viewOf('U0BEN0001')).view.blocks).toEqual(form.view.blocks);
    await world.post('/slack/submit', {
      user: 'ann',
      viewId: form.id,
      values: { reason: { value: 'the ovens are cold' }, severity: { value: 'P1' }, plan: { value: 'bakery' } },
    });
    const { channel, headline } = await until('the headline', async () => {
      const found = (await state()).channels.find((each: any) => /^inc-p1-\d{8}-bakery-/.test(each.name));
      const pinned = found && headlineOf(found);
      return pinned && found.topic && { channel: found, headline: pinned };
    });
    expect(channel.topic).toBe('P1 · open · no commander yet');
    expect(wholeText(headline)).toMatch(/P1[\s\S]*Bakery orders: the ovens are cold[\s\S]*Commander: _nobody_/);
    await until('the digest', async () => {
      const digest = (await state()).channels.find(({ name }: any) => name === 'incidents');
      return digest?.messages.length === 1 && wholeText(digest.messages[0]).includes(`<#${channel.id}>`);
    });
    expect((await world.get('/pagerduty/state')).pages.length).toBeGreaterThan(0);
    expect(await world.get('/ledger').then(({ refusals }) => refusals)).toEqual([]);
    await type('ann', 'resolve they are warm', channel.id);
  });
});

describe('what people do in it', { timeout: 90_000 }, () => {
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

    // Nobody was woken for a P3, and nobody called in but who is on call; now that it is worse, all are.
    expect((await channelOf(id)).members).not.toContain('U0DAN0001');
    const pages = async () => (await world.get('/pagerduty/state')).pages.length;
    const before3 = await pages();
    await type('ann', 'update P1 in 2h there is no bread at all', channel.id);
    await until('a page', async () => (await pages()) > before3);
    await until('who may decide', async () => (await channelOf(id)).members.includes('U0DAN0001'));
    await headlineSays(id, /🔴 P1/);
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

    // What was taken, but never done because the process died, is done by another; what was pinned before is known after.
    const fourth = await say('ann', 'the printer is out of paper');
    await world.post('/holds', { call: 'slack:conversations.history', when: 'before' });
    await react('cat', fourth);
    await until('a call that hangs', async () => (await world.get('/holds')).some(({ reached }: any) => reached));
    await bot.kill('SIGKILL');
    await world.post('/holds/release', { how: 'drop' });
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
    await marked(fourth);
    expect(await timeline()).toContain('the printer is out of paper');

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
      (await state()).channels.find((each: any) => /^inc-p1-\d{8}-[a-z0-9]{6}$/.test(each.name) && headlineOf(each)),
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
    const { headline } = await headlineSays(id, /resolved[\s\S]*☐ r1[\s\S]*☐ r2[\s\S]*☐ r3/);
    expect(wholeText(headline)).toContain('a fuse was changed');
    await until('the topic', async () => /^P1 · resolved · /.test((await channelOf(id)).topic));
    expect(await type('dan', 'timeline', channel.id)).toMatch(/Resolved: a fuse was changed; ✓ .*✗ no: Alarms/);
  });
});

describe('what is due', { timeout: 90_000 }, () => {
  const reminders = async (id: string): Promise<any[]> =>
    (await channelOf(id)).messages.filter(({ text }: any) => text.startsWith('⏰'));
  const click = async (user: string, channel: any, ts: string, actionId: string) => {
    const before = (await state()).responses.length;
    await world.post('/slack/click', { user, channel: channel.id, ts, actionId, wait: false });
    await until(`an answer to ${actionId}`, async () => (await state()).responses.length > before);
  };

  /** Its reminders come while other tests go on. */
  let loud: { id: string; channel: any };

  it('who speaks is reminded of the next update, and Snooze and Dismiss hold', async () => {
    loud = await declare('P3 none the mill is loud');
    await type('ann', 'role communications <@U0BEN0001>', loud.channel.id);
    await type('ann', 'update in 2m we are looking for the noise', loud.channel.id);
    await headlineSays(loud.id, /Next update\*? due/);
    const reminded = async (text: string, delay: string) => {
      const { id, channel } = await declare(`P3 none ${text}`);
      await type('ann', `update ${delay} we look`, channel.id);
      const first = await until('a reminder', async () => (await reminders(id))[0]);
      return { id, channel, first };
    };
    // One is put off, and another is not wanted at all.
    const snoozed = await reminded('the mill is slow', 'in 1m');
    expect(snoozed.first.text).toContain('Nobody has taken communications');
    await click('ann', snoozed.channel, snoozed.first.ts, 'incident:snooze');
    const dismissed = await reminded('the mill is dusty', 'in 1 min');
    await click('ann', dismissed.channel, dismissed.first.ts, 'incident:dismiss');
    expect(await type('ann', 'timeline', snoozed.channel.id)).toMatch(/The next update was put off until/);
    // Put off by fifteen minutes; without Snooze it would have come after ten.
    const second = await until('the second', async () => (await reminders(snoozed.id))[1]);
    expect(Number(second.ts) - Number(snoozed.first.ts)).toBeGreaterThan(seconds(14.9));
    expect(await reminders(dismissed.id)).toHaveLength(1);
    // The reminder's own button opens the form, and the word that is said there is the last that is expected.
    const { view } = await world.post('/slack/click', {
      user: 'ann',
      channel: dismissed.channel.id,
      ts: dismissed.first.ts,
      actionId: 'incident:update',
    });
    const values = { words: { value: 'the dust has settled' }, next: { value: 'never' } };
    await world.post('/slack/submit', { user: 'ann', viewId: view.id, values });
    const { headline } = await headlineSays(dismissed.id, /the dust has settled/);
    expect(wholeText(headline)).not.toContain('Next update');
    for (const { channel } of [snoozed, dismissed]) await type('ann', 'resolve it is still', channel.id);
  });

  it('a task is remembered to its owner when it is due, once, and is done by a button', async () => {
    const { id, channel } = await declare('P4 none the sign hangs askew');
    expect(await type('ann', 'task <@U0BEN0001|ben> in 3m fetch a ladder', channel.id)).toContain(
      'Task t1 for Ben Flour',
    );
    await headlineSays(id, /☐ t1 fetch a ladder · <@U0BEN0001>/);
    await type('ann', 'resolve good enough', channel.id);
    const direct = async (): Promise<any> =>
      (await state()).channels.find(({ kind, name }: any) => kind === 'im' && name === 'U0BEN0001');
    const due = async (): Promise<any[]> =>
      ((await direct())?.messages ?? []).filter(({ text }: any) => text.includes('fetch a ladder'));
    const [message] = await until('the reminder', async () => {
      const found = await due();
      return found.length > 0 && found;
    });
    await click('ben', await direct(), message.ts, 'incident:task-done');
    await until('it is done', async () => !/☐ t1/.test(wholeText(headlineOf(await channelOf(id)))));
    expect(await due()).toHaveLength(1);
    expect(await type('ben', `task done t9 ${id}`)).toContain('There is no task "t9"');
  });

  it('three reminders are all that come of one word', async () => {
    const all = await until('three reminders', async () => {
      const found = await reminders(loud.id);
      return found.length >= 3 && found;
    });
    for (const { text } of all) expect(text).toContain('<@U0BEN0001>');
    expect(all[2].text).toContain('the last of 3');
    // As long again as between two of them, and a little more.
    await until('a fourth that would have come', async () => Date.now() / 1000 > Number(all[2].ts) + seconds(10) + 2);
    expect(await reminders(loud.id)).toHaveLength(3);
    await type('ann', 'resolve it is still', loud.channel.id);
  });
});

describe('what becomes of it', { timeout: 90_000 }, () => {
  it('another severity reaches headline, topic, digest and channel, whatever Slack refused at first', async () => {
    const { id, channel } = await declare('P4 none the clock is late');
    const { headline } = await headlineSays(id, /P4/);
    await world.post('/faults', { kind: 'error', change: 'slack:chat.update', times: 2 });
    const { view } = await world.post('/slack/click', {
      user: 'ann',
      channel: channel.id,
      ts: headline.ts,
      actionId: 'incident:severity',
    });
    await world.post('/slack/submit', {
      user: 'ann',
      viewId: view.id,
      values: { severity: { value: 'P2' }, words: { value: 'all clocks are' } },
    });
    await headlineSays(id, /🟠 P2/);
    await until('the topic', async () => (await channelOf(id)).topic.startsWith('P2 · open'));
    await until('the channel', async () =>
      /\*Update\* · P2 \(was P4\)[\s\S]*all clocks are/.test(textsOf(await channelOf(id))),
    );
    const line = await until('the digest', async () => {
      const { messages } = await world.get('/slack/channels/incidents');
      return messages.find(
        (message: any) => wholeText(message).includes(`<#${channel.id}>`) && /\*P2\*/.test(wholeText(message)),
      );
    });
    expect(line.edits).toBeGreaterThan(0);

    // Merged into another, with what was pinned; both say so.
    const target = await declare('P2 none time itself is wrong');
    const { ts } = await world.post('/slack/say', {
      user: 'ann',
      channel: channel.id,
      text: 'the tower clock stands still',
    });
    await world.post('/slack/react', { user: 'ann', channel: channel.id, ts, name: 'pushpin' });
    await until('the pin', async () => (await type('ann', 'timeline', channel.id)).includes('stands still'));
    expect(await type('ann', `merge into <#${target.channel.id}|x>`, channel.id)).toContain(
      `Merged into <#${target.channel.id}>`,
    );
    await until('the topic', async () => (await channelOf(id)).topic.includes(`merged into <#${target.channel.id}>`));
    await until('word in both', async () => {
      const [from, to] = [textsOf(await channelOf(id)), textsOf(await channelOf(target.id))];
      return (
        from.includes(`Merged into <#${target.channel.id}>`) &&
        to.includes(`<#${channel.id}> was merged into this incident`)
      );
    });
    expect(await type('ann', 'timeline', target.channel.id)).toContain('the tower clock stands still');
    expect(await type('ann', 'update it ticks', channel.id)).toContain('is merged');

    // Resolved, and not over after all.
    await type('ann', 'resolve the sun is the clock', target.channel.id);
    const over = await headlineSays(target.id, /✅ P2 · resolved/);
    const reopen = await world.post('/slack/click', {
      user: 'ann',
      channel: target.channel.id,
      ts: over.headline.ts,
      actionId: 'incident:reopen',
    });
    await world.post('/slack/submit', {
      user: 'ann',
      viewId: reopen.view.id,
      values: { words: { value: 'it is night' } },
    });
    await headlineSays(target.id, /🟠 P2 · open/);
    await until('word of it', async () =>
      textsOf(await channelOf(target.id)).includes('Reopened by Ann Crust: it is night'),
    );

    // The draft in the channel is what the command line prints.
    expect(await type('ann', 'postmortem', target.channel.id)).toContain(`post-mortem-${target.id}.md`);
    const shared = (await channelOf(target.id)).messages.find(({ files }: any) => files?.length > 0);
    const response = await fetch(shared.files[0].url_private, {
      headers: { authorization: `Bearer ${bot.settings['SLACK_BOT_TOKEN']}` },
    });
    const draft = await response.text();
    const printed = await mayday(['incident', 'postmortem', target.id], bot.settings);
    expect(printed.stderr).toBe('');
    expect(printed.stdout.trimEnd()).toBe(draft.trimEnd());
    expect(draft).toMatch(
      /# Post-mortem: time itself is wrong[\s\S]*\*\*Ann Crust:\*\* the tower clock stands still \(\[message\]/,
    );
    expect((await mayday(['incident', 'list'], bot.settings)).stdout).toMatch(
      new RegExp(`${target.id}  \\S+ \\S+ UTC  P2  open {6}time itself is wrong`),
    );
    expect((await mayday(['incident', 'timeline', target.id], bot.settings)).stdout).toContain(
      'Reopened: it is night (Ann Crust)',
    );
    await type('ann', 'resolve it is morning', target.channel.id);
  });

  it('one that a run declares has the run in its headline, and bookmarks of its card and of what the plan links to', async () => {
    const answer = await type('ann', 'bakery shopfront the shutters are stuck', 'general', '/failover');
    const run = /r-[a-z0-9]{8}/.exec(answer)![0];
    const channel = await until('its headline', async () =>
      (await state()).channels.find(
        (each: any) =>
          headlineOf(each) &&
          wholeText(headlineOf(each)).includes(`failover of shopfront: *waiting for approval* (${run})`),
      ),
    );
    const { bookmarks, messages } = await until('both bookmarks', async () => {
      const now = await world.get(`/slack/channels/${channel.name}`);
      return now.bookmarks.length === 2 && now;
    });
    const card = messages.find((message: any) => JSON.stringify(message.blocks ?? []).includes(`Run \`${run}\``));
    expect(bookmarks.map(({ title, link }: any) => [title, link]).sort()).toEqual([
      ['Dashboard', 'https://figures.bakery.example/ovens'],
      ['Run', expect.stringContaining(card.ts.replace('.', ''))],
    ]);
    await clickOnCard(world, run, 'ann', 'run:cancel');
    await until('its end in the headline', async () => {
      const now = await world.get(`/slack/channels/${channel.name}`);
      return wholeText(headlineOf(now)).includes(`*cancelled* (${run})`);
    });
    await type('ann', 'resolve the shutters move', channel.id);
  });

  it('each incident has one headline, one topic and one line in the digest, although two processes were at it', async () => {
    const { channels } = await until('all of them over', async () => {
      const now = await state();
      const digest = now.channels.find(({ name }: any) => name === 'incidents');
      return digest.messages.every((message: any) => /✅|↪️/u.test(message.text)) && now;
    });
    const incidents = channels.filter(({ name }: any) => name.startsWith('inc-'));
    expect(incidents.length).toBeGreaterThanOrEqual(10);
    for (const channel of incidents) {
      const headlines = channel.messages.filter(({ blocks }: any) =>
        JSON.stringify(blocks ?? []).includes('puts it onto the timeline'),
      );
      expect([channel.name, headlines.length]).toEqual([channel.name, 1]);
    }
    const digest = channels.find(({ name }: any) => name === 'incidents');
    expect(digest.messages).toHaveLength(incidents.length);
    const keys = channels.flatMap(({ messages }: any) =>
      messages.flatMap(({ metadata }: any) => metadata?.event_payload.key ?? []),
    );
    expect(keys.length).toBe(new Set(keys).size);
    // Nothing was asked of Slack that it had to refuse, besides what another process had done already: an invitation, and a
    // ✅ when an event was taken over from a process that was slow.
    const { refusals } = await world.get('/ledger');
    const done = ['already_in_channel', 'already_reacted'];
    const ofSlack = refusals.filter(({ call, code }: any) => call.startsWith('slack:') && !done.includes(code));
    expect(ofSlack).toEqual([]);
  });
});

/** What Slack would read as formatting in a message's blocks. */
const mrkdwnOf = (message: any): string =>
  JSON.stringify(message.blocks ?? [], (_, value) => (value?.type === 'plain_text' ? undefined : value));
