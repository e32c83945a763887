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
    const answer = await bot.world.until(
      'an answer between the two of us',
      20,
      async () => between((await state()).channels)[before],
    );
    expect(answer.text).toMatch(/^• `r-\w+` failover of region of omnimesh/);
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
