import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ListeningSlack, startListeningSlack } from '../support/listening-slack.ts';

let bot: ListeningSlack;
beforeAll(async () => {
  bot = await startListeningSlack();
});
afterAll(() => bot.close());
beforeEach(() => {
  bot.received.length = 0;
  bot.answer.body = '';
});

const plain = (text: string) => ({ type: 'plain_text', text });
const option = (value: string) => ({ text: plain(`Option ${value}`), value });
const options = [option('a'), option('b'), option('c')];
const last = () => bot.received.at(-1)!.payload;

/** Each kind of element, what a person does with it, and what Slack's documentation says that the app gets. */
const cases: [string, object, unknown, object, boolean][] = [
  ['button', { text: plain('Go'), value: 'v1' }, undefined, { value: 'v1', text: plain('Go') }, false],
  ['overflow', { options }, 'b', { selected_option: option('b') }, false],
  ['static_select', { options }, 'b', { selected_option: option('b') }, true],
  ['static_select', { option_groups: [{ label: plain('G'), options }] }, 'c', { selected_option: option('c') }, true],
  ['users_select', {}, 'U0ADA0001', { selected_user: 'U0ADA0001' }, true],
  ['channels_select', {}, 'C1', { selected_channel: 'C1' }, true],
  ['conversations_select', {}, 'C1', { selected_conversation: 'C1' }, true],
  ['multi_static_select', { options }, ['a', 'c'], { selected_options: [option('a'), option('c')] }, true],
  ['multi_users_select', {}, ['U0ADA0001', 'U0BEN0001'], { selected_users: ['U0ADA0001', 'U0BEN0001'] }, true],
  ['multi_channels_select', {}, ['C1'], { selected_channels: ['C1'] }, true],
  ['multi_conversations_select', {}, ['C1'], { selected_conversations: ['C1'] }, true],
  ['radio_buttons', { options }, 'a', { selected_option: option('a') }, true],
  ['checkboxes', { options }, ['a'], { selected_options: [option('a')] }, true],
  ['datepicker', {}, '2026-11-24', { selected_date: '2026-11-24' }, true],
  ['timepicker', {}, '09:30', { selected_time: '09:30' }, true],
  ['datetimepicker', {}, 1_795_000_000, { selected_date_time: 1_795_000_000 }, true],
];

describe('what a click carries', () => {
  it.each(cases)('of a %s %# in a message', async (type, more, value, expected, keeps) => {
    const element = { type, action_id: 'it', ...more };
    const { ts, channel } = await bot.web.chat.postMessage({
      channel: '#alerts',
      text: 'x',
      blocks: [{ type: 'actions', block_id: 'place', elements: [element] }] as never,
    });
    await bot.act('click', { user: 'ada', channel: '#alerts', ts, actionId: 'it', value, wait: false });
    const { actions, container, state, message, response_url: url } = last();
    expect(actions).toEqual([{ type, action_id: 'it', block_id: 'place', action_ts: expect.any(String), ...expected }]);
    expect(container).toEqual({ type: 'message', message_ts: ts, channel_id: channel, is_ephemeral: false });
    expect(state.values).toEqual(keeps ? { place: { it: { type, ...expected } } } : {});
    expect([message.ts, url]).toEqual([ts, expect.stringMatching(/^http/)]);
  });

  it('in a modal is the view with all that was chosen, and no message', async () => {
    const viewId = await openForm([
      { type: 'actions', block_id: 'one', elements: [{ type: 'static_select', action_id: 'menu', options }] },
      {
        type: 'input',
        block_id: 'two',
        label: plain('L'),
        element: { type: 'plain_text_input', action_id: 'text', initial_value: 'begun' },
      },
    ]);
    await bot.act('click', { user: 'ada', viewId, actionId: 'menu', value: 'b', wait: false });
    expect(last().container).toEqual({ type: 'view', view_id: viewId });
    expect(last().view.state.values).toEqual({
      one: { menu: { type: 'static_select', selected_option: option('b') } },
      two: { text: { type: 'plain_text_input', value: 'begun' } },
    });
    expect(last()).not.toHaveProperty('message');
    expect(last()).not.toHaveProperty('response_url');
  });

  it('in a home is the home', async () => {
    const published = await bot.web.views.publish({
      user_id: 'U0ADA0001',
      view: {
        type: 'home',
        blocks: [{ type: 'actions', elements: [{ type: 'button', action_id: 'go', text: plain('Go') }] }],
      } as never,
    });
    await bot.act('click', { user: 'ada', viewId: published.view!.id, actionId: 'go', wait: false });
    expect([last().view.type, last().actions[0].action_id]).toEqual(['home', 'go']);
    await expect(
      bot.act('click', { user: 'ben', viewId: published.view!.id, actionId: 'go', wait: false }),
    ).rejects.toThrow('no open view');
  });

  it('in what only one person sees names it, without the message, and nobody else can do it', async () => {
    const blocks = [{ type: 'actions', elements: [{ type: 'button', action_id: 'go', text: plain('Go') }] }];
    const made = await bot.web.chat.postEphemeral({
      channel: (await alerts()).id,
      user: 'U0ADA0001',
      text: 'x',
      blocks: blocks as never,
    });
    await bot.act('click', { user: 'ada', channel: '#alerts', ts: made.message_ts, actionId: 'go', wait: false });
    expect(last().container.is_ephemeral).toBe(true);
    expect(last()).not.toHaveProperty('message');
    await expect(
      bot.act('click', { user: 'ben', channel: '#alerts', ts: made.message_ts, actionId: 'go' }),
    ).rejects.toThrow('no message');
    await fetch(last().response_url, { method: 'POST', body: JSON.stringify({ delete_original: true }) });
    expect(bot.slack.workspace.ephemeral.find(({ ts }) => ts === made.message_ts)!.gone).toBe(true);
  });

  it('is refused for an option that is not there, and for an input that waits for its submission', async () => {
    const viewId = await openForm([
      { type: 'actions', elements: [{ type: 'static_select', action_id: 'menu', options }] },
      { type: 'input', label: plain('L'), element: { type: 'plain_text_input', action_id: 'text' } },
      {
        type: 'input',
        dispatch_action: true,
        label: plain('L'),
        element: { type: 'plain_text_input', action_id: 'live' },
      },
    ]);
    const click = (actionId: string, value: string) =>
      bot.act('click', { user: 'ada', viewId, actionId, value, wait: false });
    await expect(click('menu', 'z')).rejects.toThrow('has no option "z"; there are a, b, c');
    await expect(click('text', 'x')).rejects.toThrow('dispatch_action');
    expect(bot.received).toEqual([]);
    await click('live', 'typed');
    expect(last().actions[0]).toMatchObject({ type: 'plain_text_input', value: 'typed' });
  });
});

