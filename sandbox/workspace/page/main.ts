import { render } from 'preact';
import { App } from './app.ts';
import { html } from './html.ts';
import { createStore } from './store.ts';
import { theme } from './theme.ts';

theme.set(theme.now());
const as = new URL(location.href).searchParams.get('as');
render(html`<${App} store=${createStore(as)} />`, document.getElementById('desk')!);
