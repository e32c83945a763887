import { useDesk } from './context.ts';
import type { ElementProps, Kind } from './element-kind.ts';
import { html } from './html.ts';
import { Text } from './mrkdwn-view.ts';

const optionsOf = (element: any): any[] =>
  element.options ?? (element.option_groups ?? []).flatMap((group: any) => group.options);

const Options = ({ element }: { element: any }) => {
  const one = (option: any) => html`<option value=${option.value}>${option.text.text}</option>`;
  return element.option_groups
    ? element.option_groups.map(
        (group: any) => html`<optgroup label=${group.label.text}>${group.options.map(one)}</optgroup>`,
      )
    : element.options.map(one);
};

/** One of what is offered, in the browser's own menu. */
export const select = (
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

export const People = () => {
  const { state } = useDesk();
  return [...state.people.values()]
    .filter(({ bot, gone }) => !bot && !gone)
    .map(({ id, realName, title }) => ({ value: id, label: title ? `${realName} (${title})` : realName }));
};

export const Channels = () => {
  const { state } = useDesk();
  return [...state.channels.values()]
    .filter(({ kind, isArchived }) => kind === 'channel' && !isArchived)
    .map(({ id, name }) => ({ value: id, label: `#${name}` }));
};

export const Fixed = ({ element }: ElementProps) =>
  optionsOf(element).map((option) => ({ value: option.value, label: option.text.text }));

/** Several of what is offered: boxes to tick, behind a summary where there are many. */
export const several = (
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

/** All options at once, to tick. */
export const Ticks: Kind = ({ element, value, choose, blockId, labelledBy }) => {
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
