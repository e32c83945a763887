import { randomBytes } from 'node:crypto';
import { readText, sendJson, startLocalServer } from '../http-server.ts';
import type { SandboxContext, SandboxPart } from '../part.ts';
import { type Account, createAccount } from './account.ts';
import { createEvents } from './events.ts';
import { createIncidents } from './incidents.ts';
import { PagerDutyRefusal } from './pagerduty-refusal.ts';
import { createRest } from './rest.ts';

const changeOf = (method: string, path: string[]): string | undefined => {
  if (path[0] !== 'incidents') return undefined;
  if (method === 'POST' && path.length === 1) return 'pagerduty:CreateIncident';
  if (method === 'PUT') return 'pagerduty:UpdateIncident';
  if (method === 'POST' && path[2] === 'notes') return 'pagerduty:CreateNote';
  if (method === 'POST' && path[2] === 'responder_requests') return 'pagerduty:CreateResponderRequest';
  return undefined;
};

export interface PagerDutyPart extends SandboxPart {
  account: Account;
  /** As a person does on the phone that rang. */
  acknowledge(incident: string): void;
}

/** A PagerDuty account on loopback: REST v2 and Events v2, whose phones ring in `GET /pagerduty/state`. */
export const startPagerDuty = async (context: SandboxContext): Promise<PagerDutyPart> => {
  let token = `sandbox-${randomBytes(12).toString('hex')}`;
  let readOnly = false;
  const routingKey = randomBytes(16).toString('hex');
  const account = createAccount(context);
  const incidents = createIncidents(context, account);
  const rest = createRest(account, incidents, () => context.clock.now());
  const enqueue = createEvents(account, incidents, routingKey);

  const local = await startLocalServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const path = url.pathname.split('/').filter(Boolean);
    const method = request.method ?? 'GET';
    const text = await readText(request);
    const fault = context.faults.service('pagerduty');
    if (fault?.how === 'hang') return;
    if (fault?.how === '500')
      return sendJson(response, 500, { error: { message: 'Internal Server Error', code: 2000 } });
    if (fault?.how === '429') {
      const headers = { 'retry-after': String(fault.retryAfterSeconds ?? 1) };
      return sendJson(response, 429, { error: { message: 'Rate Limit Exceeded', code: 2020 } }, headers);
    }
    const isEvent = path.join('/') === 'v2/enqueue' && method === 'POST';
    const change = isEvent ? 'pagerduty:Enqueue' : changeOf(method, path);
    const broken = change ? context.faults.take(change) : undefined;
    if (broken === 'error') return sendJson(response, 500, { error: { message: 'Internal Server Error', code: 2000 } });
    const refuse = (refusal: PagerDutyRefusal) => {
      context.ledger.refuse(
        `pagerduty:${method} ${url.pathname}`,
        `${refusal.status} ${refusal.errors.join('; ') || refusal.message}`,
        'https://developer.pagerduty.com/api-reference',
      );
      sendJson(response, refusal.status, {
        error: { message: refusal.message, code: refusal.code, errors: refusal.errors },
      });
    };
    try {
      if (!isEvent && request.headers.authorization !== `Token token=${token}`) {
        return refuse(new PagerDutyRefusal(401, 'Unauthorized', 2006));
      }
      if (!isEvent && readOnly && method !== 'GET') return refuse(new PagerDutyRefusal(403, 'Access Denied', 2010));
      const body = parse(text);
      const call = `${url.pathname} ${text}`;
      if (change && !(await context.holds.pass(change, 'before', call))) return;
      const answer = isEvent ? enqueue(body) : rest({ method, path, query: url.searchParams, body, request });
      if (change && !(await context.holds.pass(change, 'after', call))) return;
      if (broken === 'timeout') return;
      if (answer.status >= 400)
        context.ledger.refuse(
          'pagerduty:Enqueue',
          String(answer.status),
          'https://developer.pagerduty.com/docs/events-api-v2',
        );
      sendJson(response, answer.status, answer.body);
    } catch (error) {
      if (!(error instanceof PagerDutyRefusal)) throw error;
      refuse(error);
    }
  });

  const [firstUser] = account.users.values();
  return {
    name: 'pagerduty',
    account,
    acknowledge(id) {
      const incident = incidents.find(id);
      if (incident.status !== 'triggered') return;
      incident.status = 'acknowledged';
      incidents.accept('Acknowledge', incident, { by: 'phone' });
    },
    environment: {
      PAGERDUTY_API_TOKEN: token,
      PAGERDUTY_ROUTING_KEY: routingKey,
      PAGERDUTY_FROM: firstUser?.email ?? 'nobody@sandbox.example',
      PAGERDUTY_API_URL: local.url,
      PAGERDUTY_EVENTS_URL: `${local.url}/v2/enqueue`,
    },
    control: {
      'GET /pagerduty/state': () => ({
        incidents: account.incidents,
        pages: account.pages,
        schedules: Object.fromEntries(account.schedules),
      }),
      /** Makes another token; the one of before is worth nothing from then on. */
      'POST /pagerduty/rotate': () => {
        token = `sandbox-${randomBytes(12).toString('hex')}`;
        return { PAGERDUTY_API_TOKEN: token };
      },
      /** As if somebody had made the key a read-only one. */
      'POST /pagerduty/read-only': ({ body }) => {
        readOnly = body.readOnly === true;
        return { readOnly };
      },
      'POST /pagerduty/schedule': ({ body }) => {
        if (!account.schedules.has(body.schedule)) throw new Error(`no schedule ${body.schedule}`);
        account.schedules.set(body.schedule, body.users);
        return { ok: true };
      },
    },
    close: local.close,
  };
};

const parse = (text: string): unknown => {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new PagerDutyRefusal(400, 'Invalid JSON', 2001, ['the body is not JSON']);
  }
};
