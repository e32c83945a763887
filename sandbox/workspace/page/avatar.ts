import type { Person } from '../shapes.ts';
import { html } from './html.ts';

const hues = 8;

/** Initials on a colour of their own; Mayday has its mark. */
export const Avatar = ({ person, small }: { person: Person | undefined; small?: boolean }) => {
  const size = small ? 'avatar small' : 'avatar';
  if (person?.bot && person.name === 'mayday')
    return html`<span class=${`${size} mark`} aria-hidden="true">
      <svg viewBox="0 0 24 24"><path d="M4 18V6l8 7 8-7v12" /></svg>
    </span>`;
  const name = person?.realName ?? '?';
  const initials = name
    .split(/\s+/)
    .map((word) => word[0])
    .slice(0, 2)
    .join('');
  const hue = [...(person?.id ?? '')].reduce((sum, letter) => sum * 7 + letter.charCodeAt(0), 0) % hues;
  return html`<span class=${`${size} hue-${hue}`} aria-hidden="true">${initials}</span>`;
};
