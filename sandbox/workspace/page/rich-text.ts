import type { VNode } from 'preact';
import { html } from './html.ts';
import { Emoji, Link, Mention, Moment } from './mrkdwn-view.ts';

/** A `rich_text` block. */
export const RichText = ({ elements }: { elements: any[] }): VNode => html`${elements.map(drawElement)}`;

const drawElement = (element: any): VNode => {
  const inside = () => (element.elements ?? []).map(drawInline);
  switch (element.type) {
    case 'rich_text_preformatted':
      return html`<pre class="pre">${inside()}</pre>`;
    case 'rich_text_quote':
      return html`<blockquote>${inside()}</blockquote>`;
    case 'rich_text_list': {
      const items = (element.elements ?? []).map(
        (item: any) => html`<li>${(item.elements ?? []).map(drawInline)}</li>`,
      );
      const depth = `rich-list depth-${Math.min(element.indent ?? 0, 3)}`;
      return element.style === 'ordered'
        ? html`<ol class=${depth} start=${(element.offset ?? 0) + 1}>${items}</ol>`
        : html`<ul class=${depth}>${items}</ul>`;
    }
    default:
      return html`<div class="lines">${inside()}</div>`;
  }
};

const drawInline = (element: any): unknown => {
  const plain = () => {
    switch (element.type) {
      case 'text':
        return String(element.text)
          .split('\n')
          .map((line, index) => (index === 0 ? line : [html`<br />`, line]));
      case 'link':
        return html`<${Link} url=${element.url}>${element.text ?? element.url}<//>`;
      case 'emoji':
        return html`<${Emoji} name=${element.name} />`;
      case 'user':
        return html`<${Mention} kind="user" id=${element.user_id} />`;
      case 'usergroup':
        return html`<${Mention} kind="group" id=${element.usergroup_id} />`;
      case 'channel':
        return html`<${Mention} kind="channel" id=${element.channel_id} />`;
      case 'broadcast':
        return html`<span class="mention of-me">@${element.range}</span>`;
      case 'date':
        return html`<${Moment}
          timestamp=${element.timestamp}
          pattern=${element.format}
          url=${element.url}
          fallback=${element.fallback ?? ''}
        />`;
      case 'color':
        return html`<code>${element.value}</code>`;
      default:
        return '';
    }
  };
  let drawn: unknown = plain();
  const style = element.style ?? {};
  if (style.code) drawn = html`<code>${drawn}</code>`;
  if (style.strike) drawn = html`<s>${drawn}</s>`;
  if (style.italic) drawn = html`<em>${drawn}</em>`;
  if (style.bold) drawn = html`<strong>${drawn}</strong>`;
  return drawn;
};
