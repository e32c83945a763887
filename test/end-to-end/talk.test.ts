import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningBot, startRunningBot } from '../support/running-bot.ts';

let bot: RunningBot;
beforeAll(async () => {
  bot = await startRunningBot({ plan: 'omnimesh', speed: 60, at: '2026-11-24T15:00:00Z' });
}, 120_000);
afterAll(() => bot?.close());

const user = 'dr-lead';
const state = () => bot.world.get('/slack/state');
const openView = async (callback: string) =>
  await bot.world.until(`a form ${callback}`, 20, async () => {
    const { views } = await state();
    return views.findLast((each: any) => each.open && each.view.callback_id === callback);
  });
const fieldsOf = (view: any): string[] => view.view.blocks.map(({ block_id }: any) => block_id);
/** What only that person sees, from now on. */
const toldAfter = async (work: () => Promise<unknown>): Promise<{ text: string; thread_ts?: string }> => {
  const before = (await state()).ephemeral.length;
  await work();
  return await bot.world.until('an answer for their eyes', 20, async () => (await state()).ephemeral[before]);
};

describe('a command', { timeout: 60_000 }, () => {
  it('typed bare is a form, which asks for more as it is filled in, and says what is missing at the field', async () => {
    await bot.world.post('/slack/command', { user, channel: 'general', command: '/failover', text: '  ' });
    const form = await openView('command:form');
    // The only plan that there is has been chosen already.
    expect(fieldsOf(form)).toEqual(['plan', 'scope', 'to', 'reason', 'planned']);
    const short = { user, viewId: form.id, values: { reason: { value: 'x' } } };
    const refused = await bot.world.post('/slack/submit', short);
    expect(refused.body).toMatchObject({
      response_action: 'errors',
      errors: { reason: expect.stringContaining('Say why') },
    });
    const told = await toldAfter(() =>
      bot.world.post('/slack/submit', { ...short, values: { reason: { value: 'the Region is dark' } } }),
    );
    expect(told.text).toMatch(/^Started run `r-\w+`: failover of region of OmniMesh/);
    expect((await state()).views.find(({ id }: any) => id === form.id).open).toBe(false);
  });

  it('is a global shortcut too, and its form is drawn anew when a choice decides about the rest', async () => {
    await bot.world.post('/slack/shortcut', { user, callbackId: 'command:dr' });
    const form = await openView('command:form');
    expect(fieldsOf(form)).toEqual(['what', 'plan']);
    const choose = { user, viewId: form.id, actionId: 'command:decides:what', value: 'run' };
    await bot.world.post('/slack/click', choose);
    await bot.world.until('the list of runs', 20, async () => {
      const { views } = await state();
      return fieldsOf(views.find(({ id }: any) => id === form.id)).join() === 'what,run' ? true : undefined;
    });
    const { channels } = await state();
    const between = (all: any[]) => all.filter(({ kind }) => kind === 'im').flatMap(({ messages }) => messages);
    const before = between(channels).length;
    await bot.world.post('/slack/submit', { user, viewId: form.id, values: {} });
    const answer = await bot.world.until('an answer between the two of us', 20, async () =>
      between((await state()).channels)
        .slice(before)
        .find(({ text }) => text.startsWith('• `r-')),
    );
    expect(answer.text).toMatch(/^• `r-\w+` failover of region of omnimesh/);
  });

  it('is a shortcut on a message, whose words become the reason', async () => {
    const { channels } = await state();
    const general = channels.find(({ name }: any) => name === 'general').id;
    const { ts } = await bot.world.post('/slack/say', { user, channel: general, text: 'checkout <b>burns</b>' });
    await bot.world.post('/slack/shortcut', { user, callbackId: 'command:failover:message', channel: general, ts });
    const { view } = await openView('command:form');
    const reason = view.blocks.find(({ block_id: id }: any) => id === 'reason');
    expect(reason.element.initial_value).toContain('burns');
  });

  it('is not said to have failed because its answer was not taken: that is said to their eyes in the channel', async () => {
    const gone = `${bot.settings['SLACK_API_URL']!.replace(/\/api\/?$/, '')}/respond/GONE`;
    const altered = { response_url: gone };
    const told = await toldAfter(() =>
      bot.world.post('/slack/command', { user, channel: 'general', command: '/dr', text: 'run', altered }),
    );
    expect(told.text).toContain('failover of region');
  });

  it('can be said to the bot in a thread, where Slack lets nobody type one', async () => {
    const { channels, users } = await state();
    const self = users.find(({ is_bot }: any) => is_bot).id;
    const general = channels.find(({ name }: any) => name === 'general');
    await bot.world.post('/slack/join', { user: self, channel: general.id }).catch(() => undefined);
    const first = await bot.world.post('/slack/say', { user, channel: 'general', text: 'Is omnimesh all right?' });
    const said = (text: string) =>
      toldAfter(() =>
        bot.world.post('/slack/say', { user, channel: 'general', text: `<@${self}> ${text}`, thread_ts: first.ts }),
      );
    const status = await said('dr status “omnimesh”');
    expect(status.text).toMatch(/^Run r-\w+: status of all of OmniMesh/);
    expect(status.thread_ts).toBe(first.ts);
    expect((await said('failovre omnimesh region')).text).toMatch(/Known are failover, failback/);
  });
});

