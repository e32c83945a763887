import { useRef, useState } from 'preact/hooks';
import { actForBot } from './api.ts';
import { useDesk } from './context.ts';
import type { Use } from './element-kind.ts';

/** Where the elements stand: in a message, a modal or a home. */
export type Target = { channel: string; ts: string } | { viewId: string };

const typingMilliseconds = 400;
const isTyped = (type: string) => type.endsWith('_input');

/** Keeps what was chosen in blocks, and tells the bot of what it wants to know at once. */
export const useSurface = (target: Target, blocks: any[]) => {
  const { state, attempt } = useDesk();
  const [values, setValues] = useState<Record<string, Record<string, unknown>>>({});
  const waiting = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const tell = (blockId: string, element: any, value: unknown) =>
    attempt(() =>
      actForBot('click', { user: state.me, ...target, blockId, actionId: element.action_id, value, wait: false }),
    );
  const use: Use = async (blockId, element, value) => {
    const isKept = element.type !== 'button' && element.type !== 'overflow';
    if (isKept) setValues((before) => ({ ...before, [blockId]: { ...before[blockId], [element.action_id]: value } }));
    const block = blocks.find((each) => each.block_id === blockId);
    // What stands in an input waits for its submission, unless the bot wants to follow it.
    if (block?.type === 'input' && !block.dispatch_action) return;
    if (!isTyped(element.type)) return tell(blockId, element, value);
    clearTimeout(waiting.current);
    waiting.current = setTimeout(() => void tell(blockId, element, value), typingMilliseconds);
  };
  return { values, use };
};
