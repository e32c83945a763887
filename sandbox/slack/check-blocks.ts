import { SlackRefusal } from './slack-refusal.ts';

const reference = 'https://docs.slack.dev/reference/block-kit/blocks';
const elementsWithActionId = new Set([
  'button',
  'plain_text_input',
  'static_select',
  'external_select',
  'users_select',
  'conversations_select',
  'channels_select',
  'multi_static_select',
  'multi_users_select',
  'overflow',
  'checkboxes',
  'radio_buttons',
  'datepicker',
  'timepicker',
  'datetimepicker',
  'number_input',
  'email_text_input',
  'url_text_input',
]);
const blockTypes = new Set([
  'section',
  'divider',
  'header',
  'context',
  'actions',
  'image',
  'input',
  'rich_text',
  'video',
]);

type Surface = 'message' | 'modal' | 'home';

/** Refuses with `invalid_blocks` what Slack's own limits refuse, naming each fault by its JSON pointer. */
export const checkBlocks = (blocks: unknown, surface: Surface): void => {
  const faults: string[] = [];
  const fail = (pointer: string, text: string) => faults.push(`[ERROR] ${text} [json-pointer:${pointer}]`);
  const most = surface === 'message' ? 50 : 100;
  if (!Array.isArray(blocks)) throw new SlackRefusal('invalid_blocks_format', ['blocks must be an array'], reference);
  if (blocks.length > most) fail('/blocks', `no more than ${most} items allowed`);

  const text = (value: any, pointer: string, longest: number, kind?: 'plain_text' | 'mrkdwn') => {
    if (!value || typeof value !== 'object') return fail(pointer, 'must be a text object');
    if (value.type !== 'plain_text' && value.type !== 'mrkdwn') return fail(`${pointer}/type`, 'unsupported text type');
    if (kind && value.type !== kind) fail(`${pointer}/type`, `must be ${kind}`);
    if (typeof value.text !== 'string' || value.text.length < 1)
      return fail(`${pointer}/text`, 'must be more than 0 characters');
    if (value.text.length > longest) fail(`${pointer}/text`, `must be less than ${longest + 1} characters`);
  };
  const option = (value: any, pointer: string) => {
    text(value?.text, `${pointer}/text`, 75);
    if (typeof value?.value !== 'string' || value.value.length > 150)
      fail(`${pointer}/value`, 'must be less than 151 characters');
  };
  const element = (value: any, pointer: string) => {
    if (!value || typeof value.type !== 'string') return fail(pointer, 'must have a type');
    if (value.action_id !== undefined && (typeof value.action_id !== 'string' || value.action_id.length > 255)) {
      fail(`${pointer}/action_id`, 'must be less than 256 characters');
    }
    if (value.type === 'image') {
      if (typeof value.alt_text !== 'string') fail(`${pointer}/alt_text`, 'missing required field: alt_text');
      return;
    }
    if (!elementsWithActionId.has(value.type)) return fail(`${pointer}/type`, `unsupported element ${value.type}`);
    if (value.type === 'button') {
      text(value.text, `${pointer}/text`, 75, 'plain_text');
      if (value.value !== undefined && String(value.value).length > 2000)
        fail(`${pointer}/value`, 'must be less than 2001 characters');
      if (value.url !== undefined && String(value.url).length > 3000)
        fail(`${pointer}/url`, 'must be less than 3001 characters');
      if (value.style !== undefined && !['primary', 'danger'].includes(value.style))
        fail(`${pointer}/style`, 'must be primary or danger');
    }
    if (value.confirm !== undefined) {
      text(value.confirm.title, `${pointer}/confirm/title`, 100, 'plain_text');
      text(value.confirm.text, `${pointer}/confirm/text`, 300);
      text(value.confirm.confirm, `${pointer}/confirm/confirm`, 30, 'plain_text');
      text(value.confirm.deny, `${pointer}/confirm/deny`, 30, 'plain_text');
    }
    if (value.placeholder !== undefined) text(value.placeholder, `${pointer}/placeholder`, 150, 'plain_text');
    if (Array.isArray(value.options)) {
      const mostOptions = value.type === 'overflow' ? 5 : value.type.includes('select') ? 100 : 10;
      if (value.options.length > mostOptions) fail(`${pointer}/options`, `no more than ${mostOptions} items allowed`);
      for (const [index, each] of value.options.entries()) option(each, `${pointer}/options/${index}`);
    }
  };

  const actionIds = new Set<string>();
  const blockIds = new Set<string>();
  const checkBlock = (block: any, at: string): void => {
    if (!block || !blockTypes.has(block.type)) {
      fail(`${at}/type`, `unsupported block ${block?.type}`);
      return;
    }
    if (block.block_id !== undefined) {
      if (String(block.block_id).length > 255) fail(`${at}/block_id`, 'must be less than 256 characters');
      if (blockIds.has(block.block_id)) fail(`${at}/block_id`, 'block_id already exists');
      blockIds.add(block.block_id);
    }
    if (block.type === 'header') text(block.text, `${at}/text`, 150, 'plain_text');
    if (block.type === 'section') {
      if (block.text === undefined && block.fields === undefined) fail(at, 'either text or fields is needed');
      if (block.text !== undefined) text(block.text, `${at}/text`, 3000);
      if (block.fields !== undefined) {
        if (!Array.isArray(block.fields) || block.fields.length > 10)
          fail(`${at}/fields`, 'no more than 10 items allowed');
        else for (const [field, each] of block.fields.entries()) text(each, `${at}/fields/${field}`, 2000);
      }
      if (block.accessory !== undefined) element(block.accessory, `${at}/accessory`);
    }
    if (block.type === 'context') {
      if (!Array.isArray(block.elements) || block.elements.length < 1 || block.elements.length > 10) {
        fail(`${at}/elements`, 'between 1 and 10 items allowed');
      } else {
        for (const [place, each] of block.elements.entries()) {
          if (each?.type === 'image') element(each, `${at}/elements/${place}`);
          else text(each, `${at}/elements/${place}`, 3000);
        }
      }
    }
    if (block.type === 'actions') {
      if (!Array.isArray(block.elements) || block.elements.length < 1 || block.elements.length > 25) {
        fail(`${at}/elements`, 'between 1 and 25 items allowed');
      } else {
        for (const [place, each] of block.elements.entries()) {
          element(each, `${at}/elements/${place}`);
          if (each?.action_id && actionIds.has(each.action_id))
            fail(`${at}/elements/${place}/action_id`, 'action_id already exists');
          if (each?.action_id) actionIds.add(each.action_id);
        }
      }
    }
    if (block.type === 'input') {
      text(block.label, `${at}/label`, 2000, 'plain_text');
      element(block.element, `${at}/element`);
    }
  };
  for (const [index, block] of blocks.entries()) checkBlock(block, `/blocks/${index}`);
  if (faults.length > 0) throw new SlackRefusal('invalid_blocks', faults, reference);
  if (surface === 'message' && JSON.stringify(blocks).length > 13_200) {
    throw new SlackRefusal('msg_blocks_too_long', [], reference);
  }
};

