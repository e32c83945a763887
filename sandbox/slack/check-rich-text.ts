import { checkKeys, type Fail } from './check-elements.ts';

const inline: Record<string, string[]> = {
  text: ['text', 'style'],
  link: ['url', 'text', 'unsafe', 'style'],
  emoji: ['name', 'unicode', 'style'],
  user: ['user_id', 'style'],
  usergroup: ['usergroup_id', 'style'],
  channel: ['channel_id', 'style'],
  broadcast: ['range', 'style'],
  date: ['timestamp', 'format', 'url', 'fallback', 'style'],
  color: ['value'],
};
const needed: Record<string, string> = {
  text: 'text',
  link: 'url',
  emoji: 'name',
  user: 'user_id',
  usergroup: 'usergroup_id',
  channel: 'channel_id',
  broadcast: 'range',
  date: 'timestamp',
  color: 'value',
};

/** https://docs.slack.dev/reference/block-kit/blocks/rich-text-block */
export const checkRichText = (block: any, pointer: string, fail: Fail) => {
  if (!Array.isArray(block.elements)) return fail(`${pointer}/elements`, 'must be an array');
  for (const [index, element] of block.elements.entries()) {
    const at = `${pointer}/elements/${index}`;
    switch (element?.type) {
      case 'rich_text_list':
        if (!['bullet', 'ordered'].includes(element.style)) fail(`${at}/style`, 'must be bullet or ordered');
        for (const [item, each] of (element.elements ?? []).entries())
          if (each?.type === 'rich_text_section') checkInline(each, `${at}/elements/${item}`, fail);
          else fail(`${at}/elements/${item}/type`, 'must be rich_text_section');
        break;
      case 'rich_text_section':
      case 'rich_text_preformatted':
      case 'rich_text_quote':
        checkInline(element, at, fail);
        break;
      default:
        fail(`${at}/type`, `unsupported element ${element?.type}`);
    }
  }
};

const checkInline = (section: any, pointer: string, fail: Fail) => {
  if (!Array.isArray(section.elements)) return fail(`${pointer}/elements`, 'must be an array');
  for (const [index, element] of section.elements.entries()) {
    const at = `${pointer}/elements/${index}`;
    const takes = Object.hasOwn(inline, element?.type) ? inline[element.type] : undefined;
    if (!takes) {
      fail(`${at}/type`, `unsupported element ${element?.type}`);
      continue;
    }
    checkKeys(element, ['type', ...takes], at, fail);
    const key = needed[element.type]!;
    if (element[key] === undefined || element[key] === '') fail(`${at}/${key}`, `missing required field: ${key}`);
  }
};
