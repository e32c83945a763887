import { useState } from 'preact/hooks';
import { Channels, Fixed, People, select, several, Ticks } from './choices.ts';
import { Confirm } from './confirm.ts';
import type { ElementProps, Kind } from './element-kind.ts';
import { ExternalSelect } from './external-select.ts';
import { DateAndTime, dated, typed } from './fields.ts';
import { classes, html } from './html.ts';
import { safeUrl } from './links.ts';
import { Menu } from './menu.ts';
import { Plain, Text } from './mrkdwn-view.ts';

/** One interactive element; asks first where it has a question. */
export const Element = (props: ElementProps) => {
  const { element, blockId, use } = props;
  const [asked, setAsked] = useState<{ value: unknown } | undefined>();
  const [busy, setBusy] = useState(false);
  const carryOut = async (value: unknown) => {
    setBusy(true);
    await use(blockId, element, value);
    setBusy(false);
  };
  const choose = (value?: unknown) => {
    // Not disabled meanwhile: what is disabled loses the focus, and whoever came with the keyboard their place.
    if (busy && element.type === 'button') return;
    if (element.confirm) setAsked({ value });
    else void carryOut(value);
  };
  const kind = kinds[element.type];
  return html`<span class=${classes('element', busy && 'busy')}>
    ${kind ? html`<${kind} ...${props} choose=${choose} busy=${busy} />` : html`<em>${element.type}</em>`}
    ${
      asked &&
      html`<${Confirm}
      of=${element.confirm}
      onNo=${() => setAsked(undefined)}
      onYes=${() => {
        setAsked(undefined);
        void carryOut(asked.value);
      }}
    />`
    }
  </span>`;
};

const Button: Kind = ({ element, choose, busy }) => {
  const style = element.style ?? '';
  const url = element.url === undefined ? undefined : safeUrl(element.url);
  // A button with an address opens it, and the bot is told all the same.
  if (url !== undefined)
    return html`<a class=${`button ${style}`} href=${url} target="_blank" rel="noopener noreferrer" onClick=${() => choose()}>
      <${Plain} text=${element.text.text} /> <span aria-hidden="true">↗</span>
    </a>`;
  return html`<button class=${`button ${style}`} aria-disabled=${busy ? 'true' : undefined} aria-label=${element.accessibility_label} onClick=${() => choose()}>
    <${Plain} text=${element.text.text} />
  </button>`;
};

const Overflow: Kind = ({ element, choose }) =>
  html`<${Menu}
    label="⋯"
    title="More actions"
    className="button icon"
    items=${element.options.map((option: any) => ({
      label: html`<${Text} of=${option.text} />`,
      description: option.description && html`<${Text} of=${option.description} />`,
      choose: () => choose(option.value),
    }))}
  />`;

const initialOption = (element: any) => element.initial_option?.value ?? '';
const initialOptions = (element: any) => (element.initial_options ?? []).map((option: any) => option.value);

const kinds: Record<string, Kind> = {
  button: Button,
  overflow: Overflow,
  static_select: select(() => undefined, initialOption),
  external_select: ExternalSelect as Kind,
  multi_external_select: ExternalSelect as Kind,
  users_select: select(People, (element) => element.initial_user ?? ''),
  channels_select: select(Channels, (element) => element.initial_channel ?? ''),
  conversations_select: select(Channels, (element) => element.initial_conversation ?? ''),
  multi_static_select: several(Fixed, initialOptions),
  multi_users_select: several(People, (element) => element.initial_users ?? []),
  multi_channels_select: several(Channels, (element) => element.initial_channels ?? []),
  multi_conversations_select: several(Channels, (element) => element.initial_conversations ?? []),
  radio_buttons: Ticks,
  checkboxes: Ticks,
  datepicker: dated('date'),
  timepicker: dated('time'),
  datetimepicker: DateAndTime,
  plain_text_input: typed('text'),
  email_text_input: typed('email'),
  url_text_input: typed('url'),
  number_input: typed('number'),
};
