import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readText, sendJson } from '../http-server.ts';
import { listen } from '../listen.ts';
import type { KeptMail } from '../mail/start-mail.ts';
import type { PagerDutyPart } from '../pagerduty/start-pagerduty.ts';
import type { SandboxContext } from '../part.ts';
import type { SlackPart } from '../slack/start-slack.ts';
import type { StatuspagePart } from '../statuspage/start-statuspage.ts';
import type { World } from '../world.ts';
import { createBreakers } from './break-world.ts';
import { whyForeign } from './guard.ts';
import { createLive } from './live.ts';
import { pageFile } from './page-files.ts';
import type { StatusView } from './shapes.ts';
import { createWorkspaceView } from './workspace-view.ts';
import { viewWorld } from './world-view.ts';

export interface WorkspaceParts {
  slack: SlackPart;
  pagerduty: PagerDutyPart;
  statuspage: StatuspagePart;
  mail: { mails: KeptMail[] };
  world: World;
}

/** Nothing but what this server sends: no inline script, no other host, no frame around it. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const headers = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-cache',
};

/** What people may do from the page, by the names of the acts. */
const actNames = [
  'command',
  'click',
  'suggest',
  'shortcut',
  'submit',
  'close',
  'home',
  'say',
  'edit',
  'delete',
  'react',
  'pin',
  'join',
] as const;

/** Pictures are shown in the page; everything else is only handed out, so that no file can become a page of this origin. */
const shownTypes = ['image/png', 'image/jpeg', 'image/gif'];

/** The workspace in the browser: the page, what it shows, and what people do there. */
export const startWorkspace = async (
  context: SandboxContext,
  parts: WorkspaceParts,
  port = 0,
): Promise<{ url: string; close(): Promise<void> }> => {
  const { slack, pagerduty, statuspage, mail, world } = parts;
  const { clock } = context;
  const view = createWorkspaceView(slack, pagerduty.account, context.plans);
  const breakers = createBreakers(context, world);
  const live = createLive({
    slack,
    view,
    world: () => viewWorld({ context, world, account: pagerduty.account, mails: mail.mails }),
    clock: { wallStart: clock.wallStart.getTime(), worldStart: clock.worldStart.getTime(), speed: clock.speed },
  });

  const userOf = (id: string | null) => {
    const users = [...slack.workspace.users.values()].filter((user) => !user.deleted && !user.is_bot);
    return users.find((user) => user.id === id || user.name === id) ?? defaultUser(parts, users);
  };

  const act = async (name: string, body: any): Promise<unknown> => {
    if (Object.hasOwn(breakers, name)) return (breakers as Record<string, (body: any) => void>)[name]!(body);
    if (name === 'acknowledge') return pagerduty.acknowledge(String(body.incident));
    const known = actNames.find((each) => each === name);
    if (!known) throw new Error(`nobody can ${name}`);
    return (slack.acts[known] as (body: any) => unknown)(body);
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const why = whyForeign(request, bound);
    if (why !== undefined) return sendJson(response, 403, { error: why });
    const url = new URL(request.url ?? '/', 'http://workspace');
    const [, area, name, id] = url.pathname.split('/');
    if (area === 'api' && request.method === 'POST' && name === 'act' && id) {
      try {
        sendJson(response, 200, (await act(id, JSON.parse(await readText(request)))) ?? {});
      } catch (error) {
        sendJson(response, 400, { error: error instanceof Error ? error.message : String(error) });
      }
      return;
    }
    if (request.method !== 'GET') return sendJson(response, 405, { error: 'only GET here' });
    if (area === 'api' && name === 'live') return live.open(userOf(url.searchParams.get('as')), response);
    if (area === 'api' && name === 'status') return sendJson(response, 200, viewStatus(statuspage, context));
    if (area === 'api' && name === 'files' && id) return sendFile(slack, id, response);
    const file = pageFile(url.pathname);
    if (!file) return sendJson(response, 404, { error: 'not here' });
    response.writeHead(200, { 'content-type': file.type });
    response.end(file.body);
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error) => {
      context.log('the workspace page failed', { error: String(error) });
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  const bound = await listen(server, port);
  return {
    url: `http://127.0.0.1:${bound}`,
    close: () =>
      new Promise((done) => {
        live.close();
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
};

/** Whoever is on call first: it is their phone that rings. */
const defaultUser = <User extends { email?: string }>(
  { pagerduty: { account } }: WorkspaceParts,
  users: User[],
): User => {
  const [first] = [...account.schedules.values()].flat();
  const email = first === undefined ? undefined : account.users.get(first)?.email;
  return users.find((user) => user.email !== undefined && user.email === email) ?? users[0]!;
};

const viewStatus = (statuspage: StatuspagePart, { plans, clock }: SandboxContext): StatusView => {
  const { components, incidents } = statuspage.shown();
  /** Several systems share this page, and each may call a part of it the same. */
  const titleOf = (id: string) =>
    plans.find(({ announce }) => Object.values(announce['status-page']?.components ?? {}).includes(id))?.title;
  return {
    now: clock.now().toISOString(),
    components: components.map(({ id, name, status }) => ({ system: titleOf(id) ?? '', name, status })),
    incidents: [...incidents].reverse().map((incident) => ({
      id: incident.id,
      name: incident.name,
      status: incident.status,
      impact: incident.impact,
      createdAt: incident.created_at,
      resolvedAt: incident.resolved_at,
      updates: incident.incident_updates.map(({ status, body, created_at: at }) => ({ status, body, at })),
    })),
  };
};

const sendFile = ({ files }: SlackPart, id: string, response: ServerResponse) => {
  const kept = files.find(id);
  if (!kept?.complete || !kept.content) return sendJson(response, 404, { error: 'no such file' });
  const { mimetype, name } = kept.file;
  const isPicture = shownTypes.includes(mimetype);
  response.writeHead(200, {
    'content-type': isPicture ? mimetype : 'application/octet-stream',
    'content-disposition': `${isPicture ? 'inline' : 'attachment'}; filename*=UTF-8''${encodeURIComponent(name)}`,
  });
  response.end(kept.content);
};
