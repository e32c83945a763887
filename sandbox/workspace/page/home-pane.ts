import { useEffect, useState } from 'preact/hooks';
import { act } from './api.ts';
import { Blocks } from './block-kit.ts';
import { useDesk } from './context.ts';
import { html } from './html.ts';
import { useSurface } from './surface.ts';

/** The bot's App Home, as it published it for this person. */
export const HomePane = () => {
  const { state, attempt } = useDesk();
  const [why, setWhy] = useState<string | undefined>();
  useEffect(() => {
    void attempt(async () => {
      const told = await act('home', { user: state.me, wait: false });
      setWhy(told.skipped);
    });
  }, [state.me]);
  return html`<section class="pane home-pane" aria-label="Home of Mayday">
    <header class="pane-head"><div class="pane-title"><h1>Home</h1><span class="dim">what Mayday shows to you alone</span></div></header>
    <div class="scroller" tabindex="0">
      ${
        state.home
          ? html`<${Published} view=${state.home.view} key=${state.home.id} />`
          : html`<div class="empty"><div>
              <h2>Nothing is here yet</h2>
              <p>Mayday has published no home for you.</p>
              ${why && html`<p class="dim">${why}</p>`}
            </div></div>`
      }
    </div>
  </section>`;
};

const Published = ({ view }: { view: any }) => {
  const target = { viewId: view.id };
  const { values, use } = useSurface(target, view.blocks);
  return html`<div class="home"><${Blocks} blocks=${view.blocks} target=${target} use=${use} values=${values} /></div>`;
};
