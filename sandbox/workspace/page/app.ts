import { useEffect, useMemo, useState } from 'preact/hooks';
import { ChannelPane } from './channel-pane.ts';
import { type Desk, DeskContext } from './context.ts';
import { HomePane } from './home-pane.ts';
import { classes, html } from './html.ts';
import { Jump } from './jump.ts';
import { addressOf } from './links.ts';
import { Modals } from './modals.ts';
import { Sidebar } from './sidebar.ts';
import { type Store, useStore } from './store.ts';
import { ThreadPane } from './thread-pane.ts';
import { TopBar } from './top-bar.ts';
import { createRead, unreadIn } from './unread.ts';
import { WorldPanel } from './world-panel.ts';

/** On a phone one pane at a time. */
type Tab = 'channels' | 'messages' | 'thread' | 'world';

const toldMilliseconds = 7000;

const readHash = (): { channel: string; ts: string | undefined } => {
  const [channel = '', ts] = decodeURIComponent(location.hash.slice(1)).split('/');
  return { channel, ts };
};

/** The workspace, with the world beside it. */
export const App = ({ store }: { store: Store }) => {
  const state = useStore(store);
  const [place, setPlace] = useState(readHash());
  const [thread, setThread] = useState<{ channel: string; ts: string } | undefined>();
  const [tab, setTab] = useState<Tab>('messages');
  const [worldShown, setWorldShown] = useState(localStorage.getItem('world') !== 'hidden');
  const [jumping, setJumping] = useState(false);
  const [toasts, setToasts] = useState<{ id: number; text: string; isFault: boolean }[]>([]);
  const [plan, setPlan] = useState(localStorage.getItem('plan'));
  const me = state?.me;
  const read = useMemo(() => createRead(me ?? ''), [me]);

  const unread = state
    ? [...state.channels.keys()].filter((id) => unreadIn(state, id, read.upTo(id)).isForMe).length
    : 0;
  const name = state?.people.get(state.me)?.realName;
  useEffect(() => {
    document.title = `${unread > 0 ? `(${unread}) ` : ''}${name ? `${name} · ` : ''}Mayday`;
  }, [unread, name]);
  useEffect(() => {
    const follow = () => setPlace(readHash());
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        setJumping(true);
      } else if (event.key === 'Escape' && !document.querySelector('dialog[open]')) setThread(undefined);
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, []);

  if (!state) return html`<div class="loading" role="status">Opening the workspace …</div>`;

  const tell: Desk['tell'] = (text, isFault = false) => {
    const toast = { id: Math.random(), text, isFault };
    setToasts((all) => [...all.slice(-2), toast]);
    setTimeout(() => setToasts((all) => all.filter(({ id }) => id !== toast.id)), toldMilliseconds);
  };
  const go: Desk['go'] = (channel, ts) => {
    location.hash = addressOf(channel, ts).slice(1);
    setTab('messages');
  };
  const desk: Desk = {
    state,
    plan: plan ?? state.people.get(state.me)?.systems[0] ?? '',
    showPlan(chosen) {
      localStorage.setItem('plan', chosen);
      setPlan(chosen);
    },
    go,
    openThread(channel, ts) {
      setThread({ channel, ts });
      setTab('thread');
    },
    tell,
    async attempt(run) {
      try {
        return await run();
      } catch (error) {
        tell((error as Error).message, true);
        return undefined;
      }
    },
  };
  const isHome = place.channel === 'home';
  const channel = state.channels.get(place.channel) ?? firstChannel(state);
  const here = isHome ? 'home' : (channel?.id ?? '');
  // An answer that only its thread shows is shown there.
  const target = place.ts === undefined ? undefined : state.messages.get(here)?.get(place.ts);
  const highlighted = target?.threadTs && !target.broadcast ? target.threadTs : place.ts;
  const toggleWorld = () => {
    localStorage.setItem('world', worldShown ? 'hidden' : 'shown');
    setWorldShown(!worldShown);
  };
  const tabButton = (name: Tab, label: string) => html`<button
    aria-pressed=${String(tab === name)}
    class=${classes(tab === name && 'chosen')}
    onClick=${() => setTab(name)}
  >${label}</button>`;

  return html`<${DeskContext.Provider} value=${desk}>
    <div class=${classes('desk', `tab-${tab}`, worldShown && 'with-world', thread && 'with-thread')}>
      <${TopBar} worldShown=${worldShown} onWorld=${toggleWorld} />
      <${Sidebar} here=${here} read=${read} onJump=${() => setJumping(true)} />
      <main>
        ${
          isHome
            ? html`<${HomePane} />`
            : channel
              ? html`<${ChannelPane} channel=${channel} highlighted=${highlighted} read=${read} />`
              : html`<div class="empty"><p>You are in no channel here, as whoever comes from elsewhere is not.</p></div>`
        }
      </main>
      ${
        thread &&
        html`<${ThreadPane} channel=${thread.channel} ts=${thread.ts} onClose=${() => {
          setThread(undefined);
          setTab('messages');
        }} />`
      }
      ${worldShown || tab === 'world' ? html`<${WorldPanel} />` : null}
      <nav class="tabs" aria-label="Panes">
        ${tabButton('channels', 'Channels')}
        ${tabButton('messages', 'Messages')}
        ${thread && tabButton('thread', 'Thread')}
        ${tabButton('world', 'World')}
      </nav>
      <${Modals} />
      ${jumping && html`<${Jump} onClose=${() => setJumping(false)} />`}
      <div class="toasts" role="status" aria-live="polite">
        ${toasts.map(({ id, text, isFault }) => html`<div key=${id} class=${classes('toast', isFault && 'fault')}>${text}</div>`)}
      </div>
    </div>
  <//>`;
};

/** Where one begins: in the channel in which incidents are told, else in the first. */
const firstChannel = (state: { channels: Map<string, import('../shapes.ts').Channel>; me: string }) => {
  const mine = [...state.channels.values()].filter(
    ({ kind, members }) => kind === 'channel' && members.includes(state.me),
  );
  return mine.find(({ name }) => name === 'incidents') ?? mine[0] ?? [...state.channels.values()][0];
};
