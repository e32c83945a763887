import type { VNode } from 'preact';
import { useDesk } from './context.ts';
import { fillDate, inFull } from './dates.ts';
import { emojiOf } from './emoji.ts';
import { classes, html } from './html.ts';
import { addressOf, messageOf, safeUrl } from './links.ts';
import { type Paragraph, type Piece, readMrkdwn } from './mrkdwn.ts';
import { worldTime } from './world-time.ts';

/** Text as Slack's markup says. */
export const Mrkdwn = ({ text }: { text: string }) => html`<${Paragraphs} paragraphs=${readMrkdwn(text)} />`;

/** Plain text: emoji are drawn, and nothing else. */
export const Plain = ({ text }: { text: string }) => {
  const parts = text.split(/:([a-z0-9_+'-]+):/);
  return html`${parts.map((part, index) => (index % 2 === 0 ? part : html`<${Emoji} name=${part} />`))}`;
};

/** A text object of Block Kit. */
export const Text = ({ of }: { of: any }) =>
  of.type === 'mrkdwn' ? html`<${Mrkdwn} text=${of.text} />` : html`<${Plain} text=${of.text} />`;

export const Emoji = ({ name }: { name: string }) => {
  const drawn = emojiOf(name);
  return drawn === undefined
    ? html`<span class="emoji-unknown">:${name}:</span>`
    : html`<span class="emoji" role="img" aria-label=${name.replaceAll('_', ' ')} title=${`:${name}:`}>${drawn}</span>`;
};

const Paragraphs = ({ paragraphs }: { paragraphs: Paragraph[] }): VNode => html`${paragraphs.map(draw)}`;

const draw = (paragraph: Paragraph): VNode => {
  switch (paragraph.kind) {
    case 'preformatted':
      return html`<pre class="pre">${paragraph.text}</pre>`;
    case 'quote':
      return html`<blockquote><${Paragraphs} paragraphs=${paragraph.paragraphs} /></blockquote>`;
    case 'list':
      return html`<ul class="list">
        ${paragraph.items.map(
          ({ marker, depth, pieces }) => html`<li class=${`depth-${Math.min(depth, 3)}`}>
            <span class="marker" aria-hidden="true">${marker === '*' || marker === '-' ? '•' : marker}</span>
            <span><${Pieces} pieces=${pieces} /></span>
          </li>`,
        )}
      </ul>`;
    case 'lines':
      return html`<div class="lines"><${Pieces} pieces=${paragraph.pieces} /></div>`;
  }
};

export const Pieces = ({ pieces }: { pieces: Piece[] }): VNode =>
  html`${pieces.map((piece) => html`<${PieceView} piece=${piece} />`)}`;

const PieceView = ({ piece }: { piece: Piece }) => {
  switch (piece.kind) {
    case 'text':
      return piece.text;
    case 'break':
      return html`<br />`;
    case 'bold':
      return html`<strong><${Pieces} pieces=${piece.pieces} /></strong>`;
    case 'italic':
      return html`<em><${Pieces} pieces=${piece.pieces} /></em>`;
    case 'strike':
      return html`<s><${Pieces} pieces=${piece.pieces} /></s>`;
    case 'code':
      return html`<code>${piece.text}</code>`;
    case 'emoji':
      return html`<${Emoji} name=${piece.name} />`;
    case 'link':
      return html`<${Link} url=${piece.url}><${Pieces} pieces=${piece.pieces} /><//>`;
    case 'user':
    case 'group':
    case 'channel':
      return html`<${Mention} ...${piece} />`;
    case 'broadcast':
      return html`<span class="mention of-me">@${piece.range}</span>`;
    case 'date':
      return html`<${Moment} ...${piece} />`;
  }
};

export const Link = ({ url, children }: { url: string; children?: unknown }) => {
  const { go } = useDesk();
  const message = messageOf(url);
  if (message) {
    const open = (event: Event) => {
      event.preventDefault();
      go(message.channel, message.ts);
    };
    return html`<a href=${addressOf(message.channel, message.ts)} onClick=${open}>${children}</a>`;
  }
  const safe = safeUrl(url);
  if (safe === undefined) return html`<span title=${`not opened: ${url}`}>${children}</span>`;
  return html`<a href=${safe} target="_blank" rel="noopener noreferrer">${children}</a>`;
};

export const Mention = ({ kind, id, label }: { kind: 'user' | 'group' | 'channel'; id: string; label?: string }) => {
  const { state, go } = useDesk();
  if (kind === 'channel') {
    const channel = state.channels.get(id);
    const name = channel?.name ?? label ?? id;
    if (!channel) return html`<span class="mention">#${name}</span>`;
    const open = (event: Event) => {
      event.preventDefault();
      go(id);
    };
    return html`<a class="mention" href=${addressOf(id)} onClick=${open}>#${name}</a>`;
  }
  if (kind === 'group') {
    const group = state.groups.find((each) => each.id === id);
    return html`<span class="mention">@${group?.handle ?? label?.replace(/^@/, '') ?? id}</span>`;
  }
  const person = state.people.get(id);
  const title = person ? [person.realName, person.title].filter(Boolean).join(', ') : id;
  return html`<span class=${classes('mention', id === state.me && 'of-me')} title=${title}>
    @${person?.realName ?? label ?? id}
  </span>`;
};

/** A moment in the zone of whoever reads; the tooltip has it in full. */
export const Moment = ({
  timestamp,
  pattern,
  url,
  fallback,
}: {
  timestamp: number;
  pattern: string;
  url?: string;
  fallback: string;
}) => {
  const date = new Date(timestamp * 1000);
  if (Number.isNaN(date.getTime())) return html`<span>${fallback}</span>`;
  const shown = html`<time datetime=${date.toISOString()} title=${inFull(date)}>
    ${fillDate(pattern, date, worldTime.now())}
  </time>`;
  return url ? html`<${Link} url=${url}>${shown}<//>` : shown;
};
