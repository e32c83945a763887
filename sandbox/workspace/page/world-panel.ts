import { useEffect, useState } from 'preact/hooks';
import type { PageView, SystemView, WorldView } from '../shapes.ts';
import { act } from './api.ts';
import { useDesk } from './context.ts';
import { hoursAndMinutes, inUtc, withSeconds } from './dates.ts';
import { type Children, classes, html } from './html.ts';
import { worldTime } from './world-time.ts';

/** The world outside Slack: what runs where, whom it calls, and the switches that break it. */
export const WorldPanel = () => {
  const { state, plan, showPlan } = useDesk();
  const { world } = state;
  const system = world.systems.find((each) => each.plan === plan) ?? world.systems[0];
  if (!system) return null;
  return html`<aside class="world" aria-label="The world">
    <div class="world-head">
      <h1>The world</h1>
      <${Clock} />
    </div>
    ${
      world.broken.length > 0 &&
      html`<div class="broken" role="status"><strong>Broken now</strong> ${world.broken.join(' · ')}</div>`
    }
    <label class="system-choice">
      <span class="dim">System</span>
      <select class="select" value=${system.plan} onChange=${(event: Event) => showPlan((event.target as HTMLSelectElement).value)}>
        ${world.systems.map((each) => html`<option value=${each.plan}>${each.title}</option>`)}
      </select>
    </label>
    <${Regions} system=${system} />
    <${Breakers} world=${world} />
    <${Databases} system=${system} />
    <${Names} system=${system} />
    <${Clusters} system=${system} />
    <${Pages} pages=${world.pages} />
    <${Mails} world=${world} />
    <${Calls} world=${world} />
    <p class="world-foot"><a href="/status" target="_blank" rel="noopener">The status page as customers see it ↗</a></p>
  </aside>`;
};

const Clock = () => {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 500);
    return () => clearInterval(timer);
  }, []);
  const now = worldTime.now();
  return html`<div class="clock" title="The world’s clock">
    <time>${withSeconds(now)}</time>
    <span class="dim">${inUtc(now).slice(0, 5)} UTC${worldTime.speed() === 1 ? '' : `, ${worldTime.speed()} × life`}</span>
  </div>`;
};

const Section = ({
  title,
  count,
  open = true,
  children,
}: {
  title: string;
  count?: number;
  open?: boolean;
  children?: Children;
}) =>
  html`<details class="world-section" open=${open}>
    <summary><h2>${title}</h2>${count !== undefined && html`<span class="dim">${count}</span>`}</summary>
    ${children}
  </details>`;

const Regions = ({ system }: { system: SystemView }) => {
  const { attempt } = useDesk();
  return html`<${Section} title="Regions">
    <ul class="rows">
      ${system.regions.map(
        ({ id, place, down }) => html`<li key=${id}>
          <span class=${classes('light', down ? 'bad' : 'good')} aria-hidden="true"></span>
          <span class="grow"><strong>${place}</strong> <span class="dim">${id}</span></span>
          <span class=${down ? 'bad-text' : 'dim'}>${down ? 'down' : 'up'}</span>
          <button
            class=${classes('button small', !down && 'danger-outline')}
            aria-label=${down ? `Bring ${id} back` : `Take ${id} down`}
            onClick=${() => attempt(() => act(down ? 'region-up' : 'region-down', { region: id }))}
          >${down ? 'Bring back' : 'Take down'}</button>
        </li>`,
      )}
    </ul>
  <//>`;
};

const Databases = ({ system }: { system: SystemView }) =>
  system.databases.length > 0 &&
  html`<${Section} title="Databases" count=${system.databases.length}>
    <ul class="rows">
      ${system.databases.map((one) => {
        const isWell = !one.down && one.status === 'available';
        return html`<li key=${`${one.region} ${one.id}`} class="stacked">
          <span class=${classes('light', one.down ? 'bad' : isWell ? 'good' : 'warn')} aria-hidden="true"></span>
          <span class="grow">
            <span class="wrap"><strong>${one.id}</strong></span>
            <span class="dim">${one.region}</span>
            <span class="tags">
              <span class=${classes('tag', one.role === 'primary' && 'strong')}>${one.role}</span>
              <span class=${classes('tag', one.down && 'bad')}>${one.down ? 'silent' : one.status}</span>
              <span class=${classes('tag', one.writable ? 'good' : '')}>${one.writable ? 'takes writes' : 'read-only'}</span>
              ${one.lagSeconds !== null && html`<span class=${classes('tag', one.lagSeconds > 30 && 'warn')}>${one.lagSeconds} s behind</span>`}
            </span>
          </span>
        </li>`;
      })}
    </ul>
  <//>`;

