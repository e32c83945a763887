import { useEffect, useRef, useState } from 'preact/hooks';
import type { Channel } from '../shapes.ts';
import { act, actForBot } from './api.ts';
import { type Completion, completionsFor, hintFor } from './completion.ts';
import { useDesk } from './context.ts';
import { encodeTyped } from './encode.ts';
import { classes, html } from './html.ts';
import { Menu } from './menu.ts';

/** Where people type: messages, and in a channel commands. What was begun stays when one looks elsewhere. */
export const Composer = ({ channel, threadTs }: { channel: Channel; threadTs?: string }) => {
  const desk = useDesk();
  const { state } = desk;
  const place = `${state.me} ${channel.id} ${threadTs ?? ''}`;
  const [text, setText] = useState(drafts.get(place) ?? '');
  const [caret, setCaret] = useState(0);
  const [chosen, setChosen] = useState(0);
  const [dismissed, setDismissed] = useState('');
  const area = useRef<HTMLTextAreaElement>(null);
  const inThread = threadTs !== undefined;
  const listId = `completions-${inThread ? 'thread' : 'channel'}`;

  useEffect(() => {
    setText(drafts.get(place) ?? '');
    // A phone's keyboard would cover what one came to read.
    if (matchMedia('(min-width: 760px)').matches) area.current?.focus();
  }, [place]);
  useEffect(() => {
    drafts.set(place, text);
    const box = area.current;
    if (!box) return;
    box.style.height = 'auto';
    box.style.height = `${Math.min(box.scrollHeight, 200)}px`;
  }, [text, place]);

  const found = dismissed === text ? undefined : completionsFor(text, caret, state, inThread);
  const at = found ? Math.min(chosen, found.all.length - 1) : 0;
  const hint = inThread ? undefined : hintFor(text, state);

  const write = (event: Event) => {
    const box = event.target as HTMLTextAreaElement;
    setText(box.value);
    setCaret(box.selectionStart);
    setChosen(0);
  };
  const complete = ({ text: written }: Completion) => {
    const next = text.slice(0, found!.from) + written + text.slice(caret);
    const after = found!.from + written.length;
    setText(next);
    setCaret(after);
    requestAnimationFrame(() => {
      area.current?.focus();
      area.current?.setSelectionRange(after, after);
    });
  };
  const send = async () => {
    const typed = text.trim();
    if (typed === '') return;
    setText('');
    const sent = await desk.attempt(async () => {
      await deliver(typed);
      return true;
    });
    if (sent) return;
    // What could not be sent comes back, unless something else was begun meanwhile.
    setText((now) => (now === '' ? text : now));
    if (!drafts.get(place)) drafts.set(place, text);
  };
  const deliver = async (typed: string) => {
    const [, command, rest = ''] = /^(\/[a-z][\w-]*)(?:\s+([\s\S]*))?$/i.exec(typed) ?? [];
    const where = { user: state.me, channel: channel.id };
    if (command === undefined)
      return act('say', { ...where, text: encodeTyped(typed, state), ...(threadTs ? { thread_ts: threadTs } : {}) });
    if (inThread)
      throw new Error(
        `Slash commands do not work in threads. Type ${command} in the channel, or mention @mayday here.`,
      );
    if (!state.commands.some((each) => each.command === command))
      throw new Error(
        `${command} is no command here. There are ${state.commands.map((each) => each.command).join(', ')}.`,
      );
    // Whoever speaks of a system wants to see it.
    const system = state.world.systems.find(({ plan }) => rest.split(/\s+/).includes(plan));
    if (system) desk.showPlan(system.plan);
    return actForBot('command', { ...where, command, text: rest });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (found) {
      const to = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
      const takes = event.key === 'Tab' || (event.key === 'Enter' && !isWhole(text, found.all[at]!));
      if (to !== undefined) setChosen((to + found.all.length) % found.all.length);
      else if (takes && !event.shiftKey) complete(found.all[at]!);
      else if (event.key === 'Escape') setDismissed(text);
      if (to !== undefined || (takes && !event.shiftKey) || event.key === 'Escape') {
        event.preventDefault();
        event.stopPropagation();
        return;
      }
    }
    if (event.key === 'ArrowUp' && text === '') {
      event.preventDefault();
      const pane = area.current?.closest('.pane');
      [...(pane?.querySelectorAll<HTMLElement>('article') ?? [])].at(-1)?.focus();
    }
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      void send();
    }
  };

  const isMember = channel.members.includes(state.me);
  if (channel.isArchived) return html`<div class="composer-note">This channel is archived. It can still be read.</div>`;
  if (!isMember)
    return html`<div class="composer-note">
      You are looking at #${channel.name}.
      <button class="button primary" onClick=${() => desk.attempt(() => act('join', { user: state.me, channel: channel.id }))}>Join the channel</button>
    </div>`;
  const name = channel.kind === 'im' ? 'Mayday' : `#${channel.name}`;
  const globals = state.shortcuts.filter(({ type }) => type === 'global');
  return html`<div class="composer">
    ${
      found &&
      html`<div class="completions" role="listbox" id=${listId} aria-label="Completions">
        ${found.all.map(
          (each, index) => html`<div
            role="option"
            id=${`${listId}-${index}`}
            aria-selected=${String(index === at)}
            class=${classes('completion', index === at && 'chosen')}
            onPointerDown=${(event: Event) => {
              event.preventDefault();
              complete(each);
            }}
          >
            <span class="completion-label">${each.label}</span><span class="dim">${each.detail}</span>
          </div>`,
        )}
      </div>`
    }
    ${!found && hint && html`<div class="usage" aria-live="polite"><code>${hint}</code></div>`}
    <div class="composer-box">
      ${
        !inThread &&
        html`<${Menu}
          label="⚡"
          title="Shortcuts"
          items=${
            globals.length > 0
              ? globals.map(({ name: label, description, callbackId }) => ({
                  label,
                  description,
                  choose: () => void desk.attempt(() => actForBot('shortcut', { user: state.me, callbackId })),
                }))
              : state.commands.map(({ command, description }) => ({
                  label: command,
                  description,
                  choose: () => {
                    setText(`${command} `);
                    area.current?.focus();
                  },
                }))
          }
        />`
      }
      <textarea
        ref=${area}
        rows="1"
        role="combobox"
        aria-expanded=${String(found !== undefined)}
        aria-controls=${listId}
        aria-autocomplete="list"
        aria-activedescendant=${found ? `${listId}-${at}` : undefined}
        aria-label=${inThread ? 'Reply' : `Message to ${name}`}
        placeholder=${inThread ? 'Reply …' : `Message ${name}, or type / for a command`}
        value=${text}
        onInput=${write}
        onKeyUp=${(event: Event) => setCaret((event.target as HTMLTextAreaElement).selectionStart)}
        onClick=${(event: Event) => setCaret((event.target as HTMLTextAreaElement).selectionStart)}
        onKeyDown=${onKeyDown}
      ></textarea>
      <button class="button primary send" title="Send" aria-label="Send" disabled=${text.trim() === ''} onClick=${send}>↵</button>
    </div>
  </div>`;
};

const drafts = new Map<string, string>();

/** Nothing is left to complete: Enter sends. */
const isWhole = (text: string, completion: Completion) => text.trim() === completion.text.trim();
