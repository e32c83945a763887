import type { IncomingMessage } from 'node:http';

/**
 * Why a request is refused; undefined when it may come in. A page of somebody else's that is open in the same browser can
 * reach loopback: it may neither read nor drive this world, not even by a name of its own that leads here.
 */
export const whyForeign = (request: IncomingMessage, port: number): string | undefined => {
  const { host, origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = request.headers;
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) return `not addressed to this server: ${host}`;
  if (origin !== undefined && origin !== `http://${host}`) return `from another origin: ${origin}`;
  // Following a link, or typing the address, opens the page itself and nothing else.
  const isVisit = mode === 'navigate' && request.method === 'GET' && !(request.url ?? '').startsWith('/api/');
  if (site !== undefined && site !== 'same-origin' && !isVisit) return `from another site: ${site}`;
  if (request.method === 'POST' && !(request.headers['content-type'] ?? '').startsWith('application/json'))
    return 'not JSON';
  return undefined;
};
