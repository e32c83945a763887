import { MaydayError } from '../../errors.ts';
import { sendable } from '../../redact.ts';
import type { StatuspageSettings } from './config.ts';
import { noAnswer, statuspageError } from './errors.ts';

const callMilliseconds = 10_000;

export type CustomerStatus = 'investigating' | 'identified' | 'monitoring' | 'resolved';

export interface StatusIncident {
  id: string;
  url: string;
  status: string;
  /** Keys of the steps that wrote to it, in its metadata. */
  steps: string[];
}

/** Statuspage as Mayday uses it; our own keys lie in the metadata of each incident. */
export const createStatuspageClient = (settings: StatuspageSettings) => {
  const base = `${settings.STATUSPAGE_API_URL.replace(/\/+$/, '')}/pages/${settings.STATUSPAGE_PAGE_ID}`;

  const call = async (method: string, path: string, body?: object, signal?: AbortSignal): Promise<any> => {
    const what = `${method} ${path}`;
    const isChange = method !== 'GET';
    if (signal?.aborted)
      throw new MaydayError('system/unavailable', `There was no time left to call Statuspage's ${what}.`);
    const deadline = AbortSignal.timeout(callMilliseconds);
    let response: Response;
    let text: string;
    try {
      response = await fetch(base + path, {
        method,
        headers: { authorization: `OAuth ${settings.STATUSPAGE_API_KEY}`, 'content-type': 'application/json' },
        body: body === undefined ? undefined : JSON.stringify(sendable(body)),
        redirect: 'error',
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      });
      text = await response.text();
    } catch (error) {
      throw noAnswer(what, isChange, error);
    }
    const answer = asJson(text);
    if (!response.ok)
      throw statuspageError(what, isChange, response.status, response.headers.get('retry-after'), answer);
    return answer;
  };

  const client = {
    /** The newest hundred incidents are looked through: what we search was made minutes ago. */
    async findByStep(key: string, signal?: AbortSignal): Promise<StatusIncident | undefined> {
      const incidents: any[] = await call('GET', '/incidents?limit=100', undefined, signal);
      return incidents.map(shown).find(({ steps }) => steps[0] === key);
    },
    async get(id: string, signal?: AbortSignal): Promise<StatusIncident> {
      return shown(await call('GET', `/incidents/${encodeURIComponent(id)}`, undefined, signal));
    },
    async create(
      made: {
        name: string;
        body: string;
        status: CustomerStatus;
        impact: string;
        components: Record<string, string>;
        key: string;
      },
      signal?: AbortSignal,
    ): Promise<StatusIncident> {
      const incident = {
        name: made.name.slice(0, 255),
        status: made.status,
        impact_override: made.impact,
        body: made.body,
        ...affected(made.components),
        metadata: { mayday: { steps: [made.key] } },
      };
      return shown(await call('POST', '/incidents', { incident }, signal));
    },
    async update(
      id: string,
      made: { body: string; status: CustomerStatus; components: Record<string, string>; steps: string[] },
      signal?: AbortSignal,
    ): Promise<StatusIncident> {
      const incident = {
        status: made.status,
        body: made.body,
        ...affected(made.components),
        metadata: { mayday: { steps: made.steps } },
      };
      return shown(await call('PATCH', `/incidents/${encodeURIComponent(id)}`, { incident }, signal));
    },
  };
  return client;
};

export type StatuspageClient = ReturnType<typeof createStatuspageClient>;

const affected = (components: Record<string, string>) =>
  Object.keys(components).length === 0 ? {} : { components, component_ids: Object.keys(components) };

const shown = (incident: any): StatusIncident => ({
  id: incident.id,
  url: incident.shortlink ?? '',
  status: incident.status,
  steps: incident.metadata?.mayday?.steps ?? [],
});

const asJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
