import { describe, expect, it } from 'vitest';
import { checkBlocks, type Surface } from '../../sandbox/slack/check-blocks.ts';
import { checkView } from '../../sandbox/slack/check-view.ts';
import type { SlackRefusal } from '../../sandbox/slack/slack-refusal.ts';

const faultsOf = (check: () => void): string[] => {
  try {
    check();
    return [];
  } catch (error) {
    const { code, messages } = error as SlackRefusal;
    return messages.length > 0 ? messages.map((each) => `${code} ${each}`) : [code];
  }
};
const inBlocks = (blocks: unknown, surface: Surface = 'message') => faultsOf(() => checkBlocks(blocks, surface));

const x = (length: number) => 'x'.repeat(length);
const plain = (text: string) => ({ type: 'plain_text', text });
const mrkdwn = (text: string) => ({ type: 'mrkdwn', text });
const option = (value: string, text = 'o') => ({ text: plain(text), value });
const options = (count: number) => Array.from({ length: count }, (_, index) => option(`v${index}`));
const actions = (...elements: object[]) => ({ type: 'actions', elements });
const button = (more: object = {}) => ({ type: 'button', text: plain('Go'), action_id: 'go', ...more });
const confirm = (more: object = {}) => ({
  title: plain('T'),
  text: plain('x'),
  confirm: plain('Y'),
  deny: plain('N'),
  ...more,
});
const input = (element: object, more: object = {}) => ({ type: 'input', label: plain('L'), element, ...more });
const rich = (...elements: object[]) => ({ type: 'rich_text', elements });
const image = (more: object = {}) => ({
  type: 'image',
  image_url: 'https://shop.example/a.png',
  alt_text: 'a',
  ...more,
});