const Names = ({ system }: { system: SystemView }) =>
  system.names.length > 0 &&
  html`<${Section} title="Names" count=${system.names.length}>
    <ul class="rows">
      ${system.names.map(
        ({ name, type, leads }) => html`<li key=${name} class="stacked">
          <span class="grow">
            <span class="wrap"><strong>${name}</strong> <span class="dim">${type}</span></span>
            ${leads.map(
              ({
                to,
                share,
              }) => html`<span class=${classes('lead', (share === '0 %' || share === 'secondary') && 'dim')}>
                <span aria-hidden="true">→</span> <span class="wrap">${to}</span> ${share && html`<span class="share">${share}</span>`}
              </span>`,
            )}
          </span>
        </li>`,
      )}
    </ul>
  <//>`;

const Clusters = ({ system }: { system: SystemView }) =>
  system.clusters.length > 0 &&
  html`<${Section} title="Pods" count=${system.clusters.reduce((sum, { ready }) => sum + ready, 0)}>
    <ul class="rows">
      ${system.clusters.map(
        (cluster) => html`<li key=${cluster.name} class="stacked">
          <span class=${classes('light', cluster.down ? 'bad' : cluster.ready < cluster.wanted ? 'warn' : 'good')} aria-hidden="true"></span>
          <span class="grow">
            <span class="wrap"><strong>${cluster.name}</strong></span>
            ${cluster.deployments.map(
              ({ name, ready, wanted }) => html`<span class="pods">
                <span class="wrap">${name}</span>
                <meter min="0" max=${Math.max(1, wanted)} value=${ready} aria-label=${`${name}: ${ready} of ${wanted} ready`}></meter>
                <span class="figure">${ready}/${wanted}</span>
              </span>`,
            )}
          </span>
        </li>`,
      )}
    </ul>
  <//>`;

const Breakers = ({ world }: { world: WorldView }) => {
  const { attempt } = useDesk();
  const button = (label: string, name: string, body: object = {}, style = 'danger-outline') =>
    html`<button class=${`button small ${style}`} onClick=${() => attempt(() => act(name, body))}>${label}</button>`;
  return html`<${Section} title="Break something">
    <div class="breakers">
      ${world.lagSeconds >= 30 ? button('End the lag', 'lag', { seconds: 0 }, '') : button('Replicas lag 90 s', 'lag', { seconds: 90 })}
      ${world.pagerDutyDown ? button('PagerDuty up again', 'pagerduty-up', {}, '') : button('PagerDuty down', 'pagerduty-down')}
      ${button('Slack 429, 1 min', 'slack-limited')}
      ${button('Mend everything', 'mend', {}, 'primary')}
    </div>
  <//>`;
};

const Pages = ({ pages }: { pages: PageView[] }) => {
  const { attempt } = useDesk();
  return html`<${Section} title="Phones that rang" count=${pages.length}>
    ${pages.length === 0 && html`<p class="dim nothing">Nobody was paged.</p>`}
    <ul class="rows">
      ${pages.map(
        (page) => html`<li class="stacked">
          <span aria-hidden="true">📟</span>
          <span class="grow">
            <span><strong>${page.person}</strong> <time class="dim">${hoursAndMinutes(new Date(page.at))}</time></span>
            <span class="wrap clamped" title=${page.why || page.title}>${page.why || page.title}</span>
          </span>
          ${
            page.status === 'triggered'
              ? html`<button class="button small" onClick=${() => attempt(() => act('acknowledge', { incident: page.incident }))}>Acknowledge</button>`
              : html`<span class="tag good">${page.status}</span>`
          }
        </li>`,
      )}
    </ul>
  <//>`;
};

const Mails = ({ world }: { world: WorldView }) =>
  html`<${Section} title="Mail" count=${world.mails.length} open=${false}>
    ${world.mails.length === 0 && html`<p class="dim nothing">No mail was sent.</p>`}
    ${world.mails.map(
      (mail) => html`<details class="mail">
        <summary><span class="wrap"><strong>${mail.subject}</strong></span><span class="dim wrap">to ${mail.to}</span></summary>
        <pre class="pre">${mail.text}</pre>
      </details>`,
    )}
  <//>`;

const Calls = ({ world }: { world: WorldView }) =>
  html`<${Section} title="Calls to Slack" count=${world.calls.reduce((sum, { ok }) => sum + ok, 0)} open=${false}>
    <table class="calls">
      <thead><tr><th>method</th><th>taken</th><th>told to wait</th><th>refused</th></tr></thead>
      <tbody>
        ${world.calls.map(
          ({ method, ok, limited, refused }) => html`<tr key=${method}>
            <td class="wrap">${method}</td>
            <td>${ok}</td>
            <td class=${limited > 0 ? 'warn-text' : 'dim'}>${limited}</td>
            <td class=${refused > 0 ? 'bad-text' : 'dim'}>${refused}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  <//>`;
