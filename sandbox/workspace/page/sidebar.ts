import type { Channel } from '../shapes.ts';
import { useDesk } from './context.ts';
import { classes, html } from './html.ts';
import { addressOf } from './links.ts';
import { type Read, unreadIn } from './unread.ts';

/** Channels as they are made, direct messages, and the bot's home. */
export const Sidebar = ({ here, read, onJump }: { here: string; read: Read; onJump(): void }) => {
  const { state, go } = useDesk();
  const channels = [...state.channels.values()].filter(({ kind }) => kind === 'channel');
  const mine = channels.filter(({ members, isArchived }) => members.includes(state.me) && !isArchived);
  const others = channels.filter(({ members, isArchived }) => !members.includes(state.me) && !isArchived);
  const archived = channels.filter(({ isArchived }) => isArchived);
  // What is burning stands on top, and under it the newest first.
  const incidents = mine.filter(({ name }) => /^inc-/.test(name)).reverse();
  const rest = mine.filter(({ name }) => !/^inc-/.test(name));
  const direct = [...state.channels.values()].filter(({ kind, name }) => kind === 'im' && name === state.me);

  const entry = (channel: Channel) => {
    const isHere = here === channel.id;
    const { count, isForMe } = unreadIn(state, channel.id, read.upTo(channel.id));
    const isUnread = count > 0 && !isHere;
    return html`<li key=${channel.id}>
      <a
        class=${classes('place', isHere && 'here', isUnread && 'unread')}
        href=${addressOf(channel.id)}
        title=${channel.topic || channel.name}
        aria-current=${isHere ? 'page' : undefined}
        onClick=${(event: Event) => {
          event.preventDefault();
          go(channel.id);
        }}
      >
        <span class="place-sign" aria-hidden="true">${channel.kind === 'im' ? '●' : channel.isPrivate ? '🔒' : '#'}</span>
        <span class="place-name">${channel.kind === 'im' ? 'Mayday' : channel.name}</span>
        ${isUnread && html`<span class=${classes('count', isForMe && 'for-me')} aria-label=${`${count} unread`}>${count}</span>`}
      </a>
    </li>`;
  };
  const section = (title: string, all: Channel[]) =>
    all.length > 0 && html`<section><h2>${title}</h2><ul>${all.map(entry)}</ul></section>`;

  return html`<nav class="sidebar" aria-label="Channels">
    <button class="jump-button" onClick=${onJump}><span>Jump to …</span><kbd>Ctrl K</kbd></button>
    ${section('Incidents', incidents)}
    ${section('Channels', rest)}
    <section>
      <h2>Mayday</h2>
      <ul>
        <li>
          <a
            class=${classes('place', here === 'home' && 'here')}
            href="#home"
            aria-current=${here === 'home' ? 'page' : undefined}
            onClick=${(event: Event) => {
              event.preventDefault();
              go('home');
            }}
          ><span class="place-sign" aria-hidden="true">⌂</span><span class="place-name">Home</span></a>
        </li>
        ${direct.map(entry)}
      </ul>
    </section>
    ${section('More channels', others)}
    ${section('Archived', archived)}
  </nav>`;
};
