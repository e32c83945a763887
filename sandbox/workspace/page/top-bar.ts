import { useState } from 'preact/hooks';
import { useDesk } from './context.ts';
import { html } from './html.ts';
import { type Theme, theme } from './theme.ts';

const signs: Record<Theme, string> = { auto: '◐', light: '☀', dark: '☾' };

/** Who one is, the look, and whether the world is shown. */
export const TopBar = ({ worldShown, onWorld }: { worldShown: boolean; onWorld(): void }) => {
  const { state } = useDesk();
  const [look, setLook] = useState(theme.now());
  const people = [...state.people.values()].filter(({ bot, gone }) => !bot && !gone);
  const groups = [
    ...state.world.systems.map(({ plan, title }) => ({
      title,
      members: people.filter(({ systems }) => systems[0] === plan),
    })),
    { title: 'Nobody special', members: people.filter(({ systems }) => systems.length === 0) },
  ].filter(({ members }) => members.length > 0);
  const describe = (person: (typeof people)[number]) =>
    [person.realName, person.title].filter(Boolean).join(', ') +
    (person.onCall ? ' (on call)' : person.guest ? ' (guest)' : person.stranger ? ' (stranger)' : '');
  const become = (event: Event) => {
    const address = new URL(location.href);
    address.searchParams.set('as', (event.target as HTMLSelectElement).value);
    location.assign(address);
  };
  const change = () => {
    theme.set(theme.next());
    setLook(theme.now());
  };
  const toComposer = (event: Event) => {
    event.preventDefault();
    document.querySelector<HTMLElement>('main .composer textarea')?.focus();
  };
  return html`<header class="top">
    <a class="skip" href="#composer" onClick=${toComposer}>To where one types</a>
    <div class="brand">
      <svg viewBox="0 0 24 24" aria-hidden="true"><rect width="24" height="24" rx="6" /><path d="M6 17V8l6 5.2L18 8v9" /></svg>
      <strong>Mayday</strong><span class="dim rehearsal">rehearsal</span>
    </div>
    ${!state.connected && html`<div class="offline" role="alert">The sandbox does not answer. Trying again …</div>`}
    <label class="person">
      <span class="dim">You are</span>
      <select class="select" value=${state.me} onChange=${become} aria-label="Whom you play">
        ${groups.map(
          ({ title, members }) => html`<optgroup label=${title}>
            ${members.map((person) => html`<option value=${person.id}>${describe(person)}</option>`)}
          </optgroup>`,
        )}
      </select>
    </label>
    <a
      class="button small another"
      href=${`/?as=${people.find(({ id }) => id !== state.me)?.id ?? ''}`}
      target="_blank"
      rel="noopener"
      title="Opens this workspace in a second window, as somebody else"
    >Another person ↗</a>
    <button class="icon-button" title=${`Look: ${look}`} aria-label=${`Look: ${look}. Change it`} onClick=${change}>${signs[look]}</button>
    <button class="button small world-button" aria-pressed=${String(worldShown)} onClick=${onWorld}>World</button>
  </header>`;
};