export const checkView = (view: any, kind: 'modal' | 'home'): void => {
  const faults: string[] = [];
  if (!view || typeof view !== 'object' || view.type !== kind)
    faults.push(`[ERROR] type must be ${kind} [json-pointer:/view/type]`);
  if (kind === 'modal') {
    for (const [key, needed] of [
      ['title', true],
      ['submit', false],
      ['close', false],
    ] as const) {
      const value = view?.[key];
      if (value === undefined && !needed) continue;
      if (
        value?.type !== 'plain_text' ||
        typeof value.text !== 'string' ||
        value.text.length < 1 ||
        value.text.length > 24
      ) {
        faults.push(`[ERROR] must be plain_text of 1 to 24 characters [json-pointer:/view/${key}]`);
      }
    }
    const hasInput = Array.isArray(view?.blocks) && view.blocks.some((block: any) => block?.type === 'input');
    if (hasInput && view.submit === undefined)
      faults.push('[ERROR] submit is required when an input is within blocks [json-pointer:/view/submit]');
  }
  if (String(view?.private_metadata ?? '').length > 3000)
    faults.push('[ERROR] must be less than 3001 characters [json-pointer:/view/private_metadata]');
  if (String(view?.callback_id ?? '').length > 255)
    faults.push('[ERROR] must be less than 256 characters [json-pointer:/view/callback_id]');
  if (faults.length > 0) throw new SlackRefusal('invalid_arguments', faults, 'https://docs.slack.dev/reference/views');
  checkBlocks(view.blocks, kind);
};
