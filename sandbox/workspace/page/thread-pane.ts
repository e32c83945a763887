import { Composer } from './composer.ts';
import { useDesk } from './context.ts';
import { html } from './html.ts';
import { MessageList } from './message-list.ts';

/** A message and its answers, beside the channel. */
export const ThreadPane = ({ channel, ts, onClose }: { channel: string; ts: string; onClose(): void }) => {
  const { state } = useDesk();
  const place = state.channels.get(channel);
  const all = [...(state.messages.get(channel)?.values() ?? [])].filter(
    (message) => message.ts === ts || message.threadTs === ts,
  );
  if (!place) return null;
  return html`<aside class="pane thread-pane" aria-label="Thread">
    <header class="pane-head">
      <div class="pane-title">
        <h1>Thread</h1>
        <span class="dim">${place.kind === 'im' ? 'Mayday' : `#${place.name}`}</span>
        <button class="icon-button close" title="Close the thread (Esc)" aria-label="Close the thread" onClick=${onClose}>✕</button>
      </div>
    </header>
    <${MessageList} key=${ts} messages=${all} inThread label="Thread" />
    <${Composer} key=${ts} channel=${place} threadTs=${ts} />
  </aside>`;
};
