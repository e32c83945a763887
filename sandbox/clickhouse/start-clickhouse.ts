import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Certificates } from '../certificates.ts';
import { mentionsOf } from '../mentions.ts';
import { isMeantFor, startNamedHosts } from '../named-hosts.ts';
import type { SandboxContext, SandboxPart } from '../part.ts';
import { readBody } from '../read-body.ts';
import type { WorldPlan } from '../world-plan.ts';
import { ClickhouseError, type ClickhouseServer, execute } from './statements.ts';

/** Every ClickHouse of the plans, by its HTTP interface. */
export const startClickhouse = async (
  context: SandboxContext,
  certificates: Certificates,
  secrets: Record<string, string>,
): Promise<SandboxPart> => {
  const servers = context.plans.flatMap((plan) => serversOf(plan, secrets));
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    const server = servers.find(({ url }) => isMeantFor(request, url));
    if (!server) return void response.writeHead(404).end();
    if (context.faults.regionDown(server.region) || context.faults.service('clickhouse')?.how === 'hang') return;
    void answer(context, server, request, response).catch((error) => {
      context.log('a ClickHouse failed inside the sandbox', { error: String(error) });
      response.destroy();
    });
  };
  const listening = await startNamedHosts(
    certificates,
    servers.map(({ url }) => url),
    handle,
  );
  return {
    name: 'clickhouse',
    environment: { MAYDAY_HOSTS: listening.hosts.join(',') },
    control: {
      'GET /clickhouse': () =>
        servers.map(({ component, place, fetching, tables }) => ({
          component,
          place,
          fetching,
          tables: Object.fromEntries(tables),
        })),
      /** What a table of one place is like: { component, place, table, rows?, delaySeconds?, queue?, readonly? }. */
      'POST /clickhouse': ({ body: { component, place, table, ...change } }) => {
        const found = servers.find((one) => one.component === component && one.place === place)?.tables.get(table);
        if (!found) throw new Error(`no table ${table} of ${component} in ${place}`);
        Object.assign(found, change);
      },
    },
    close: listening.close,
  };
};

const rowsAtFirst = 1000;

const serversOf = (plan: WorldPlan, secrets: Record<string, string>): ClickhouseServer[] =>
  Object.entries(plan.components).flatMap(([component, written]) => {
    if (written.kind !== 'clickhouse') return [];
    const asked = mentionsOf(plan).flatMap(({ with: given }) =>
      given['component'] === component && typeof given['table'] === 'string' ? [given['table']] : [],
    );
    const names = new Set<string>([...(written['tables'] ?? []), ...asked]);
    if (names.size === 0) names.add('events');
    return plan.prefer.flatMap((place) => {
      if (written[place] === undefined) return [];
      return [
        {
          component,
          place,
          region: plan.regions[place]?.aws ?? place,
          url: new URL(written[place]),
          user: written['user'] ?? 'default',
          password: written['password']?.env && secrets[written['password'].env],
          database: written['database'] ?? 'default',
          fetching: true,
          tables: new Map(
            [...names].map((name) => [
              name,
              { rows: rowsAtFirst, replicated: true, readonly: false, delaySeconds: 0, queue: 0 },
            ]),
          ),
          memory: new Map(),
        },
      ];
    });
  });

const answer = async (
  context: SandboxContext,
  server: ClickhouseServer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const refuse = (status: number, code: number, message: string) => {
    context.ledger.refuse('clickhouse:Query', String(code), 'ClickHouse, error codes');
    response.writeHead(status, { 'content-type': 'text/plain; charset=UTF-8', 'x-clickhouse-exception-code': code });
    response.end(`Code: ${code}. DB::Exception: ${message} (version 24.8.4.13 (official build))\n`);
  };
  const url = new URL(request.url ?? '/', 'http://clickhouse');
  if (url.pathname === '/ping') return void response.end('Ok.\n');
  const { 'x-clickhouse-user': user = 'default', 'x-clickhouse-key': key } = request.headers;
  if (user !== server.user || key !== server.password)
    return refuse(
      403,
      516,
      `${user}: Authentication failed: password is incorrect, or there is no user with such name. (AUTHENTICATION_FAILED)`,
    );
  const database = url.searchParams.get('database') ?? 'default';
  if (database !== server.database) return refuse(404, 81, `Database ${database} does not exist. (UNKNOWN_DATABASE)`);
  const sql = (await readBody(request)).toString('utf8');
  // A GET may not change anything, and neither may an empty question.
  if (request.method !== 'POST' || sql === '') return refuse(400, 62, 'Syntax error: Empty query. (SYNTAX_ERROR)');
  const deed = /^SYSTEM (STOP|START) FETCHES/.exec(sql)?.[1];
  const fault = deed && context.faults.take(`clickhouse:${deed === 'STOP' ? 'Stop' : 'Start'}Fetches`);
  if (fault === 'error') return refuse(500, 1000, 'Poco::Exception. (POCO_EXCEPTION)');
  try {
    const text = execute(server, sql, (change) =>
      context.ledger.accept(`clickhouse:${change}`, `clickhouse:${server.url.host}/${server.database}`).visible(),
    );
    if (fault === 'timeout') return;
    response.writeHead(200, { 'content-type': 'application/x-ndjson; charset=UTF-8' });
    response.end(text);
  } catch (error) {
    if (!(error instanceof ClickhouseError)) throw error;
    refuse(error.code === 60 || error.code === 81 ? 404 : 400, error.code, error.message);
  }
};
