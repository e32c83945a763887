import type { Message, Shortcut } from '../shapes.ts';
import { act, actForBot } from './api.ts';
import { useDesk } from './context.ts';
import { emojiOf } from './emoji.ts';
import { html } from './html.ts';
import { addressOf } from './links.ts';
import { Menu, type MenuItem } from './menu.ts';

const quickReactions = ['pushpin', 'white_check_mark', 'eyes'];

export const toggleReaction = (message: Message, name: string, me: string) => {
  const remove = message.reactions.find((each) => each.name === name)?.users.includes(me) === true;
  return act('react', { user: me, channel: message.channel, ts: message.ts, name, remove });
};

/** What one can do with a message: react, answer, and all the rest in a menu. */
export const MessageTools = ({
  message,
  me,
  shortcuts,
  inThread,
  onEdit,
}: {
  message: Message;
  me: string;
  shortcuts: Shortcut[];
  inThread?: boolean;
  onEdit(): void;
}) => {
  const desk = useDesk();
  const where = { user: me, channel: message.channel, ts: message.ts };
  const copy = async () => {
    await navigator.clipboard.writeText(new URL(addressOf(message.channel, message.ts), location.href).href);
    desk.tell('The link is in your clipboard.');
  };
  const items: MenuItem[] = [
    ...shortcuts
      .filter(({ type }) => type === 'message')
      .map(({ name, description, callbackId }) => ({
        label: `⚡ ${name}`,
        description,
        choose: () => void desk.attempt(() => actForBot('shortcut', { ...where, callbackId })),
      })),
    {
      label: message.pinned ? 'Unpin from the channel' : 'Pin to the channel',
      choose: () => void desk.attempt(() => act('pin', { ...where, remove: message.pinned })),
    },
    { label: 'Copy link', choose: () => void desk.attempt(copy) },
    ...(message.user === me
      ? [
          { label: 'Edit', choose: onEdit },
          { label: 'Delete', danger: true, choose: () => void desk.attempt(() => act('delete', where)) },
        ]
      : []),
  ];
  return html`<div class="message-tools" role="toolbar" aria-label="Message">
    ${quickReactions.map((name) => {
      const label = `React with ${name.replaceAll('_', ' ')}`;
      return html`<button
        class="icon-button"
        title=${name === 'pushpin' ? 'Put it on the timeline' : label}
        aria-label=${label}
        onClick=${() => desk.attempt(() => toggleReaction(message, name, me))}
      >${emojiOf(name)}</button>`;
    })}
    ${
      !inThread &&
      html`<button
        class="icon-button"
        title="Reply in thread"
        aria-label="Reply in thread"
        onClick=${() => desk.openThread(message.channel, message.threadTs ?? message.ts)}
      >💬</button>`
    }
    <${Menu} label="⋯" title="More for this message" items=${items} />
  </div>`;
};