describe('/dr help', { timeout: 60_000 }, () => {
  const help = (by: string) =>
    toldAfter(() => bot.world.post('/slack/command', { user: by, channel: 'general', command: '/dr', text: 'help' }));

  it('has what this person may do, by the rules of this hour, and less for a guest', async () => {
    expect((await help('vp-engineering')).text).toMatch(/approve just now: failover.* of omnimesh\./);
    expect((await help('ceo')).text).toMatch(/you may approve nothing just now|approve just now: (?!.*failover,)/);
    await bot.world.post('/slack/user', { id: 'U0NETWRK1', is_restricted: true });
    const { text } = await help('network');
    expect(text).toContain('You may look, and nothing else');
    expect(text).not.toContain('/failover');
    expect(text).toContain('/dr');
  });
});

describe('the App Home', { timeout: 60_000 }, () => {
  const textOf = (home: any): string => JSON.stringify(home?.view?.blocks ?? home?.blocks ?? []);

  it('has what waits for this person, what runs, and how their systems stand, and leads to the details', async () => {
    const opened = await bot.world.post('/slack/home', { user: 'vp-engineering' });
    expect(opened.status).toBe(200);
    const home = await bot.world.until('a home', 20, async () => {
      const { homes, users } = await state();
      const { id } = users.find(({ name }: any) => name === 'vp-engineering');
      return homes.find((each: any) => each.user === id);
    });
    expect(textOf(home)).toContain('1 waiting for your approval');
    expect(textOf(home)).toContain('failover of region: OmniMesh');
    expect(textOf(home)).toMatch(/watched checks say yes/);
    const button = home.view.blocks.find(({ accessory }: any) => accessory).accessory.action_id;
    await bot.world.post('/slack/click', { user: 'vp-engineering', viewId: home.id, actionId: button });
    const details = await openView('run:details');
    expect(textOf(details)).toContain('What it changes');
  });

  it('has nothing to approve for somebody who may not', async () => {
    await bot.world.post('/slack/home', { user: 'ceo' });
    const home = await bot.world.until('a home', 20, async () => {
      const { homes, users } = await state();
      const found = users.find(({ name }: any) => name === 'ceo');
      return homes.find((each: any) => each.user === found.id);
    });
    expect(textOf(home)).toContain('Nothing waits for you');
    expect(textOf(home)).toContain('failover of region: OmniMesh');
    const run = /`(r-\w+)`/.exec(JSON.stringify((await state()).ephemeral))![1];
    const cancel = { user, channel: 'general', command: '/dr', text: `run ${run} cancel only tried` };
    expect((await toldAfter(() => bot.world.post('/slack/command', cancel))).text).toContain('nothing more is started');
  });
});

describe('a proposal', { timeout: 120_000 }, () => {
  const proposals = async (): Promise<any[]> =>
    (await state()).channels.flatMap(({ id, messages }: any) =>
      messages
        .filter(({ text }: any) => text.startsWith('Proposed: '))
        .map((message: any) => ({ ...message, channel: id })),
    );
  const click = async (by: string, actionId: string) => {
    const [{ channel, ts }] = (await proposals()) as [any];
    return await bot.world.post('/slack/click', { user: by, channel, ts, actionId });
  };
  const shown = (what: RegExp) =>
    bot.world.until(`a proposal that says ${what}`, 60, async () =>
      what.test(JSON.stringify((await proposals())[0]?.blocks)) ? true : undefined,
    );
  const say = (text: string) =>
    toldAfter(() => bot.world.post('/slack/command', { user, channel: 'general', command: '/dr', text }));

  it('is made once, can be put off and is asked again, and one of two who start it at once starts one run', async () => {
    expect((await say('propose omnimesh')).text).toMatch(/^Nothing is proposed/);
    await bot.world.post('/faults', { kind: 'region-down', region: 'us-east-1' });
    // The plan wants it to have lasted.
    await bot.world.until('a proposal', 90, async () => {
      const { text } = await say('propose omnimesh');
      return text.startsWith('Proposed') ? true : undefined;
    });
    await shown(/The plan says: \*failover \w+\*/);
    expect((await say('propose omnimesh')).text).toMatch(/^The same is proposed already/);
    expect(await proposals()).toHaveLength(1);

    await click('vp-engineering', 'proposal:later');
    await shown(/Not now, says/);
    await expect(click('dr-lead', 'proposal:start')).rejects.toThrow(/no element|no button|has no/);
    await shown(/proposal:start/);

    const before = (await state()).ephemeral.length;
    const [first, second] = await Promise.all([click('dr-lead', 'proposal:start'), click('dba', 'proposal:start')]);
    expect([first.status, second.status]).toEqual([200, 200]);
    await shown(/Started by <@U0(DRLEAD1|DBA0001)>: run `r-/);
    const told = (await state()).ephemeral
      .slice(before)
      .flatMap(({ text }: any) => /^Started run `(r-\w+)`/.exec(text)?.[1] ?? []);
    expect(told.length).toBeGreaterThan(0);
    expect(new Set(told).size).toBe(1);
  });
});
