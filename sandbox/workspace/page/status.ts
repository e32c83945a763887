import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { StatusView } from '../shapes.ts';
import { inUtc, wholeDay } from './dates.ts';
import { classes, html } from './html.ts';
import { theme } from './theme.ts';

const lookMilliseconds = 1500;

const words: Record<string, string> = {
  operational: 'Operational',
  degraded_performance: 'Degraded performance',
  partial_outage: 'Partial outage',
  major_outage: 'Major outage',
  under_maintenance: 'Under maintenance',
};
const worst = ['major_outage', 'partial_outage', 'degraded_performance', 'under_maintenance'];

const said = (status: string) => (words[status] ?? status).replaceAll('_', ' ');
const sentence = (status: string) => status.replaceAll('_', ' ').replace(/^./, (first) => first.toUpperCase());
const moment = (at: string) => `${wholeDay(new Date(at))}, ${inUtc(new Date(at)).slice(0, 5)} UTC`;

/** What customers see, and nothing more. */
const StatusPage = () => {
  const [status, setStatus] = useState<StatusView | undefined>();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    const look = async () => {
      try {
        setStatus(await (await fetch('/api/status')).json());
        setFailed(false);
      } catch {
        setFailed(true);
      }
    };
    void look();
    const timer = setInterval(look, lookMilliseconds);
    return () => clearInterval(timer);
  }, []);
  if (!status) return html`<p class="dim">${failed ? 'This page cannot be reached just now.' : 'One moment …'}</p>`;
  const open = status.incidents.filter(({ resolvedAt }) => resolvedAt === null);
  const past = status.incidents.filter(({ resolvedAt }) => resolvedAt !== null);
  const state = worst.find((each) => status.components.some((component) => component.status === each));
  const isWell = open.length === 0 && state === undefined;
  return html`
    <h1>System status</h1>
    <div class=${classes('banner', isWell ? 'good' : state === 'major_outage' ? 'bad' : 'warn')} role="status">
      ${isWell ? 'All systems operational' : (open[0]?.name ?? said(state!))}
    </div>
    ${open.map((incident) => html`<${Incident} incident=${incident} key=${incident.id} />`)}
    <section>
      <h2>Services</h2>
      <ul class="services">
        ${status.components.map(
          (component) => html`<li key=${`${component.system} ${component.name}`}>
            <span>${component.system} <span class="dim">${component.name}</span></span>
            <span class=${classes('tag', component.status === 'operational' ? 'good' : component.status === 'major_outage' ? 'bad' : 'warn')}>${said(component.status)}</span>
          </li>`,
        )}
      </ul>
    </section>
    ${
      past.length > 0 &&
      html`<section><h2>Past incidents</h2>${past.map((incident) => html`<${Incident} incident=${incident} key=${incident.id} />`)}</section>`
    }
    <p class="dim foot">The clock of this page says ${inUtc(new Date(status.now)).slice(0, 5)} UTC.</p>
  `;
};

const Incident = ({ incident }: { incident: StatusView['incidents'][number] }) => html`<article class="incident">
  <h3>${incident.name}</h3>
  ${incident.updates.map(
    (update) => html`<div class="update">
      <strong>${sentence(update.status)}</strong>
      <p>${update.body}</p>
      <time class="dim" datetime=${update.at}>${moment(update.at)}</time>
    </div>`,
  )}
</article>`;

theme.set(theme.now());
render(html`<${StatusPage} />`, document.getElementById('status')!);
