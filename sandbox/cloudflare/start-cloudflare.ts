import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';
import { secondsIn } from '../aws/hosted-zones.ts';
import type { DnsAnswer } from '../dns/resolver.ts';
import { durations } from '../durations.ts';
import { readText, sendJson, startLocalServer } from '../http-server.ts';
import type { SandboxContext, SandboxPart } from '../part.ts';

interface Record_ {
  id: string;
  zone: string;
  name: string;
  type: string;
  content: string;
  ttl: number;
  proxied: boolean;
  comment: string | null;
  modified: Date;
  /** What the name servers answer, a little behind the API. */
  served: string;
}

class Refusal extends Error {
  readonly status: number;
  readonly code: number;
  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** One of the addresses with which Cloudflare answers for every proxied name. */
const edgeAddress = '104.16.0.1';
const automaticSeconds = 300;

/** Cloudflare's DNS records, by its v4 API. */
export const startCloudflare = async (
  context: SandboxContext,
  propagated: (names: string[], done: () => void) => void,
): Promise<
  SandboxPart & {
    answer(name: string, type: string): DnsAnswer | undefined;
    /** Where a proxied name leads to behind Cloudflare's own addresses. */
    originOf(name: string): string | undefined;
    records(): { zone: string; name: string; type: string; content: string; proxied: boolean }[];
  }
> => {
  const { clock, faults, holds, ledger } = context;
  let token = randomBytes(20).toString('base64url');
  const records: Record_[] = [];
  for (const plan of context.plans) {
    for (const component of Object.values(plan.components)) {
      if (component.kind !== 'cloudflare-record') continue;
      const place = plan.prefer.find((each) => component[each] !== undefined);
      if (!place) continue;
      const proxied = component['proxied'] === true;
      records.push({
        id: randomBytes(16).toString('hex'),
        zone: component['zone'],
        name: String(component['name']).toLowerCase(),
        type: component['type'] ?? 'A',
        content: String(component[place]),
        ttl: proxied ? 1 : secondsIn(component['ttl'] ?? '60s'),
        proxied,
        comment: null,
        modified: clock.now(),
        served: String(component[place]),
      });
    }
  }

  const checkContent = (type: string, content: unknown) => {
    if (type === 'A' && !isIPv4(String(content)))
      throw new Refusal(400, 9005, 'Content for A record must be a valid IPv4 address.');
    if (type === 'AAAA' && !isIPv6(String(content)))
      throw new Refusal(400, 9006, 'Content for AAAA record must be a valid IPv6 address.');
    if (type === 'CNAME' && !/^[a-z0-9.-]+\.[a-z]+\.?$/i.test(String(content)))
      throw new Refusal(400, 9007, 'Content for CNAME record is invalid.');
  };

  const show = ({ id, name, type, content, ttl, proxied, comment, modified }: Record_) => ({
    id,
    name,
    type,
    content,
    proxiable: true,
    proxied,
    ttl,
    settings: {},
    meta: {},
    comment,
    tags: [],
    created_on: clock.now().toISOString(),
    modified_on: modified.toISOString(),
  });

  const patch = (record: Record_, given: Record<string, unknown>) => {
    const unknown = Object.keys(given).find(
      (key) => !['content', 'ttl', 'proxied', 'comment', 'name', 'type', 'tags', 'settings'].includes(key),
    );
    if (unknown) throw new Refusal(400, 9207, `Request body is invalid: unknown field ${unknown}.`);
    const content = given['content'] ?? record.content;
    checkContent(record.type, content);
    const proxied = (given['proxied'] ?? record.proxied) === true;
    const ttl = Number(given['ttl'] ?? record.ttl);
    if (ttl !== 1 && !(ttl >= 60 && ttl <= 86_400))
      throw new Refusal(400, 9021, 'Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.');
    const { visible } = ledger.accept('cloudflare:PatchDnsRecord', `cloudflare:${record.zone}:${record.name}`, {
      content: String(content),
    });
    Object.assign(record, { content: String(content), proxied, ttl: proxied ? 1 : ttl, modified: clock.now() });
    clock.after(durations.cloudflareDns * faults.slowFactor('cloudflare:PatchDnsRecord'), () => {
      record.served = record.content;
      // Behind the proxy nobody's cache holds the old place.
      if (record.proxied) visible();
      else propagated([record.name], visible);
    });
    return show(record);
  };

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://cloudflare');
    const text = await readText(request);
    const fault = faults.service('cloudflare');
    if (fault?.how === 'hang') return;
    const call = request.method === 'PATCH' ? 'cloudflare:PatchDnsRecord' : `cloudflare:${request.method}`;
    const fail = (status: number, code: number, message: string, headers: Record<string, string> = {}) =>
      sendJson(response, status, { success: false, errors: [{ code, message }], messages: [], result: null }, headers);
    const succeed = (result: unknown, more: object = {}) =>
      sendJson(response, 200, { success: true, errors: [], messages: [], result, ...more });
    if (fault?.how === '429')
      return fail(429, 10100, 'Please wait and consider throttling your request speed', {
        'retry-after': String(fault.retryAfterSeconds ?? 1),
      });
    if (fault?.how === '500') return fail(500, 10001, 'Internal server error');
    try {
      const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
      if (given === undefined) throw new Refusal(400, 6003, 'Invalid request headers');
      if (given !== token) throw new Refusal(403, 10000, 'Authentication error');
      const [, zone, id] = /^\/client\/v4\/zones\/([^/]+)\/dns_records(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
      if (!zone)
        throw new Refusal(404, 7003, `Could not route to ${url.pathname}, perhaps your object identifier is invalid?`);
      const inZone = records.filter((record) => record.zone === zone);
      if (inZone.length === 0) throw new Refusal(403, 9109, 'Unauthorized to access requested resource');
      if (request.method === 'GET' && id === undefined) {
        const [name, type] = [url.searchParams.get('name'), url.searchParams.get('type')];
        const found = inZone.filter(
          (one) => (!name || one.name === name.toLowerCase()) && (!type || one.type === type),
        );
        const result_info = { page: 1, per_page: 100, count: found.length, total_count: found.length, total_pages: 1 };
        return succeed(found.map(show), { result_info });
      }
      const record = inZone.find((one) => one.id === id);
      if (!record) throw new Refusal(404, 81044, 'Record does not exist.');
      if (request.method === 'GET') return succeed(show(record));
      if (request.method !== 'PATCH')
        throw new Refusal(405, 10405, 'Method not allowed for this authentication scheme');
      const taken = faults.take(call);
      if (taken === 'error') return fail(500, 10001, 'Internal server error');
      if (!(await holds.pass(call, 'before', text))) return;
      let body: Record<string, unknown>;
      try {
        body = JSON.parse(text);
      } catch {
        throw new Refusal(400, 9207, 'Request body is invalid.');
      }
      const result = patch(record, body);
      if (!(await holds.pass(call, 'after', text))) return;
      if (taken === 'timeout') return;
      succeed(result);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      ledger.refuse(call, String(error.code), 'Cloudflare API v4, DNS records');
      fail(error.status, error.code, error.message);
    }
  };

  const server = await startLocalServer(handle);
  return {
    name: 'cloudflare',
    environment: { CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_API_URL: `${server.url}/client/v4` },
    control: {
      /** Makes another token; the one of before is worth nothing from then on. */
      'POST /cloudflare/rotate': () => {
        token = randomBytes(20).toString('base64url');
        return { CLOUDFLARE_API_TOKEN: token };
      },
    },
    close: server.close,
    records: () => records.map(({ zone, name, type, content, proxied }) => ({ zone, name, type, content, proxied })),
    originOf: (name) => records.find((one) => one.name === name.toLowerCase() && one.proxied)?.served,
    answer(name, type) {
      const found = records.find(
        (one) => one.name === name.toLowerCase() && (one.type === type || one.type === 'CNAME'),
      );
      if (!found) return undefined;
      const ttlSeconds = found.ttl === 1 ? automaticSeconds : found.ttl;
      return { values: [found.proxied ? edgeAddress : found.served], ttlSeconds };
    },
  };
};