describe('what a submission carries', () => {
  const input = (action_id: string, type: string, more: object = {}) => ({
    type: 'input',
    block_id: `block-${action_id}`,
    label: plain('L'),
    optional: true,
    element: { type, action_id, ...more },
  });
  it('is every kind of input by block and action', async () => {
    const viewId = await openForm([
      input('text', 'plain_text_input'),
      input('mail', 'email_text_input'),
      input('address', 'url_text_input'),
      input('number', 'number_input', { is_decimal_allowed: false }),
      input('when', 'datetimepicker'),
      input('who', 'multi_users_select'),
      input('which', 'checkboxes', { options }),
      input('one', 'radio_buttons', { options, initial_option: option('b') }),
      input('nothing', 'static_select', { options }),
    ]);
    const values = {
      text: 'words',
      mail: 'ada@shop.example',
      address: 'https://shop.example/',
      number: 7,
      when: 1_795_000_000,
      who: ['U0ADA0001'],
      which: ['a', 'b'],
    };
    await bot.act('submit', { user: 'ada', viewId, values });
    expect(last().type).toBe('view_submission');
    expect(last().view.state.values).toEqual({
      'block-text': { text: { type: 'plain_text_input', value: 'words' } },
      'block-mail': { mail: { type: 'email_text_input', value: 'ada@shop.example' } },
      'block-address': { address: { type: 'url_text_input', value: 'https://shop.example/' } },
      'block-number': { number: { type: 'number_input', value: '7' } },
      'block-when': { when: { type: 'datetimepicker', selected_date_time: 1_795_000_000 } },
      'block-who': { who: { type: 'multi_users_select', selected_users: ['U0ADA0001'] } },
      'block-which': { which: { type: 'checkboxes', selected_options: [option('a'), option('b')] } },
      'block-one': { one: { type: 'radio_buttons', selected_option: option('b') } },
      'block-nothing': { nothing: { type: 'static_select', selected_option: null } },
    });
  });

  it('is stopped by what the input asks for', async () => {
    const needed = { ...input('text', 'plain_text_input', { min_length: 3, max_length: 5 }), optional: false };
    const viewId = await openForm([
      needed,
      input('number', 'number_input', { is_decimal_allowed: false, max_value: '9' }),
    ]);
    const submit = (values: object) => bot.act('submit', { user: 'ada', viewId, values });
    await expect(submit({})).rejects.toThrow('the input text is required');
    await expect(submit({ text: 'ab' })).rejects.toThrow('at least 3');
    await expect(submit({ text: 'abcdef' })).rejects.toThrow('at most 5');
    await expect(submit({ text: 'abc', number: 10 })).rejects.toThrow('number does not take 10');
    await expect(submit({ text: 'abc', colour: 'red' })).rejects.toThrow('no input colour');
    expect(bot.received).toEqual([]);
    expect((await submit({ text: 'abc', number: 9 })).status).toBe(200);
  });
});

