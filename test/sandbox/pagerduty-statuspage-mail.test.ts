import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMail } from '../../sandbox/mail/start-mail.ts';
import { startPagerDuty } from '../../sandbox/pagerduty/start-pagerduty.ts';
import type { SandboxPart } from '../../sandbox/part.ts';
import { startStatuspage } from '../../sandbox/statuspage/start-statuspage.ts';
import { control, createContext } from '../support/talk-world.ts';

const context = createContext();
let pagerduty: SandboxPart;
let statuspage: SandboxPart;
let mail: SandboxPart;

beforeAll(async () => {
  [pagerduty, statuspage, mail] = await Promise.all([
    startPagerDuty(context),
    startStatuspage(context),
    startMail(context),
  ]);
});
afterAll(() => Promise.all([pagerduty, statuspage, mail].map((part) => part.close())));

const rest = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
  const { PAGERDUTY_API_URL: url, PAGERDUTY_API_TOKEN: token, PAGERDUTY_FROM: from } = pagerduty.environment;
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Token token=${token}`, from: from!, ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as any };
};
const incident = (more: object = {}) => ({
  incident: { type: 'incident', title: 'down', service: { id: 'PSHOPSVC', type: 'service_reference' }, ...more },
});

describe('the sandbox PagerDuty', () => {
  it('pages who is on call, and refuses a second open incident with the key', async () => {
    const first = await rest('POST', '/incidents', incident({ incident_key: 'k1' }));
    expect(first.status).toBe(201);
    const second = await rest('POST', '/incidents', incident({ incident_key: 'k1' }));
    expect(second.status).toBe(400);
    expect(second.body.error.errors[0]).toMatch(/already exists/);
    const { pages } = await control(pagerduty, 'GET /pagerduty/state');
    expect(pages.map(({ person, how }: any) => [person, how])).toEqual([['PADA', 'phone']]);
  });
  it('lists on-call by schedule', async () => {
    const { body } = await rest('GET', '/oncalls?schedule_ids[]=SSHOP');
    expect(body.oncalls.map((each: any) => each.user.id)).toEqual(['PADA']);
  });
  it('refuses no token, an unknown From, unknown keys and unknown parameters', async () => {
    expect((await rest('GET', '/oncalls', undefined, { authorization: 'Token token=x' })).status).toBe(401);
    expect((await rest('POST', '/incidents', incident(), { from: 'who@else.example' })).status).toBe(400);
    expect((await rest('POST', '/incidents', incident({ colour: 'red' }))).status).toBe(400);
    expect((await rest('GET', '/incidents?colour=red')).status).toBe(400);
    expect((await rest('GET', '/incidents/QNONE')).status).toBe(404);
  });
  it('rings a phone for a responder request', async () => {
    const { body } = await rest('POST', '/incidents', incident({ urgency: 'low' }));
    const asked = await rest('POST', `/incidents/${body.incident.id}/responder_requests`, {
      requester_id: 'PADA',
      message: 'please',
      responder_request_targets: [{ responder_request_target: { id: 'PBEN', type: 'user_reference' } }],
    });
    expect(asked.status).toBe(200);
    const { pages } = await control(pagerduty, 'GET /pagerduty/state');
    expect(pages.at(-1)).toMatchObject({ person: 'PBEN', how: 'phone', why: 'please' });
  });
  it('deduplicates events by key and refuses malformed ones', async () => {
    const { PAGERDUTY_EVENTS_URL: url, PAGERDUTY_ROUTING_KEY: key } = pagerduty.environment;
    const send = async (body: object) => (await fetch(url!, { method: 'POST', body: JSON.stringify(body) })).status;
    const event = {
      routing_key: key,
      event_action: 'trigger',
      dedup_key: 'e1',
      payload: { summary: 's', source: 'x', severity: 'critical' },
    };
    expect([await send(event), await send(event)]).toEqual([202, 202]);
    expect(await send({ ...event, payload: { summary: 's' } })).toBe(400);
    const { incidents } = await control(pagerduty, 'GET /pagerduty/state');
    expect(incidents.filter((each: any) => each.incident_key === 'e1')).toHaveLength(1);
  });
});

describe('the sandbox Statuspage', () => {
  const call = async (method: string, path: string, body?: unknown) => {
    const { STATUSPAGE_API_URL: url, STATUSPAGE_PAGE_ID: page, STATUSPAGE_API_KEY: key } = statuspage.environment;
    const response = await fetch(`${url}/pages/${page}${path}`, {
      method,
      headers: { authorization: `OAuth ${key}` },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as any };
  };
  it('keeps metadata of objects only, and known components only', async () => {
    expect((await call('POST', '/incidents', { incident: { name: 'x', metadata: { key: 'flat' } } })).status).toBe(422);
    expect(
      (await call('POST', '/incidents', { incident: { name: 'x', components: { nope: 'operational' } } })).status,
    ).toBe(422);
    const made = await call('POST', '/incidents', { incident: { name: 'x', metadata: { ours: { key: 'k' } } } });
    expect(made.status).toBe(201);
    expect((await call('GET', '/incidents')).body[0].metadata).toEqual({ ours: { key: 'k' } });
  });
  it('lets through sixty requests in a minute of the world', async () => {
    const slow = createContext(1);
    const part = await startStatuspage(slow);
    const url = `${part.environment['STATUSPAGE_API_URL']}/pages/${part.environment['STATUSPAGE_PAGE_ID']}/components`;
    const headers = { authorization: `OAuth ${part.environment['STATUSPAGE_API_KEY']}` };
    const statuses = await Promise.all(Array.from({ length: 61 }, async () => (await fetch(url, { headers })).status));
    expect(statuses.filter((status) => status === 420)).toHaveLength(1);
    await part.close();
  });
});

describe('the sandbox mail server', () => {
  it('keeps what it accepted, readable', async () => {
    const transport = createTransport(mail.environment['SMTP_URL']!);
    await transport.sendMail({
      from: 'a@x.example',
      to: 'b@y.example',
      subject: 'Grüße – 1',
      text: 'zwölf\n'.repeat(30),
      messageId: '<k@mayday>',
    });
    const { mails } = await control(mail, 'GET /mail');
    expect(mails).toHaveLength(1);
    expect(mails[0]).toMatchObject({ recipients: ['b@y.example'], subject: 'Grüße – 1', messageId: '<k@mayday>' });
    expect(mails[0].text).toBe('zwölf\n'.repeat(30).trimEnd());
  });
});
