import { useEffect, useState } from 'preact/hooks';
import type { Channel } from '../shapes.ts';
import { Composer } from './composer.ts';
import { useDesk } from './context.ts';
import { emojiOf } from './emoji.ts';
import { classes, html } from './html.ts';
import { Markdown } from './markdown.ts';
import { MessageList } from './message-list.ts';
import { Link, Mrkdwn } from './mrkdwn-view.ts';
import { isInChannel, type Read } from './unread.ts';

/** One channel: what it is about, what was said, and where to say more. */
export const ChannelPane = ({ channel, highlighted, read }: { channel: Channel; highlighted?: string; read: Read }) => {
  const { state } = useDesk();
  const [tab, setTab] = useState<'messages' | 'pins' | 'canvas'>('messages');
  const [unreadFrom, setUnreadFrom] = useState<string | undefined>();
  const all = [...(state.messages.get(channel.id)?.values() ?? [])].filter(isInChannel);
  const pinned = [...(state.messages.get(channel.id)?.values() ?? [])].filter((message) => message.pinned);
  const last = all.at(-1)?.ts ?? '';

  useEffect(() => {
    setTab('messages');
    const from = all.find(({ ts, user }) => ts > read.upTo(channel.id) && user !== state.me);
    setUnreadFrom(read.upTo(channel.id) === '' ? undefined : from?.ts);
  }, [channel.id]);
  useEffect(() => {
    if (highlighted) setTab('messages');
  }, [highlighted]);
  useEffect(() => {
    const mark = () => {
      if (document.visibilityState === 'visible' && last) read.mark(channel.id, last);
    };
    mark();
    document.addEventListener('visibilitychange', mark);
    return () => document.removeEventListener('visibilitychange', mark);
  }, [channel.id, last]);

  const title = channel.kind === 'im' ? 'Mayday' : channel.name;
  const tabButton = (name: typeof tab, label: string) => html`<button
    role="tab"
    aria-selected=${String(tab === name)}
    class=${classes('tab', tab === name && 'chosen')}
    onClick=${() => setTab(name)}
  >${label}</button>`;
  return html`<section class="pane channel-pane" aria-label=${title}>
    <header class="pane-head">
      <div class="pane-title">
        <h1>${channel.kind === 'channel' && html`<span class="dim" aria-hidden="true">${channel.isPrivate ? '🔒' : '#'}</span>`}${title}</h1>
        ${
          channel.kind === 'channel' &&
          html`<span class="dim members" title=${channel.members.map((id) => state.people.get(id)?.realName ?? id).join(', ')}>
            ${channel.members.length} ${channel.members.length === 1 ? 'member' : 'members'}
          </span>`
        }
      </div>
      ${channel.topic && html`<div class="topic"><${Mrkdwn} text=${channel.topic} /></div>`}
      ${
        (channel.bookmarks.length > 0 || pinned.length > 0 || channel.canvas) &&
        html`<div class="bar">
          <div role="tablist" aria-label="What to show">
            ${tabButton('messages', 'Messages')}
            ${pinned.length > 0 && tabButton('pins', `📌 ${pinned.length} pinned`)}
            ${channel.canvas && tabButton('canvas', `Canvas: ${channel.canvas.title || 'untitled'}`)}
          </div>
          ${channel.bookmarks.map(
            (bookmark) => html`<span class="bookmark" key=${bookmark.id}>
              <span aria-hidden="true">${emojiOf(bookmark.emoji.replaceAll(':', '')) ?? '🔖'}</span>
              <${Link} url=${bookmark.link}>${bookmark.title}<//>
            </span>`,
          )}
        </div>`
      }
    </header>
    ${
      tab === 'canvas' && channel.canvas
        ? html`<div class="scroller canvas" tabindex="0"><h2>${channel.canvas.title}</h2><${Markdown} text=${channel.canvas.markdown} /></div>`
        : tab === 'pins'
          ? html`<${MessageList} key="pins" messages=${pinned} label="Pinned messages" />`
          : all.length === 0
            ? html`<${Empty} channel=${channel} />`
            : html`<${MessageList}
                key=${channel.id}
                messages=${all}
                highlighted=${highlighted}
                unreadFrom=${unreadFrom}
                label=${`Messages in ${title}`}
              />`
    }
    <${Composer} key=${channel.id} channel=${channel} />
  </section>`;
};

/** What stands where nothing was said; whoever is here for the first time learns what to try. */
const Empty = ({ channel }: { channel: Channel }) => {
  const { state } = useDesk();
  const first = state.commands[0]?.command;
  return html`<div class="list-frame empty">
    <div>
      <h2>${channel.kind === 'im' ? 'You and Mayday' : `#${channel.name}`}</h2>
      <p>Nothing was said here yet.</p>
      ${
        channel.kind === 'channel' &&
        first &&
        html`<ol class="steps">
          <li>Take a Region down, in the world beside this.</li>
          <li>Type <code>/</code> below and choose a command, such as <code>${first}</code>.</li>
          <li>Open a second window as another person, and approve.</li>
        </ol>`
      }
    </div>
  </div>`;
};
