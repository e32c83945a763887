import { useState } from 'preact/hooks';
import { useDesk } from './context.ts';
import { classes, html } from './html.ts';
import { useDialog } from './use-dialog.ts';

/** Ctrl K: type a part of a channel's name, Enter goes there. */
export const Jump = ({ onClose }: { onClose(): void }) => {
  const { state, go } = useDesk();
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const dialog = useDialog();

  const wanted = text.toLowerCase().replace(/^#/, '');
  const places = [
    ...[...state.channels.values()]
      .filter(({ isArchived }) => !isArchived)
      .reverse()
      .map(({ id, name, kind, topic }) => ({ id, name: kind === 'im' ? 'Mayday' : `#${name}`, detail: topic })),
    { id: 'home', name: 'Home', detail: 'what Mayday shows to you alone' },
  ].filter(({ name }) => name.toLowerCase().includes(wanted));
  const at = Math.min(chosen, places.length - 1);
  const take = (id: string | undefined) => {
    if (id === undefined) return;
    onClose();
    go(id);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
    if (to !== undefined && places.length > 0) {
      event.preventDefault();
      setChosen((to + places.length) % places.length);
    }
    if (event.key === 'Enter') take(places[at]?.id);
  };
  return html`<dialog ref=${dialog} class="dialog jump" onCancel=${onClose} aria-label="Jump to a channel">
    <input
      class="field"
      autofocus
      role="combobox"
      aria-expanded="true"
      aria-controls="jump-list"
      aria-activedescendant=${places[at] ? `jump-${places[at].id}` : undefined}
      aria-label="Channel"
      placeholder="Jump to a channel"
      value=${text}
      onInput=${(event: Event) => {
        setText((event.target as HTMLInputElement).value);
        setChosen(0);
      }}
      onKeyDown=${onKeyDown}
    />
    <div role="listbox" id="jump-list" class="jump-list" aria-label="Channels">
      ${places.map(
        ({ id, name, detail }, index) => html`<div
          role="option"
          id=${`jump-${id}`}
          key=${id}
          aria-selected=${String(index === at)}
          class=${classes('completion', index === at && 'chosen')}
          onClick=${() => take(id)}
        ><span class="completion-label">${name}</span><span class="dim">${detail}</span></div>`,
      )}
      ${places.length === 0 && html`<p class="dim nothing">No channel is called so.</p>`}
    </div>
  </dialog>`;
};
