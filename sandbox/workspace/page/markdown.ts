import type { VNode } from 'preact';
import { html } from './html.ts';
import { Mrkdwn } from './mrkdwn-view.ts';

/** Markdown, as canvases and `markdown` blocks have it: headings, lists, tasks, code; the rest as Slack's markup. */
export const Markdown = ({ text }: { text: string }): VNode => {
  const parts = text.split(/^```.*$/m);
  return html`<div class="markdown">
    ${parts.map((part, index) =>
      index % 2 === 1 ? html`<pre class="pre">${part.replace(/^\n|\n$/g, '')}</pre>` : readBlocks(part).map(drawBlock),
    )}
  </div>`;
};

const readBlocks = (text: string): string[] =>
  text
    .split(/\n{2,}|\n(?=#{1,6} )|(?<=^#{1,6} .*)\n/m)
    .map((block) => block.replace(/^\n|\n$/g, ''))
    .filter(Boolean);

const drawBlock = (block: string): VNode => {
  const [, marks, heading] = /^(#{1,6}) (.+)$/.exec(block) ?? [];
  if (marks !== undefined) return html`<div class=${`heading level-${marks.length}`}>${inline(heading!)}</div>`;
  if (/^(-{3,}|\*{3,})$/.test(block)) return html`<hr />`;
  if (/^\|.*\|$/m.test(block)) return drawTable(block);
  return html`<div class="paragraph">${inline(block.replaceAll(/^(\s*)[-*] \[( |x)\] /gm, (_all, indent, done) => `${indent}• ${done === 'x' ? '☑' : '☐'} `))}</div>`;
};

const drawTable = (block: string): VNode => {
  const rows = block
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[\s:|-]+\|$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
  const [head = [], ...body] = rows;
  return html`<div class="table-scroll"><table>
    <thead><tr>${head.map((cell) => html`<th>${inline(cell)}</th>`)}</tr></thead>
    <tbody>${body.map((row) => html`<tr>${row.map((cell) => html`<td>${inline(cell)}</td>`)}</tr>`)}</tbody>
  </table></div>`;
};

/** Markdown's own signs, written as Slack's. */
const inline = (text: string): VNode => {
  const written = text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/\[([^\]\n]+)\]\((https?:[^)\s]+)\)/g, '<$2|$1>')
    .replaceAll(/\*\*(\S(?:.*?\S)?)\*\*/g, '*$1*');
  return html`<${Mrkdwn} text=${written} />`;
};