describe('modals on each other', () => {
  it('are pushed three deep, and what closes uncovers what lies below', async () => {
    const first = await openForm([]);
    const push = async (from: string) => {
      await bot.act('submit', { user: 'ada', viewId: from });
      return last().trigger_id as string;
    };
    bot.answer.body = { response_action: 'update', view: form('again', []) };
    const second = (await bot.web.views.push({ trigger_id: await push(first), view: form('2', []) as never })).view!;
    const third = (
      await bot.web.views.push({
        trigger_id: await push(second.id!),
        view: form('3', [], { notify_on_close: true }) as never,
      })
    ).view!;
    expect([second.previous_view_id, third.previous_view_id, third.root_view_id]).toEqual([first, second.id, first]);
    const fourth = bot.web.views.push({ trigger_id: await push(third.id!), view: form('4', []) as never });
    await expect(fourth).rejects.toThrow('push_limit_reached');
    bot.received.length = 0;
    await bot.web.views.update({ view_id: third.id!, view: form('3', [], { notify_on_close: true }) as never });
    await bot.act('close', { user: 'ada', viewId: third.id });
    expect(last()).toMatchObject({ type: 'view_closed', is_cleared: false, view: { id: third.id } });
    expect(open().filter((id) => [first, second.id, third.id].includes(id))).toEqual([first, second.id]);
    bot.received.length = 0;
    await bot.act('close', { user: 'ada', viewId: second.id, all: true });
    // Nobody asked to hear of it.
    expect([bot.received, open().includes(first), open().includes(second.id!)]).toEqual([[], false, false]);
  });

  it('change by id, by external id and by hash, and not when the bot saw another state', async () => {
    const opened = await trigger();
    const made = (
      await bot.web.views.open({ trigger_id: opened, view: form('1', [], { external_id: 'mine' }) as never })
    ).view!;
    const update = (by: object) =>
      bot.web.views.update({ ...by, view: form('2', [], { external_id: 'mine' }) } as never).then(
        ({ view }) => view!.hash,
        (error) => error.data.error,
      );
    const hash = await update({ external_id: 'mine', hash: made.hash });
    expect(await update({ view_id: made.id, hash: made.hash })).toBe('hash_conflict');
    expect(await update({ view_id: made.id, hash })).not.toBe(hash);
    expect(await update({ external_id: 'other' })).toBe('not_found');
    const again = bot.web.views.open({
      trigger_id: await trigger(),
      view: form('1', [], { external_id: 'mine' }) as never,
    });
    await expect(again).rejects.toThrow('duplicate_external_id');
    await bot.act('close', { user: 'ada', viewId: made.id });
  });

  it('show errors at inputs that are there, and refuse any others', async () => {
    const viewId = await openForm([
      {
        type: 'input',
        block_id: 'there',
        optional: true,
        label: plain('L'),
        element: { type: 'plain_text_input', action_id: 'text' },
      },
    ]);
    bot.answer.body = { response_action: 'errors', errors: { there: 'not so' } };
    expect((await bot.act('submit', { user: 'ada', viewId })).body.errors).toEqual({ there: 'not so' });
    expect(open()).toContain(viewId);
    bot.answer.body = { response_action: 'errors', errors: { elsewhere: 'not so' } };
    expect((await bot.act('submit', { user: 'ada', viewId })).refused).toBe('invalid_errors');
    bot.answer.body = { response_action: 'clear' };
    await bot.act('submit', { user: 'ada', viewId });
    expect(open()).not.toContain(viewId);
  });
});

const open = () => [...bot.slack.workspace.views.values()].filter((view) => view.open).map(({ id }) => id);
const alerts = async () => bot.slack.workspace.findChannel('alerts')!;
const form = (title: string, blocks: object[], more: object = {}) => ({
  type: 'modal',
  title: plain(title),
  submit: plain('Go'),
  blocks,
  ...more,
});
const trigger = async (): Promise<string> => {
  await bot.act('command', { user: 'ada', channel: '#alerts', command: '/dr', text: '' });
  const { trigger_id: id } = last();
  bot.received.length = 0;
  return id;
};
const openForm = async (blocks: object[]): Promise<string> =>
  (await bot.web.views.open({ trigger_id: await trigger(), view: form('Form', blocks) as never })).view!.id!;
