import { checkBlocks } from './check-blocks.ts';
import { checkKeys, checkText, type Fail } from './check-elements.ts';
import { SlackRefusal } from './slack-refusal.ts';

const reference = 'https://docs.slack.dev/reference/views';
const ofBoth = ['type', 'blocks', 'private_metadata', 'callback_id', 'external_id'];
const ofModals = ['title', 'submit', 'close', 'clear_on_close', 'notify_on_close', 'submit_disabled'];

/** Refuses a view that Slack would not open or publish. */
export const checkView = (view: any, kind: 'modal' | 'home') => {
  const faults: string[] = [];
  const fail: Fail = (pointer, text) => faults.push(`[ERROR] ${text} [json-pointer:${pointer}]`);
  if (!view || typeof view !== 'object')
    throw new SlackRefusal('invalid_arguments', ['[ERROR] view must be an object'], reference);
  if (view.type !== kind) fail('/view/type', `must be ${kind}`);
  checkKeys(view, kind === 'modal' ? [...ofBoth, ...ofModals] : ofBoth, '/view', fail);
  if (kind === 'modal') {
    checkText(view.title, '/view/title', 24, fail, 'plain_text');
    for (const key of ['submit', 'close'])
      if (view[key] !== undefined) checkText(view[key], `/view/${key}`, 24, fail, 'plain_text');
    const hasInput = Array.isArray(view.blocks) && view.blocks.some((block: any) => block?.type === 'input');
    if (hasInput && view.submit === undefined)
      fail('/view/submit', 'submit is required when an input is within blocks');
  }
  const longest = { private_metadata: 3000, callback_id: 255, external_id: 255 };
  for (const [key, most] of Object.entries(longest))
    if (String(view[key] ?? '').length > most) fail(`/view/${key}`, `must be less than ${most + 1} characters`);
  if (faults.length > 0) throw new SlackRefusal('invalid_arguments', faults, reference);
  checkBlocks(view.blocks, kind);
};
