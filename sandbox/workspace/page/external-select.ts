import { useRef, useState } from 'preact/hooks';
import { act } from './api.ts';
import { useDesk } from './context.ts';
import { classes, html } from './html.ts';
import type { Target } from './surface.ts';

const typingMilliseconds = 250;

interface Option {
  text: { text: string };
  value: string;
}

/** A menu whose options the bot proposes while one types. */
export const ExternalSelect = ({
  element,
  target,
  value,
  choose,
  labelledBy,
}: {
  element: any;
  target: Target;
  value?: unknown;
  labelledBy?: string;
  choose(value: unknown): void;
}) => {
  const { state, attempt } = useDesk();
  const isMany = element.type === 'multi_external_select';
  const initial: Option[] = isMany ? (element.initial_options ?? []) : [element.initial_option].filter(Boolean);
  const chosen = value === undefined ? initial : ([value].flat().filter(Boolean) as Option[]);
  const [text, setText] = useState('');
  const [offered, setOffered] = useState<Option[]>([]);
  const waiting = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const ask = (typed: string) => {
    setText(typed);
    clearTimeout(waiting.current);
    if (typed.length < (element.min_query_length ?? 3)) return setOffered([]);
    waiting.current = setTimeout(() => {
      const body = { user: state.me, ...target, actionId: element.action_id, value: typed };
      void attempt(async () => setOffered((await act('suggest', body)).options));
    }, typingMilliseconds);
  };
  const take = (option: Option) => {
    setText('');
    setOffered([]);
    choose(isMany ? [...chosen.filter((each) => each.value !== option.value), option] : option);
  };
  return html`<span class="external">
    ${chosen.map(
      (option) => html`<button
        type="button"
        class="tag strong"
        title="Take it out"
        onClick=${() => choose(isMany ? chosen.filter((each) => each !== option) : '')}
      >${option.text.text} ✕</button>`,
    )}
    <input
      class="field"
      autocomplete="off"
      aria-labelledby=${labelledBy}
      aria-label=${labelledBy ? undefined : (element.placeholder?.text ?? 'Search')}
      placeholder=${element.placeholder?.text ?? 'Type to search'}
      value=${text}
      onInput=${(event: Event) => ask((event.target as HTMLInputElement).value)}
    />
    ${
      offered.length > 0 &&
      html`<span class="several-list">
        ${offered.map(
          (option) => html`<button type="button" class=${classes('completion')} onClick=${() => take(option)}>
            ${option.text.text}
          </button>`,
        )}
      </span>`
    }
  </span>`;
};
