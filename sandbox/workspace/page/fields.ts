import type { Kind } from './element-kind.ts';
import { html } from './html.ts';

/** A day, or a time of day. */
export const dated = (type: 'date' | 'time'): Kind => {
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

export const DateAndTime: Kind = ({ element, value, choose, labelledBy }) => html`<input
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
export const typed = (type: string): Kind => {
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
