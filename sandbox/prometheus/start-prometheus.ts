import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Certificates } from '../certificates.ts';
import { sendJson } from '../http-server.ts';
import { mentionsOf } from '../mentions.ts';
import { isMeantFor, startNamedHosts } from '../named-hosts.ts';
import type { SandboxContext, SandboxPart } from '../part.ts';

/** What a healthy world's figures are, by what a query speaks of; the first that fits. */
const usual: [RegExp, number][] = [
  [/error|5\.\.|5xx/i, 0.001],
  [/latency|duration|response_time/i, 0.042],
  [/request/i, 120],
  [/\bup\b/, 1],
];

/** Every Prometheus that the plans ask, by its API for queries of one moment. */
export const startPrometheus = async (context: SandboxContext, certificates: Certificates): Promise<SandboxPart> => {
  const urls = context.plans
    .flatMap(mentionsOf)
    .filter(({ uses, with: given }) => uses === 'prometheus/query' && URL.canParse(given['url']))
    .map(({ with: given }) => new URL(given['url']));
  /** What somebody has set; null for a series that is not there. */
  const figures = new Map<string, number | null>();
  const figureOf = (query: string): number | undefined => {
    const set = figures.get(query);
    if (set !== undefined) return set ?? undefined;
    return usual.find(([pattern]) => pattern.test(query))?.[1];
  };
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const url = urls.find((each) => isMeantFor(request, each));
    const asked = new URL(request.url ?? '/', 'http://prometheus');
    if (context.faults.service('prometheus')?.how === 'hang') return;
    if (!url || !asked.pathname.endsWith('/api/v1/query'))
      return void response.writeHead(404).end('404 page not found\n');
    const query = asked.searchParams.get('query') ?? '';
    const wrong = faultOf(query);
    if (wrong) {
      context.ledger.refuse('prometheus:Query', 'bad_data', 'Prometheus HTTP API, errors');
      return sendJson(response, 400, { status: 'error', errorType: 'bad_data', error: wrong });
    }
    const value = figureOf(query);
    const at = context.clock.now().getTime() / 1000;
    const result = value === undefined ? [] : [{ metric: {}, value: [at, String(value)] }];
    sendJson(response, 200, { status: 'success', data: { resultType: 'vector', result } });
  };
  const listening = await startNamedHosts(certificates, urls, answer);
  return {
    name: 'prometheus',
    environment: { MAYDAY_HOSTS: listening.hosts.join(',') },
    control: {
      'GET /metrics': () => Object.fromEntries(figures),
      /** { query, value }: what a query gives from now on, null for no sample. */
      'POST /metrics': ({ body: { query, value } }) => {
        if (typeof query !== 'string' || (typeof value !== 'number' && value !== null))
          throw new Error('metrics need { query, value: a number, or null for none }');
        figures.set(query, value);
      },
    },
    close: listening.close,
  };
};

/** What PromQL's reader would say of it, as far as brackets go. */
const faultOf = (query: string): string | undefined => {
  if (query.trim() === '')
    return 'invalid parameter "query": unknown position: parse error: no expression found in input';
  const open: string[] = [];
  for (const letter of query.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '')) {
    const at = '({['.indexOf(letter);
    if (at >= 0) open.push(')}]'[at]!);
    else if (')}]'.includes(letter) && open.pop() !== letter)
      return `invalid parameter "query": parse error: unexpected character: '${letter}'`;
  }
  return open.length > 0 ? 'invalid parameter "query": parse error: unclosed left parenthesis' : undefined;
};
