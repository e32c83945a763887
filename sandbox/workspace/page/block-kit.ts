import type { VNode } from 'preact';
import type { Use } from './element-kind.ts';
import { Element } from './elements.ts';
import { classes, html } from './html.ts';
import { Markdown } from './markdown.ts';
import { Plain, Text } from './mrkdwn-view.ts';
import { RichText } from './rich-text.ts';
import type { Target } from './surface.ts';

interface BlocksProps {
  blocks: any[];
  target: Target;
  use: Use;
  /** What was chosen so far, by block and action. */
  values?: Record<string, Record<string, unknown>>;
  /** What the bot does not like, by block. */
  errors?: Record<string, string>;
}

/** Block Kit, drawn. */
export const Blocks = (props: BlocksProps): VNode =>
  html`<div class="blocks">
    ${props.blocks.map((block) => {
      const draw = drawn[block.type];
      return draw ? draw(block, props) : html`<div class="block"><em>a ${block.type} block</em></div>`;
    })}
  </div>`;

const elementOf = (element: any, block: any, { target, use, values, errors }: BlocksProps, labelledBy?: string) =>
  html`<${Element}
    key=${element.action_id}
    element=${element}
    target=${target}
    blockId=${block.block_id}
    use=${use}
    value=${values?.[block.block_id]?.[element.action_id]}
    labelledBy=${labelledBy}
    invalid=${errors?.[block.block_id] !== undefined}
  />`;

/** Pictures from elsewhere are not loaded: nothing of this page tells another host who reads what. */
const Picture = ({ of, small }: { of: any; small?: boolean }) => {
  const url: string = of.image_url ?? '';
  if (url.startsWith('data:image/'))
    return html`<img class=${classes('picture', small && 'small')} src=${url} alt=${of.alt_text} />`;
  return html`<span class=${classes('picture-elsewhere', small && 'small')} title=${url}>🖼 ${small ? '' : of.alt_text}</span>`;
};

const drawn: Record<string, (block: any, props: BlocksProps) => VNode> = {
  section: (block, props) => html`<div class=${classes('block section', block.accessory && 'with-accessory')}>
    <div class="section-text">
      ${block.text && html`<${Text} of=${block.text} />`}
      ${
        block.fields &&
        html`<div class="fields">${block.fields.map((field: any) => html`<div><${Text} of=${field} /></div>`)}</div>`
      }
    </div>
    ${
      block.accessory &&
      html`<div class="accessory">
        ${block.accessory.type === 'image' ? html`<${Picture} of=${block.accessory} />` : elementOf(block.accessory, block, props)}
      </div>`
    }
  </div>`,
  header: (block) => html`<h3 class="block header"><${Plain} text=${block.text.text} /></h3>`,
  divider: () => html`<hr class="block divider" />`,
  context: (block) => html`<div class="block context-block">
    ${block.elements.map((element: any) =>
      element.type === 'image'
        ? html`<${Picture} of=${element} small />`
        : html`<span><${Text} of=${element} /></span>`,
    )}
  </div>`,
  actions: (block, props) =>
    html`<div class="block actions">${block.elements.map((element: any) => elementOf(element, block, props))}</div>`,
  image: (block) => html`<figure class="block">
    ${block.title && html`<figcaption><${Text} of=${block.title} /></figcaption>`}
    <${Picture} of=${block} />
  </figure>`,
  rich_text: (block) => html`<div class="block"><${RichText} elements=${block.elements} /></div>`,
  markdown: (block) => html`<div class="block"><${Markdown} text=${block.text} /></div>`,
  table: (block) => html`<div class="block table-scroll"><table>
    <tbody>
      ${block.rows.map(
        (row: any[]) =>
          html`<tr>
            ${row.map((cell) => html`<td>${cell.type === 'rich_text' ? html`<${RichText} elements=${cell.elements} />` : cell.text}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table></div>`,
  input: (block, props) => {
    const id = `label-${block.block_id}`;
    const error = props.errors?.[block.block_id];
    return html`<div class=${classes('block input-block', error && 'has-error')} data-block=${block.block_id}>
      <div class="label" id=${id}>
        <${Plain} text=${block.label.text} />${block.optional && html` <span class="dim">(optional)</span>`}
      </div>
      ${elementOf(block.element, block, props, id)}
      ${error && html`<div class="field-error" role="alert">${error}</div>`}
      ${block.hint && html`<div class="hint"><${Plain} text=${block.hint.text} /></div>`}
    </div>`;
  },
};