/** What Slack takes just so, what it takes no more, and where it says that the fault is. */
const limits: [string, object[], object[], string][] = [
  ['50 blocks', Array(50).fill({ type: 'divider' }), Array(51).fill({ type: 'divider' }), '/blocks'],
  [
    'header 150',
    [{ type: 'header', text: plain(x(150)) }],
    [{ type: 'header', text: plain(x(151)) }],
    '/blocks/0/text/text',
  ],
  [
    'header plain',
    [{ type: 'header', text: plain('x') }],
    [{ type: 'header', text: mrkdwn('x') }],
    '/blocks/0/text/type',
  ],
  [
    'section 3,000',
    [{ type: 'section', text: mrkdwn(x(3000)) }],
    [{ type: 'section', text: mrkdwn(x(3001)) }],
    '/blocks/0/text/text',
  ],
  [
    'fields of 2,000',
    [{ type: 'section', fields: [mrkdwn(x(2000))] }],
    [{ type: 'section', fields: [mrkdwn(x(2001))] }],
    '/blocks/0/fields/0/text',
  ],
  [
    'ten fields',
    [{ type: 'section', fields: Array(10).fill(mrkdwn('x')) }],
    [{ type: 'section', fields: Array(11).fill(mrkdwn('x')) }],
    '/blocks/0/fields',
  ],
  [
    'ten in a context',
    [{ type: 'context', elements: Array(10).fill(mrkdwn('x')) }],
    [{ type: 'context', elements: Array(11).fill(mrkdwn('x')) }],
    '/blocks/0/elements',
  ],
  [
    '25 actions',
    [actions(...Array.from({ length: 25 }, (_, index) => button({ action_id: `a${index}` })))],
    [actions(...Array.from({ length: 26 }, (_, index) => button({ action_id: `a${index}` })))],
    '/blocks/0/elements',
  ],
  [
    'an action id once',
    [actions(button(), button({ action_id: 'b' }))],
    [actions(button(), button())],
    '/blocks/0/elements/1/action_id',
  ],
  [
    'action id 255',
    [actions(button({ action_id: x(255) }))],
    [actions(button({ action_id: x(256) }))],
    '/blocks/0/elements/0/action_id',
  ],
  [
    'block id 255',
    [{ type: 'divider', block_id: x(255) }],
    [{ type: 'divider', block_id: x(256) }],
    '/blocks/0/block_id',
  ],
  [
    'a block id once',
    [{ type: 'divider', block_id: 'a' }],
    [
      { type: 'divider', block_id: 'a' },
      { type: 'divider', block_id: 'a' },
    ],
    '/blocks/1/block_id',
  ],
  [
    'button 75',
    [actions(button({ text: plain(x(75)) }))],
    [actions(button({ text: plain(x(76)) }))],
    '/blocks/0/elements/0/text/text',
  ],
  [
    'button value 2,000',
    [actions(button({ value: x(2000) }))],
    [actions(button({ value: x(2001) }))],
    '/blocks/0/elements/0/value',
  ],
  [
    'button url 3,000',
    [actions(button({ url: x(3000) }))],
    [actions(button({ url: x(3001) }))],
    '/blocks/0/elements/0/url',
  ],
  [
    'button styles',
    [actions(button({ style: 'danger' }))],
    [actions(button({ style: 'warning' }))],
    '/blocks/0/elements/0/style',
  ],
  [
    'confirm title 100',
    [actions(button({ confirm: confirm({ title: plain(x(100)) }) }))],
    [actions(button({ confirm: confirm({ title: plain(x(101)) }) }))],
    '/confirm/title/text',
  ],
  [
    'confirm text 300',
    [actions(button({ confirm: confirm({ text: plain(x(300)) }) }))],
    [actions(button({ confirm: confirm({ text: plain(x(301)) }) }))],
    '/confirm/text/text',
  ],
  [
    'confirm button 30',
    [actions(button({ confirm: confirm({ confirm: plain(x(30)) }) }))],
    [actions(button({ confirm: confirm({ confirm: plain(x(31)) }) }))],
    '/confirm/confirm/text',
  ],
  [
    'overflow 5',
    [actions({ type: 'overflow', options: options(5) })],
    [actions({ type: 'overflow', options: options(6) })],
    '/blocks/0/elements/0/options',
  ],
  [
    'overflow not empty',
    [actions({ type: 'overflow', options: options(1) })],
    [actions({ type: 'overflow', options: [] })],
    '/blocks/0/elements/0/options',
  ],
  [
    'select 100',
    [actions({ type: 'static_select', options: options(100) })],
    [actions({ type: 'static_select', options: options(101) })],
    '/blocks/0/elements/0/options',
  ],
  [
    'option text 75',
    [actions({ type: 'static_select', options: [option('v', x(75))] })],
    [actions({ type: 'static_select', options: [option('v', x(76))] })],
    '/options/0/text/text',
  ],
  [
    'option value 150',
    [actions({ type: 'static_select', options: [option(x(150))] })],
    [actions({ type: 'static_select', options: [option(x(151))] })],
    '/options/0/value',
  ],
  [
    'placeholder 150',
    [actions({ type: 'users_select', placeholder: plain(x(150)) })],
    [actions({ type: 'users_select', placeholder: plain(x(151)) })],
    '/placeholder/text',
  ],
  [
    'an initial option that is there',
    [actions({ type: 'static_select', options: options(2), initial_option: option('v1') })],
    [actions({ type: 'static_select', options: options(2), initial_option: option('v2') })],
    '/blocks/0/elements/0',
  ],
  [
    'ten radio buttons',
    [actions({ type: 'radio_buttons', options: options(10) })],
    [actions({ type: 'radio_buttons', options: options(11) })],
    '/options',
  ],
  [
    'ten checkboxes',
    [actions({ type: 'checkboxes', options: options(10) })],
    [actions({ type: 'checkboxes', options: options(11) })],
    '/options',
  ],
  [
    'dates as dates',
    [actions({ type: 'datepicker', initial_date: '2026-11-24' })],
    [actions({ type: 'datepicker', initial_date: '24.11.2026' })],
    '/initial_date',
  ],
  [
    'input label 2,000',
    [input({ type: 'plain_text_input' }, { label: plain(x(2000)) })],
    [input({ type: 'plain_text_input' }, { label: plain(x(2001)) })],
    '/blocks/0/label/text',
  ],
  [
    'max_length 3,000',
    [input({ type: 'plain_text_input', max_length: 3000 })],
    [input({ type: 'plain_text_input', max_length: 3001 })],
    '/element/max_length',
  ],
  [
    'inputs where inputs go',
    [input({ type: 'plain_text_input' })],
    [actions({ type: 'plain_text_input' })],
    '/blocks/0/elements/0/type',
  ],
  ['buttons not as inputs', [actions(button())], [input(button())], '/blocks/0/element/type'],
  ['alternative text', [image()], [image({ alt_text: undefined })], '/blocks/0/alt_text'],
  ['image url 3,000', [image({ image_url: x(3000) })], [image({ image_url: x(3001) })], '/blocks/0/image_url'],
  ['no video', [image()], [{ type: 'video', title: plain('x') }], '/blocks/0/type'],
  ['no unknown property', [{ type: 'divider' }], [{ type: 'divider', colour: 'red' }], '/blocks/0'],
  [
    'no mrkdwn property on plain text',
    [{ type: 'section', text: plain('x') }],
    [{ type: 'section', text: { ...plain('x'), verbatim: true } }],
    '/blocks/0/text',
  ],
  [
    'rich text that exists',
    [rich({ type: 'rich_text_section', elements: [{ type: 'text', text: 'x' }] })],
    [rich({ type: 'rich_text_section', elements: [{ type: 'blink', text: 'x' }] })],
    '/blocks/0/elements/0/elements/0/type',
  ],
  [
    'lists with a style',
    [rich({ type: 'rich_text_list', style: 'bullet', elements: [] })],
    [rich({ type: 'rich_text_list', style: 'roman', elements: [] })],
    '/blocks/0/elements/0/style',
  ],
];

