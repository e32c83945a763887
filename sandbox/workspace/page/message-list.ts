import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Message } from '../shapes.ts';
import { useDesk } from './context.ts';
import { isSameDay, wholeDay } from './dates.ts';
import { html } from './html.ts';
import { MessageRow } from './message.ts';
import { worldTime } from './world-time.ts';

const togetherSeconds = 300;
const bottomPixels = 60;
/** So many are drawn until somebody asks for more: what is far up is seldom read, and costs at each change. */
const drawnAtFirst = 100;

/** Messages under each other; stays at the bottom for as long as the reader is there. */
export const MessageList = ({
  messages,
  highlighted,
  unreadFrom,
  inThread,
  label,
}: {
  messages: Message[];
  highlighted?: string;
  unreadFrom?: string;
  inThread?: boolean;
  label: string;
}) => {
  const { state } = useDesk();
  const scroller = useRef<HTMLDivElement>(null);
  const atBottom = useRef(highlighted === undefined);
  const [missed, setMissed] = useState(0);
  const [drawn, setDrawn] = useState(drawnAtFirst);
  const isFarUp =
    highlighted !== undefined && messages.findIndex(({ ts }) => ts === highlighted) < messages.length - drawn;
  const left = isFarUp ? 0 : Math.max(0, messages.length - drawn);
  const channel = messages[0]?.channel;
  const all = state.messages.get(channel ?? '');

  const toBottom = () => {
    const box = scroller.current;
    if (box) box.scrollTop = box.scrollHeight;
    setMissed(0);
  };
  useLayoutEffect(() => {
    if (atBottom.current) toBottom();
  });
  useEffect(() => {
    if (!atBottom.current) setMissed((count) => count + 1);
  }, [messages.length]);
  // A card that grows while one looks at it pushes the list as a new message does.
  useEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const observer = new ResizeObserver(() => {
      if (atBottom.current) toBottom();
    });
    observer.observe(box.firstElementChild!);
    return () => observer.disconnect();
  }, [channel]);
  useLayoutEffect(() => {
    if (highlighted !== undefined) atBottom.current = false;
  }, [highlighted]);
  // Arrows go from message to message; from there Tab leads to what can be done with it.
  const onKeyDown = (event: KeyboardEvent) => {
    const isList = event.target === scroller.current;
    const isMessage = (event.target as HTMLElement).matches('article');
    if ((!isList && !isMessage) || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
    const all = [...scroller.current!.querySelectorAll<HTMLElement>('article')];
    const at = all.indexOf(event.target as HTMLElement);
    const to = isList ? all.length - 1 : at + (event.key === 'ArrowUp' ? -1 : 1);
    event.preventDefault();
    all[to]?.focus();
  };
  const earlier = () => {
    // What one was reading stays where it is.
    const box = scroller.current!;
    const fromBottom = box.scrollHeight - box.scrollTop;
    setDrawn(drawn + drawnAtFirst);
    requestAnimationFrame(() => {
      box.scrollTop = box.scrollHeight - fromBottom;
    });
  };
  const onScroll = () => {
    const box = scroller.current!;
    atBottom.current = box.scrollHeight - box.scrollTop - box.clientHeight < bottomPixels;
    if (atBottom.current && missed > 0) setMissed(0);
  };

  const replies = new Map<string, Message[]>();
  for (const message of all?.values() ?? [])
    if (message.threadTs && message.threadTs !== message.ts && !message.ephemeral)
      replies.set(message.threadTs, [...(replies.get(message.threadTs) ?? []), message]);

  let previous: Message | undefined;
  const rows = messages.slice(left).map((message) => {
    const at = worldTime.ofMessage(message.ts);
    const isNewDay = !previous || !isSameDay(at, worldTime.ofMessage(previous.ts));
    const follows =
      !isNewDay &&
      previous!.user === message.user &&
      !message.ephemeral &&
      !previous!.ephemeral &&
      message.ts !== unreadFrom &&
      Number(message.ts) - Number(previous!.ts) < togetherSeconds &&
      !message.pinned &&
      // What was laid out in blocks stands for itself.
      !message.blocks &&
      !previous!.blocks;
    previous = message;
    const answers = replies.get(message.ts);
    return html`
      ${isNewDay && html`<div class="day" role="separator"><span>${wholeDay(at)}</span></div>`}
      ${message.ts === unreadFrom && html`<div class="unread-line" role="separator"><span>New</span></div>`}
      <${MessageRow}
        key=${message.ts}
        message=${message}
        person=${state.people.get(message.user)}
        me=${state.me}
        shortcuts=${state.shortcuts}
        follows=${follows}
        replies=${answers?.length ?? 0}
        lastReply=${answers?.at(-1)?.ts}
        highlighted=${message.ts === highlighted}
        inThread=${inThread === true}
      />`;
  });
  return html`<div class="list-frame">
    <div class="scroller" ref=${scroller} onScroll=${onScroll} onKeyDown=${onKeyDown} role="log" aria-label=${label} tabindex="0">
      <div class="messages">
        ${left > 0 && html`<button class="button small earlier" onClick=${earlier}>Show ${Math.min(left, drawnAtFirst)} earlier messages</button>`}
        ${rows}
      </div>
    </div>
    ${
      missed > 0 &&
      html`<button class="missed" onClick=${() => {
        atBottom.current = true;
        toBottom();
      }}>↓ ${missed} new</button>`
    }
  </div>`;
};
