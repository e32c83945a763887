import { checkElement, checkImage, checkKeys, checkLength, checkText, type Fail } from './check-elements.ts';
import { checkRichText } from './check-rich-text.ts';
import { SlackRefusal } from './slack-refusal.ts';

const reference = 'https://docs.slack.dev/reference/block-kit/blocks';

export type Surface = 'message' | 'modal' | 'home';

interface BlockRule {
  surfaces: Surface[];
  takes: string[];
  check?(block: any, pointer: string, fail: Fail): void;
}

const everywhere: Surface[] = ['message', 'modal', 'home'];

const checkSection = (block: any, at: string, fail: Fail) => {
  if (block.text === undefined && block.fields === undefined) fail(at, 'either text or fields is needed');
  if (block.text !== undefined) checkText(block.text, `${at}/text`, 3000, fail);
  if (block.fields !== undefined) {
    if (!Array.isArray(block.fields) || block.fields.length < 1 || block.fields.length > 10)
      fail(`${at}/fields`, 'no more than 10 items allowed');
    else for (const [field, each] of block.fields.entries()) checkText(each, `${at}/fields/${field}`, 2000, fail);
  }
  if (block.accessory !== undefined) checkElement(block.accessory, `${at}/accessory`, 'section', fail);
};

const checkContext = (block: any, at: string, fail: Fail) => {
  if (!Array.isArray(block.elements) || block.elements.length < 1 || block.elements.length > 10)
    return fail(`${at}/elements`, 'between 1 and 10 items allowed');
  for (const [place, each] of block.elements.entries()) {
    if (each?.type === 'image') checkElement(each, `${at}/elements/${place}`, 'context', fail);
    else checkText(each, `${at}/elements/${place}`, 3000, fail);
  }
};

const checkActions = (block: any, at: string, fail: Fail) => {
  if (!Array.isArray(block.elements) || block.elements.length < 1 || block.elements.length > 25)
    return fail(`${at}/elements`, 'between 1 and 25 items allowed');
  const actionIds = new Set<string>();
  for (const [place, each] of block.elements.entries()) {
    checkElement(each, `${at}/elements/${place}`, 'actions', fail);
    if (actionIds.has(each?.action_id)) fail(`${at}/elements/${place}/action_id`, 'action_id already exists');
    if (each?.action_id !== undefined) actionIds.add(each.action_id);
  }
};

const checkInput = (block: any, at: string, fail: Fail) => {
  checkText(block.label, `${at}/label`, 2000, fail, 'plain_text');
  if (block.hint !== undefined) checkText(block.hint, `${at}/hint`, 2000, fail, 'plain_text');
  checkElement(block.element, `${at}/element`, 'input', fail);
};

const checkTable = (block: any, at: string, fail: Fail) => {
  if (!Array.isArray(block.rows) || block.rows.length < 1 || block.rows.length > 100)
    return fail(`${at}/rows`, 'between 1 and 100 items allowed');
  for (const [row, cells] of block.rows.entries()) {
    if (!Array.isArray(cells) || cells.length < 1 || cells.length > 20)
      fail(`${at}/rows/${row}`, 'between 1 and 20 items allowed');
    else
      for (const [index, cell] of cells.entries()) {
        const pointer = `${at}/rows/${row}/${index}`;
        if (cell?.type === 'rich_text') checkRichText(cell, pointer, fail);
        else if (cell?.type !== 'raw_text' || typeof cell.text !== 'string')
          fail(pointer, 'must be raw_text or rich_text');
      }
  }
};

/** https://docs.slack.dev/reference/block-kit/blocks; a video needs a domain of the app's own, so it is not here. */
const rules: Record<string, BlockRule> = {
  section: { surfaces: everywhere, takes: ['text', 'fields', 'accessory', 'expand'], check: checkSection },
  divider: { surfaces: everywhere, takes: [] },
  header: {
    surfaces: everywhere,
    takes: ['text'],
    check: (block, at, fail) => checkText(block.text, `${at}/text`, 150, fail, 'plain_text'),
  },
  context: { surfaces: everywhere, takes: ['elements'], check: checkContext },
  actions: { surfaces: everywhere, takes: ['elements'], check: checkActions },
  input: {
    surfaces: everywhere,
    takes: ['label', 'element', 'dispatch_action', 'hint', 'optional'],
    check: checkInput,
  },
  rich_text: { surfaces: everywhere, takes: ['elements'], check: checkRichText },
  image: {
    surfaces: everywhere,
    takes: ['image_url', 'slack_file', 'alt_text', 'title'],
    check(block, at, fail) {
      checkImage(block, at, fail);
      if (block.title !== undefined) checkText(block.title, `${at}/title`, 2000, fail, 'plain_text');
    },
  },
  markdown: {
    surfaces: ['message'],
    takes: ['text'],
    check(block, at, fail) {
      if (typeof block.text !== 'string' || block.text === '') fail(`${at}/text`, 'must be more than 0 characters');
      else checkLength(block.text, `${at}/text`, 12_000, fail);
    },
  },
  table: { surfaces: ['message'], takes: ['rows', 'column_settings'], check: checkTable },
};

/** Refuses with `invalid_blocks` what Slack's own limits refuse, naming each fault by its JSON pointer. */
export const checkBlocks = (blocks: unknown, surface: Surface) => {
  const faults: string[] = [];
  const fail: Fail = (pointer, text) => faults.push(`[ERROR] ${text} [json-pointer:${pointer}]`);
  const most = surface === 'message' ? 50 : 100;
  if (!Array.isArray(blocks)) throw new SlackRefusal('invalid_blocks_format', ['blocks must be an array'], reference);
  if (blocks.length > most) fail('/blocks', `no more than ${most} items allowed`);

  const blockIds = new Set<string>();
  for (const [index, block] of blocks.entries()) {
    const at = `/blocks/${index}`;
    const rule = block && Object.hasOwn(rules, block.type) ? rules[block.type] : undefined;
    if (!rule?.surfaces.includes(surface)) {
      fail(`${at}/type`, `unsupported block ${block?.type}`);
      continue;
    }
    checkKeys(block, ['type', 'block_id', ...rule.takes], at, fail);
    checkLength(block.block_id, `${at}/block_id`, 255, fail);
    if (blockIds.has(block.block_id)) fail(`${at}/block_id`, 'block_id already exists');
    if (block.block_id !== undefined) blockIds.add(block.block_id);
    rule.check?.(block, at, fail);
  }
  if (faults.length > 0) throw new SlackRefusal('invalid_blocks', faults, reference);
  if (surface === 'message' && JSON.stringify(blocks).length > 13_200) {
    throw new SlackRefusal('msg_blocks_too_long', [], reference);
  }
};
