import { useState } from 'preact/hooks';
import { Confirm } from './confirm.ts';
import { useDesk } from './context.ts';
import { ExternalSelect } from './external-select.ts';
import { classes, html } from './html.ts';
import { safeUrl } from './links.ts';
import { Menu } from './menu.ts';
import { Plain, Text } from './mrkdwn-view.ts';
import type { Target } from './surface.ts';

/** What an element that was used tells: its block, itself, and what was chosen. */
export type Use = (blockId: string, element: any, value?: unknown) => Promise<unknown>;

interface ElementProps {
  element: any;
  target: Target;
  blockId: string;
  use: Use;
  /** What was chosen or typed so far; undefined: what it begins with. */
  value?: unknown;
  /** Which text names it for those who do not see it. */
  labelledBy?: string;
  invalid?: boolean;
}

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

type Kind = (props: ElementProps & { choose(value?: unknown): void; busy: boolean }) => any;

const optionsOf = (element: any): any[] =>
  element.options ?? (element.option_groups ?? []).flatMap((group: any) => group.options);

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

const Options = ({ element }: { element: any }) => {
  const one = (option: any) => html`<option value=${option.value}>${option.text.text}</option>`;
  return element.option_groups
    ? element.option_groups.map(
        (group: any) => html`<optgroup label=${group.label.text}>${group.options.map(one)}</optgroup>`,
      )
    : element.options.map(one);
};

const select = (
  choices: (props: ElementProps) => { value: string; label: string }[] | undefined,
  initial: (element: any) => string,
): Kind => {
  const Select: Kind = (props) => {
    const { element, choose, labelledBy, invalid } = props;
    const value = props.value === undefined ? initial(element) : String(props.value ?? '');
    const offered = choices(props);
    return html`<select
      class="select"
      aria-labelledby=${labelledBy}
      aria-label=${labelledBy ? undefined : (element.placeholder?.text ?? 'Choose')}
      aria-invalid=${invalid ? 'true' : undefined}
      value=${value}
      onChange=${(event: Event) => choose((event.target as HTMLSelectElement).value)}
    >
      <option value="" disabled=${value !== ''}>${element.placeholder?.text ?? 'Choose …'}</option>
      ${
        offered
          ? offered.map((each) => html`<option value=${each.value}>${each.label}</option>`)
          : html`<${Options} element=${element} />`
      }
    </select>`;
  };
  return Select;
};

const People = () => {
  const { state } = useDesk();
  return [...state.people.values()]
    .filter(({ bot, gone }) => !bot && !gone)
    .map(({ id, realName, title }) => ({ value: id, label: title ? `${realName} (${title})` : realName }));
};

const Channels = () => {
  const { state } = useDesk();
  return [...state.channels.values()]
    .filter(({ kind, isArchived }) => kind === 'channel' && !isArchived)
    .map(({ id, name }) => ({ value: id, label: `#${name}` }));
};

const Fixed = ({ element }: ElementProps) =>
  optionsOf(element).map((option) => ({ value: option.value, label: option.text.text }));

/** Several of what is offered: boxes to tick, behind a summary where there are many. */
const several = (
  choices: (props: ElementProps) => { value: string; label: string }[],
  initial: (element: any) => string[],
): Kind => {
  const Several: Kind = (props) => {
    const { element, choose, labelledBy } = props;
    const offered = choices(props);
    const ticked = new Set((props.value as string[] | undefined) ?? initial(element));
    const toggle = (value: string) => {
      const next = offered.map((each) => each.value).filter((each) => (each === value) !== ticked.has(each));
      choose(next);
    };
    const named = offered.filter(({ value }) => ticked.has(value)).map(({ label }) => label);
    return html`<details class="several">
      <summary class="select" aria-labelledby=${labelledBy}>
        ${named.length > 0 ? named.join(', ') : (element.placeholder?.text ?? 'Choose …')}
      </summary>
      <div class="several-list" role="group" aria-labelledby=${labelledBy}>
        ${offered.map(
          ({ value, label }) => html`<label class="tick">
            <input type="checkbox" checked=${ticked.has(value)} onChange=${() => toggle(value)} /> <span>${label}</span>
          </label>`,
        )}
      </div>
    </details>`;
  };
  return Several;
};

const Ticks: Kind = ({ element, value, choose, blockId, labelledBy }) => {
  const isMany = element.type === 'checkboxes';
  const initial = isMany
    ? (element.initial_options ?? []).map((option: any) => option.value)
    : [element.initial_option?.value];
  const ticked = new Set(value === undefined ? initial : [value].flat());
  const onChange = (chosen: string) => {
    if (!isMany) return choose(chosen);
    choose(
      element.options
        .map((option: any) => option.value)
        .filter((each: string) => (each === chosen) !== ticked.has(each)),
    );
  };
  return html`<span class="ticks" role=${isMany ? 'group' : 'radiogroup'} aria-labelledby=${labelledBy}>
    ${element.options.map(
      (option: any) => html`<label class="tick">
        <input
          type=${isMany ? 'checkbox' : 'radio'}
          name=${`${blockId} ${element.action_id}`}
          checked=${ticked.has(option.value)}
          onChange=${() => onChange(option.value)}
        />
        <span>
          <${Text} of=${option.text} />
          ${option.description && html`<small><${Text} of=${option.description} /></small>`}
        </span>
      </label>`,
    )}
  </span>`;
};

const dated = (type: 'date' | 'time'): Kind => {
  const Dated: Kind = ({ element, value, choose, labelledBy }) => html`<input
    class="field"
    type=${type}
    aria-labelledby=${labelledBy}
    aria-label=${labelledBy ? undefined : (element.placeholder?.text ?? type)}
    value=${value ?? element[`initial_${type}`] ?? ''}
    onChange=${(event: Event) => choose((event.target as HTMLInputElement).value)}
  />`;
  return Dated;
};

const pad = (number: number) => String(number).padStart(2, '0');
/** Seconds since 1970 as a local date and time, which is what the browser's own field shows. */
const localMoment = (seconds: unknown): string => {
  if (!seconds) return '';
  const date = new Date(Number(seconds) * 1000);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}T${pad(date.getHours())}:${pad(date.getMinutes())}`;
};

const DateAndTime: Kind = ({ element, value, choose, labelledBy }) => html`<input
  class="field"
  type="datetime-local"
  aria-labelledby=${labelledBy}
  aria-label=${labelledBy ? undefined : 'Date and time'}
  value=${localMoment(value ?? element.initial_date_time)}
  onChange=${(event: Event) => {
    const at = new Date((event.target as HTMLInputElement).value).getTime();
    choose(Number.isNaN(at) ? '' : Math.floor(at / 1000));
  }}
/>`;

/** What a person types. Told at each key; whether the bot hears of it is for the block to say. */
const typed = (type: string): Kind => {
  const Typed: Kind = ({ element, value, choose, labelledBy, invalid }) => {
    const properties = {
      class: 'field',
      'aria-labelledby': labelledBy,
      'aria-invalid': invalid ? 'true' : undefined,
      placeholder: element.placeholder?.text,
      minLength: element.min_length,
      maxLength: element.max_length,
      value: value ?? element.initial_value ?? '',
      onInput: (event: Event) => choose((event.target as HTMLInputElement).value),
    };
    return element.multiline
      ? html`<textarea rows="4" ...${properties}></textarea>`
      : html`<input type=${type} autocomplete="off" min=${element.min_value} max=${element.max_value} ...${properties} />`;
  };
  return Typed;
};

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