describe('blocks', () => {
  it.each(limits)('%s', (_name, accepted, refused, pointer) => {
    expect(inBlocks(accepted)).toEqual([]);
    const faults = inBlocks(refused);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/^invalid_blocks \[ERROR\]/);
    expect(faults[0]).toContain(`${pointer}]`);
  });
  it('are 13,200 characters at most in a message, and 100 in a view', () => {
    const sections = (count: number) =>
      Array.from({ length: count }, () => ({ type: 'section', text: mrkdwn(x(2900)) }));
    expect(inBlocks(sections(4))).toEqual([]);
    expect(inBlocks(sections(5))).toEqual(['msg_blocks_too_long']);
    expect(inBlocks(sections(5), 'modal')).toEqual([]);
    expect(inBlocks(Array(100).fill({ type: 'divider' }), 'home')).toEqual([]);
    expect(inBlocks(Array(101).fill({ type: 'divider' }), 'home')).toHaveLength(1);
  });
});

describe('views', () => {
  const modal = (more: object = {}) => ({ type: 'modal', title: plain('T'), blocks: [], ...more });
  const inView = (view: unknown, kind: 'modal' | 'home' = 'modal') => faultsOf(() => checkView(view, kind));
  it.each<[string, object, object]>([
    ['title 24', { title: plain(x(24)) }, { title: plain(x(25)) }],
    ['submit 24', { submit: plain(x(24)) }, { submit: plain(x(25)) }],
    ['private_metadata 3,000', { private_metadata: x(3000) }, { private_metadata: x(3001) }],
    ['callback_id 255', { callback_id: x(255) }, { callback_id: x(256) }],
    ['external_id 255', { external_id: x(255) }, { external_id: x(256) }],
    [
      'a submit for inputs',
      { submit: plain('S'), blocks: [input({ type: 'plain_text_input' })] },
      { blocks: [input({ type: 'plain_text_input' })] },
    ],
    ['no unknown property', {}, { width: 3 }],
  ])('%s', (_name, accepted, refused) => {
    expect(inView(modal(accepted))).toEqual([]);
    expect(inView(modal(refused))).toHaveLength(1);
  });
  it('of a home have no title', () => {
    expect(inView({ type: 'home', blocks: [] }, 'home')).toEqual([]);
    expect(inView({ type: 'home', title: plain('T'), blocks: [] }, 'home')).toHaveLength(1);
  });
});
