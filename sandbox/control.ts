import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Fault } from './faults.ts';
import type { HoldRequest } from './holds.ts';
import { listen } from './listen.ts';
import type { ControlRequest, SandboxContext, SandboxPart } from './part.ts';
import { readBody } from './read-body.ts';
import { describeWorld, type World } from './world.ts';

type Route = (request: ControlRequest) => unknown;

/** The port by which people, tests and the demo break the world and read it back. JSON in, JSON out, loopback only. */
export const startControl = async (
  context: SandboxContext,
  world: World,
  parts: SandboxPart[],
  port: number,
): Promise<{ url: string; close(): Promise<void> }> => {
  const routes: Record<string, Route> = Object.assign(
    {},
    ...parts.map((part) => part.control),
    ownRoutes(context, world),
  );
  const server = createServer((request, response) => void handle(routes, request, response));
  const bound = await listen(server, port);
  return {
    url: `http://127.0.0.1:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const handle = async (routes: Record<string, Route>, request: IncomingMessage, response: ServerResponse) => {
  const answer = (status: number, body: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? { ok: true }));
  };
  try {
    const url = new URL(request.url ?? '/', 'http://control');
    const method = request.method ?? 'GET';
    const route = routeFor(routes, method, url.pathname);
    if (!route)
      return answer(404, { error: `no ${method} ${url.pathname}; there is ${Object.keys(routes).join(', ')}` });
    const text = (await readBody(request)).toString('utf8');
    const body = text === '' ? {} : JSON.parse(text);
    const result = await route({ method, path: url.pathname, query: url.searchParams, body, request, response });
    if (!response.headersSent) answer(200, result);
  } catch (error) {
    if (!response.headersSent) answer(400, { error: error instanceof Error ? error.message : String(error) });
  }
};

/** An exact route, or one whose last part is a name: `GET /slack/channels/:name`. */
const routeFor = (routes: Record<string, Route>, method: string, path: string): Route | undefined =>
  routes[`${method} ${path}`] ?? routes[`${method} ${path.slice(0, path.lastIndexOf('/'))}/:name`];

const ownRoutes = (context: SandboxContext, world: World): Record<string, Route> => ({
  'GET /ledger': () => ({
    entries: context.ledger.entries(),
    refusals: context.ledger.refusals(),
    counts: context.ledger.counts(),
    calls: context.ledger.calls(),
  }),
  /** Without the entries, for whoever asks often. */
  'GET /ledger/calls': () => context.ledger.calls(),
  'GET /clock': () => ({ now: context.clock.now().toISOString(), speed: context.clock.speed }),
  'GET /faults': () => context.faults.list(),
  'POST /faults': ({ body }) => {
    context.faults.add(readFault(body));
    return context.faults.list();
  },
  'DELETE /faults': () => {
    context.faults.clear();
    return [];
  },
  'GET /holds': () => context.holds.list(),
  'POST /holds': ({ body }) => context.holds.add(readHold(body)),
  'POST /holds/release': ({ body }) => {
    if (body.how !== 'go' && body.how !== 'drop') throw new Error('a release needs { how: "go" or "drop" }');
    context.holds.release(body.how, body.id);
    return context.holds.list();
  },
  'GET /world': () => describeWorld(context, world),
  'POST /lag': ({ body }) => {
    if (typeof body.seconds !== 'number' || body.seconds < 0) throw new Error('lag needs { seconds: 0 or more }');
    world.databases.lagSeconds = body.seconds;
    return { seconds: body.seconds };
  },
  /** As whoever changes a bucket's policy or its rules would. */
  'POST /buckets': ({ body }) => {
    const found = world.buckets.find(({ name }) => name === body.bucket);
    if (!found) throw new Error(`no bucket ${body.bucket}`);
    if (typeof body.closed === 'boolean') found.closed = body.closed;
    if (typeof body.replicationPaused === 'boolean') found.replicationPaused = body.replicationPaused;
    return { ok: true };
  },
  /** As somebody with the console would: nobody asks Mayday before. */
  'POST /instances/delete': ({ body }) => {
    const found = world.databases.all().find((one) => one.id === body.instance);
    if (!found) throw new Error(`no instance ${body.instance}`);
    world.databases.remove(found, () => {});
    return { ok: true };
  },
  'POST /sql': async ({ body }) => {
    const found = world.databases
      .all()
      .find((one) => one.id === body.instance || one.endpoint === String(body.host ?? '').toLowerCase());
    if (!found) throw new Error(`no instance ${body.instance ?? body.host}`);
    const result = await world.databases.server.pool(found.physicalDatabase).query(String(body.sql), body.params ?? []);
    return { rows: result.rows };
  },
});

const readHold = (body: Record<string, unknown>): HoldRequest => {
  if (typeof body['call'] !== 'string' || (body['when'] !== 'before' && body['when'] !== 'after'))
    throw new Error('a hold needs { call, when: "before" or "after" }');
  return { call: body['call'], when: body['when'], contains: body['contains'] as string[] | undefined };
};

const needed: Record<Fault['kind'], string[]> = {
  'region-down': ['region'],
  error: ['change'],
  timeout: ['change'],
  slow: ['change'],
  service: ['service', 'how'],
};

const readFault = (body: Record<string, unknown>): Fault => {
  const fields = needed[body['kind'] as Fault['kind']];
  if (!fields) throw new Error(`a fault is of kind ${Object.keys(needed).join(', ')}`);
  for (const field of fields) if (typeof body[field] !== 'string') throw new Error(`${body['kind']} needs ${field}`);
  return body as unknown as Fault;
};
