import type { IncomingMessage, ServerResponse } from 'node:http';
import { addressesOf } from '../aws/alias-addresses.ts';
import type { Certificates } from '../certificates.ts';
import type { Resolver } from '../dns/resolver.ts';
import { durations } from '../durations.ts';
import { startNamedHosts } from '../named-hosts.ts';
import type { SandboxContext, SandboxPart } from '../part.ts';
import { readBody } from '../read-body.ts';
import type { WorldPlan } from '../world-plan.ts';
import type { Application } from './application.ts';
import { type ProtectedUrl, protectedUrls } from './protected-urls.ts';

/** The URLs of the protected services, answered by whichever place the name leads to just now. */
export const startServices = async (
  context: SandboxContext,
  certificates: Certificates,
  resolver: Resolver,
  originOf: (name: string) => string | undefined,
  application: Application,
): Promise<SandboxPart> => {
  const urls = context.plans.flatMap(protectedUrls);
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    void answer(context, urls, resolver, originOf, application, request, response).catch((error) => {
      context.log('a protected service failed inside the sandbox', { error: String(error) });
      response.destroy();
    });
  };
  const server = await startNamedHosts(
    certificates,
    urls.map(({ url }) => url),
    handle,
  );
  return {
    name: 'services',
    environment: { MAYDAY_HOSTS: server.hosts.join(',') },
    control: {},
    close: server.close,
  };
};

const json = (response: ServerResponse, status: number, body: object) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};

const answer = async (
  context: SandboxContext,
  urls: ProtectedUrl[],
  resolver: Resolver,
  originOf: (name: string) => string | undefined,
  application: Application,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  if (context.faults.service('https')?.how === 'hang') return;
  const host = (request.headers.host ?? '').split(':')[0]!.toLowerCase();
  const path = (request.url ?? '/').split('?')[0]!;
  const ofHost = urls.filter(({ url }) => url.hostname === host);
  const plan = ofHost[0]?.plan;
  if (!plan) return json(response, 404, { error: `no service answers for ${host}` });
  const named = placeNamed(plan, host);
  const place = named ?? placeOf(plan, originOf(host) ?? resolver.resolve(host, 'A')?.values[0]);
  const region = plan.regions[place]?.aws ?? place;
  const state = isOfRegion(plan, host) ? application.ready(plan, place) : application.state(plan, place);
  const held = isOfRegion(plan, host) ? durations.readinessAnswer : durations.healthAnswer;
  if (held > 0 && path.endsWith('/health')) await holdAnswer(context, `service:${host}${path}`, held);
  if (!state.works && state.dead) return;
  const asked = ofHost.find(({ url, method }) => url.pathname === path && method === request.method);
  if (!asked && !ofHost.some(({ url }) => url.pathname === path)) return json(response, 404, { error: 'not found' });
  if (!asked) return json(response, 405, { error: 'method not allowed' });
  if (!state.works) return json(response, 503, { status: 'unavailable', region, reason: state.reason });
  if (request.method === 'POST') return accept(context, asked, region, request, response);
  if (path.endsWith('/metrics')) {
    response.writeHead(asked.status, { 'content-type': 'text/plain; version=0.0.4' });
    response.end(`error_rate{region="${region}"} 0.001\nresponse_time_seconds{region="${region}"} 0.042\n`);
    return;
  }
  json(response, asked.status, {
    status: 'ok',
    region,
    time: context.clock.now().toISOString(),
    ...(asked.contains && { says: asked.contains }),
  });
};

const accept = async (
  context: SandboxContext,
  asked: ProtectedUrl,
  region: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  let body: Record<string, unknown>;
  try {
    body = JSON.parse((await readBody(request)).toString('utf8'));
  } catch {
    return json(response, 400, { error: 'the body is not JSON' });
  }
  const missing = asked.bodyKeys.filter((key) => !(key in body));
  if (missing.length > 0) return json(response, 422, { error: `missing: ${missing.join(', ')}` });
  const { visible } = context.ledger.accept('service:Post', `service:${asked.url.hostname}${asked.url.pathname}`, {
    region,
  });
  visible();
  json(response, asked.status, { id: crypto.randomUUID(), status: 'accepted', region });
};

const namedKinds = ['route53-record', 'route53-failover', 'route53-alias', 'cloudflare-record'];

/** What the resolver answers when a name leads to a place. */
const answerOf = (at: unknown): string | undefined =>
  at !== null && typeof at === 'object'
    ? addressesOf(String((at as Record<string, unknown>)['dns-name']))[0]
    : String(at);

/** An answer that takes its time, as a service's own checks do. */
const holdAnswer = async ({ clock, ledger }: SandboxContext, resource: string, seconds: number): Promise<void> => {
  const { visible } = ledger.accept('service:Answer', resource);
  await clock.sleep(seconds);
  visible();
};

/** A host that carries the name of an AWS Region is that Region's own: it answers whether the Region could serve. */
const isOfRegion = (plan: WorldPlan, host: string): boolean =>
  Object.values(plan.regions).some(({ aws }) => aws !== undefined && host.includes(aws));

/** The place that a host names: by its AWS Region, or as the recovery site of the plan. */
const placeNamed = (plan: WorldPlan, host: string): string | undefined => {
  const byRegion = plan.prefer.find((place) => host.includes(plan.regions[place]?.aws ?? ' '));
  return byRegion ?? (host.split('.').includes('dr') ? plan.prefer[1] : undefined);
};

/** Which place an address belongs to: the one whose record has that value. */
const placeOf = (plan: WorldPlan, value: string | undefined): string => {
  for (const component of Object.values(plan.components)) {
    if (!namedKinds.includes(component.kind) || value === undefined) continue;
    const found = plan.prefer.find((place) => answerOf(component[place]) === value);
    if (found) return found;
  }
  return plan.prefer[0] ?? '';
};
