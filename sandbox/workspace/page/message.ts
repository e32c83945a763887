import { Component } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Message, Person, Shortcut } from '../shapes.ts';
import { act } from './api.ts';
import { Avatar } from './avatar.ts';
import { Blocks } from './block-kit.ts';
import { useDesk } from './context.ts';
import { hoursAndMinutes, inFull } from './dates.ts';
import { emojiOf } from './emoji.ts';
import { encodeTyped, typedOf } from './encode.ts';
import { classes, html } from './html.ts';
import { MessageTools, toggleReaction } from './message-tools.ts';
import { Mrkdwn } from './mrkdwn-view.ts';
import { useSurface } from './surface.ts';
import { worldTime } from './world-time.ts';

export interface MessageProps {
  message: Message;
  person: Person | undefined;
  me: string;
  shortcuts: Shortcut[];
  /** Follows one of the same person: without name and picture. */
  follows?: boolean;
  replies?: number;
  lastReply?: string;
  highlighted?: boolean;
  inThread?: boolean;
}

/** One message; drawn again only when something of it has changed. */
export class MessageRow extends Component<MessageProps> {
  override shouldComponentUpdate(next: MessageProps): boolean {
    return (Object.keys(next) as (keyof MessageProps)[]).some((key) => next[key] !== this.props[key]);
  }

  override render(props: MessageProps) {
    return html`<${Drawn} ...${props} />`;
  }
}

const Drawn = ({
  message,
  person,
  me,
  shortcuts,
  follows,
  replies,
  lastReply,
  highlighted,
  inThread,
}: MessageProps) => {
  const desk = useDesk();
  const row = useRef<HTMLElement>(null);
  const [editing, setEditing] = useState(false);
  // Only where somebody points or has come with the keyboard: five buttons at each message would be a long way to tab.
  const [near, setNear] = useState(false);
  const at = worldTime.ofMessage(message.ts);
  useEffect(() => {
    if (highlighted) row.current?.scrollIntoView({ block: 'center' });
  }, [highlighted]);

  return html`<article
    ref=${row}
    class=${classes('message', follows && 'follows', message.ephemeral && 'ephemeral', message.pinned && 'pinned', highlighted && 'highlighted')}
    data-ts=${message.ts}
    tabindex="-1"
    onPointerEnter=${() => setNear(true)}
    onPointerLeave=${() => setNear(row.current?.contains(document.activeElement) === true)}
    onFocusIn=${() => setNear(true)}
    onFocusOut=${(event: FocusEvent) => {
      if (!row.current?.contains(event.relatedTarget as Node | null)) setNear(false);
    }}
    aria-label=${`${person?.realName ?? message.user}, ${hoursAndMinutes(at)}`}
  >
    <div class="gutter">
      ${follows ? html`<time class="hover-time" aria-hidden="true">${hoursAndMinutes(at)}</time>` : html`<${Avatar} person=${person} />`}
    </div>
    <div class="message-main">
      ${message.ephemeral && html`<div class="note"><span aria-hidden="true">◉</span> Only visible to you</div>`}
      ${message.pinned && html`<div class="note pin-note"><span aria-hidden="true">📌</span> Pinned</div>`}
      ${message.broadcast && html`<div class="note">also in its thread</div>`}
      ${
        !follows &&
        html`<div class="byline">
          <strong>${person?.realName ?? message.user}</strong>
          ${person?.bot && html`<span class="badge">app</span>`}
          ${person?.title && html`<span class="dim title">${person.title}</span>`}
          <time class="dim" datetime=${at.toISOString()} title=${`${inFull(at)} in this world`}>${hoursAndMinutes(at)}</time>
          ${message.edited && message.blocks && html`<span class="dim edited">edited</span>`}
        </div>`
      }
      ${
        editing
          ? html`<${Editor} message=${message} onDone=${() => setEditing(false)} />`
          : html`<${Content} message=${message} />`
      }
      ${message.files?.map((file) => html`<${FileView} file=${file} />`)}
      <${Reactions} message=${message} me=${me} />
      ${
        !inThread &&
        Boolean(replies) &&
        html`<button class="replies" onClick=${() => desk.openThread(message.channel, message.ts)}>
          ${replies} ${replies === 1 ? 'reply' : 'replies'}
          <span class="dim">last ${hoursAndMinutes(worldTime.ofMessage(lastReply!))}</span>
        </button>`
      }
    </div>
    ${
      near &&
      !message.ephemeral &&
      html`<${MessageTools}
        message=${message}
        me=${me}
        shortcuts=${shortcuts}
        inThread=${inThread}
        onEdit=${() => setEditing(true)}
      />`
    }
  </article>`;
};

const Content = ({ message }: { message: Message }) => {
  const blocks = message.blocks ?? [];
  const target = { channel: message.channel, ts: message.ts };
  const { values, use } = useSurface(target, blocks);
  const edited = message.edited && html`<span class="edited dim"> (edited)</span>`;
  // As in Slack: with blocks the text is for notifications only.
  return blocks.length > 0
    ? html`<${Blocks} blocks=${blocks} target=${target} use=${use} values=${values} />`
    : html`<div class="text"><${Mrkdwn} text=${message.text} />${edited}</div>`;
};

const Editor = ({ message, onDone }: { message: Message; onDone(): void }) => {
  const { state, attempt } = useDesk();
  const [text, setText] = useState(typedOf(message.text, state));
  const save = async () => {
    const body = { user: state.me, channel: message.channel, ts: message.ts, text: encodeTyped(text, state) };
    if (text.trim() !== '') await attempt(() => act('edit', body));
    onDone();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') onDone();
    if (event.key !== 'Enter' || event.shiftKey) return;
    event.preventDefault();
    void save();
  };
  return html`<div class="editor">
    <textarea
      class="field"
      rows="2"
      autofocus
      aria-label="Edit the message"
      value=${text}
      onInput=${(event: Event) => setText((event.target as HTMLTextAreaElement).value)}
      onKeyDown=${onKeyDown}
    ></textarea>
    <div class="row"><button class="button" onClick=${onDone}>Cancel</button><button class="button primary" onClick=${save}>Save</button></div>
  </div>`;
};

const Reactions = ({ message, me }: { message: Message; me: string }) => {
  const { state, attempt } = useDesk();
  if (message.reactions.length === 0) return null;
  return html`<div class="reactions">
    ${message.reactions.map(({ name, users }) => {
      const who = users.map((id) => state.people.get(id)?.realName ?? id).join(', ');
      const mine = users.includes(me);
      return html`<button
        key=${name}
        class=${classes('reaction', mine && 'mine')}
        aria-pressed=${String(mine)}
        aria-label=${`${name.replaceAll('_', ' ')}: ${who}`}
        title=${who}
        onClick=${() => attempt(() => toggleReaction(message, name, me))}
      ><span aria-hidden="true">${emojiOf(name) ?? `:${name}:`}</span> ${users.length}</button>`;
    })}
  </div>`;
};

const FileView = ({ file }: { file: NonNullable<Message['files']>[number] }) => {
  const address = `/api/files/${file.id}`;
  const size = file.size < 1024 ? `${file.size} bytes` : `${Math.round(file.size / 1024)} kB`;
  if (['image/png', 'image/jpeg', 'image/gif'].includes(file.mimetype))
    return html`<a href=${address} target="_blank" rel="noopener"><img class="picture" src=${address} alt=${file.title} /></a>`;
  return html`<a class="file" href=${address} download=${file.name}>
    <span aria-hidden="true">📄</span><span><strong>${file.title}</strong><small class="dim">${file.name}, ${size}</small></span>
  </a>`;
};
