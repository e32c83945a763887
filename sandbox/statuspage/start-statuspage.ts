import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { readText, sendJson, startLocalServer } from '../http-server.ts';
import type { SandboxContext, SandboxPart } from '../part.ts';
import { checkIncident } from './check-incident.ts';

export interface StatusIncident {
  id: string;
  page_id: string;
  name: string;
  status: string;
  impact: string;
  shortlink: string;
  metadata: Record<string, unknown>;
  created_at: string;
  updated_at: string;
  resolved_at: string | null;
  components: { id: string; name: string; status: string }[];
  incident_updates: { id: string; status: string; body: string; created_at: string; deliver_notifications: boolean }[];
}

const source = 'https://developer.statuspage.io/';

export interface StatuspagePart extends SandboxPart {
  shown(): { components: { id: string; name: string; status: string }[]; incidents: StatusIncident[] };
}

/** A Statuspage page on loopback: incidents and components, one request a second in the world's time. */
export const startStatuspage = async (context: SandboxContext): Promise<StatuspagePart> => {
  let apiKey = `sandbox-${randomBytes(12).toString('hex')}`;
  const pageId = 'sandboxpage1';
  const components = new Map<string, { id: string; name: string; status: string }>();
  const incidents: StatusIncident[] = [];
  for (const plan of context.plans) {
    for (const [name, id] of Object.entries<string>(plan.announce['status-page']?.components ?? {})) {
      components.set(id, { id, name, status: 'operational' });
    }
  }
  const now = () => context.clock.now().toISOString();
  const newId = () => randomBytes(6).toString('hex');
  const limit = createLimit(() => context.clock.now().getTime() / 1000);

  const write = (incident: StatusIncident, asked: any) => {
    const at = now();
    if (asked.name !== undefined) incident.name = asked.name;
    if (asked.impact_override !== undefined) incident.impact = asked.impact_override;
    if (asked.metadata !== undefined) incident.metadata = asked.metadata;
    for (const [id, status] of Object.entries<string>(asked.components ?? {}))
      if (status) components.get(id)!.status = status;
    const affected = new Set([
      ...incident.components.map(({ id }) => id),
      ...(asked.component_ids ?? []),
      ...Object.keys(asked.components ?? {}),
    ]);
    incident.components = [...affected].map((id) => components.get(id)!);
    if (asked.status !== undefined) incident.status = asked.status;
    if (incident.status === 'resolved') incident.resolved_at ??= at;
    if (asked.body !== undefined || asked.status !== undefined) {
      const deliver = asked.deliver_notifications !== false;
      incident.incident_updates.unshift({
        id: newId(),
        status: incident.status,
        body: asked.body ?? '',
        created_at: at,
        deliver_notifications: deliver,
      });
    }
    incident.updated_at = at;
  };

  const local = await startLocalServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const [version, area, page, kind, id, ...rest] = url.pathname
      .replace(/\.json$/, '')
      .split('/')
      .filter(Boolean);
    const method = request.method ?? 'GET';
    const text = await readText(request);
    const refuse = (status: number, ...errors: string[]) => {
      context.ledger.refuse(`statuspage:${method} ${url.pathname}`, `${status} ${errors.join('; ')}`, source);
      sendJson(response, status, { error: errors });
    };
    const fault = context.faults.service('statuspage');
    if (fault?.how === 'hang') return;
    if (fault?.how === '500') return sendJson(response, 500, { error: 'Internal Server Error' });
    if (fault?.how === '429') return tooMany(response, fault.retryAfterSeconds ?? 1);
    if (request.headers.authorization !== `OAuth ${apiKey}`) return refuse(401, 'Could not authenticate');
    if (!limit()) {
      context.ledger.refuse(`statuspage:${method} ${url.pathname}`, '420', source);
      return tooMany(response, Math.max(1, Math.ceil(1 / context.clock.speed)));
    }
    if (version !== 'v1' || area !== 'pages' || page !== pageId || rest.length > 0) return refuse(404, 'Not found');
    if (kind === 'components' && method === 'GET' && !id) return sendJson(response, 200, [...components.values()]);
    if (kind !== 'incidents') return refuse(404, 'Not found');

    if (method === 'GET' && !id) return sendJson(response, 200, listed(incidents, url.searchParams));
    const incident = id ? incidents.find((each) => each.id === id) : undefined;
    if (id && !incident) return refuse(404, 'Not found');
    if (method === 'GET' && incident) return sendJson(response, 200, incident);
    const isCreate = method === 'POST' && !id;
    if (!isCreate && !((method === 'PATCH' || method === 'PUT') && incident)) return refuse(404, 'Not found');

    const change = isCreate ? 'statuspage:CreateIncident' : 'statuspage:UpdateIncident';
    const broken = context.faults.take(change);
    if (broken === 'error') return sendJson(response, 500, { error: 'Internal Server Error' });
    if (!(await context.holds.pass(change, 'before', `${url.pathname} ${text}`))) return;
    const asked = parse(text)?.incident;
    const errors = checkIncident(asked, isCreate, new Set(components.keys()));
    if (errors.length > 0) return refuse(isCreate ? 422 : 400, ...errors);
    const written: StatusIncident = incident ?? {
      id: newId(),
      page_id: pageId,
      name: asked.name,
      status: 'investigating',
      impact: 'none',
      shortlink: '',
      metadata: {},
      created_at: now(),
      updated_at: now(),
      resolved_at: null,
      components: [],
      incident_updates: [],
    };
    written.shortlink ||= `https://stspg.io/${written.id}`;
    write(written, isCreate ? { status: 'investigating', ...asked } : asked);
    if (isCreate) incidents.push(written);
    context.ledger.accept(change, `statuspage:${written.id}`, { name: written.name, status: written.status }).visible();
    if (broken === 'timeout') return;
    if (!(await context.holds.pass(change, 'after', `${url.pathname} ${text}`))) return;
    sendJson(response, isCreate ? 201 : 200, written);
  });

  return {
    name: 'statuspage',
    shown: () => ({ components: [...components.values()], incidents }),
    environment: { STATUSPAGE_API_KEY: apiKey, STATUSPAGE_PAGE_ID: pageId, STATUSPAGE_API_URL: `${local.url}/v1` },
    control: {
      'GET /statuspage/state': () => ({ page: pageId, components: [...components.values()], incidents }),
      /** Makes another key; the one of before is worth nothing from then on. */
      'POST /statuspage/rotate': () => {
        apiKey = `sandbox-${randomBytes(12).toString('hex')}`;
        return { STATUSPAGE_API_KEY: apiKey };
      },
    },
    close: local.close,
  };
};

/** One request a second as measured on a rolling window of sixty seconds. */
const createLimit = (nowSeconds: () => number) => {
  let recent: number[] = [];
  return (): boolean => {
    const now = nowSeconds();
    recent = recent.filter((at) => now - at < 60);
    if (recent.length >= 60) return false;
    recent.push(now);
    return true;
  };
};

const tooMany = (response: ServerResponse, seconds: number) =>
  sendJson(response, 420, { error: 'You have exceeded the rate limit' }, { 'retry-after': String(seconds) });

const listed = (incidents: StatusIncident[], query: URLSearchParams) => {
  const text = (query.get('q') ?? '').toLowerCase();
  const limit = Math.min(100, Number(query.get('limit') ?? 100));
  const page = Math.max(1, Number(query.get('page') ?? 1));
  const matching = incidents.filter(({ name, status, incident_updates: updates }) =>
    [name, status, ...updates.map(({ body }) => body)].join('\n').toLowerCase().includes(text),
  );
  return matching.reverse().slice((page - 1) * limit, page * limit);
};

const parse = (text: string): any => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
