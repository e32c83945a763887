import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type Children, classes, html } from './html.ts';

export interface MenuItem {
  label: Children;
  description?: Children;
  danger?: boolean;
  choose(): void;
}

/** A button with a list below it: arrows move, Enter chooses, Esc closes and gives the focus back. */
export const Menu = ({
  label,
  title,
  items,
  className = 'icon-button',
}: {
  label: Children;
  title: string;
  items: MenuItem[];
  className?: string;
}) => {
  const [open, setOpen] = useState(false);
  const [up, setUp] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const all = () => [...(root.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];

  // Before the next key comes, or it would press the button again.
  useLayoutEffect(() => {
    if (!open) return;
    const list = root.current?.querySelector('.menu-list');
    const end = root.current?.closest('.scroller')?.getBoundingClientRect().bottom ?? innerHeight;
    setUp(list !== null && list !== undefined && list.getBoundingClientRect().bottom > end);
    all()[0]?.focus({ preventScroll: true });
    const away = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', away);
    return () => document.removeEventListener('pointerdown', away);
  }, [open]);

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const entries = all();
    const at = entries.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: entries.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      entries[(to + entries.length) % entries.length]?.focus();
    } else if (event.key === 'Escape') {
      event.stopPropagation();
      event.preventDefault();
      close();
    } else if (event.key === 'Tab') setOpen(false);
  };

  return html`<div class="menu" ref=${root} onKeyDown=${open ? onKeyDown : undefined}>
    <button
      ref=${button}
      class=${className}
      title=${title}
      aria-label=${title}
      aria-haspopup="menu"
      aria-expanded=${String(open)}
      onClick=${() => setOpen(!open)}
    >${label}</button>
    ${
      open &&
      html`<div class=${classes('menu-list', up && 'up')} role="menu" aria-label=${title}>
      ${items.map(
        (item) => html`<button
          role="menuitem"
          class=${item.danger ? 'danger-text' : ''}
          onClick=${() => {
            close();
            item.choose();
          }}
        >
          <span>${item.label}</span>
          ${item.description && html`<small>${item.description}</small>`}
        </button>`,
      )}
    </div>`
    }
  </div>`;
};
