import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Certificates } from './certificates.ts';
import { listen } from './listen.ts';

export const portOf = (url: URL) => Number(url.port || (url.protocol === 'https:' ? 443 : 80));

/** Whether a request was meant for the host of a URL. */
export const isMeantFor = (request: IncomingMessage, url: URL): boolean => {
  const host = (request.headers.host ?? '').toLowerCase();
  return host === url.host || host === `${url.hostname}:${portOf(url)}`;
};

/**
 * One HTTP and one HTTPS server for all hosts of these URLs, told apart by what a request names. `hosts` are entries of
 * `MAYDAY_HOSTS`.
 */
export const startNamedHosts = async (
  certificates: Certificates,
  urls: URL[],
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ hosts: string[]; close(): Promise<void> }> => {
  const secure = createHttpsServer(
    {
      ...(await certificates.pairFor('localhost')),
      SNICallback: (name, done) => void certificates.contextFor(name).then((found) => done(null, found), done),
    },
    handle,
  );
  const plain = createHttpServer(handle);
  const [securePort, plainPort] = await Promise.all([listen(secure), listen(plain)]);
  const entryOf = (url: URL) =>
    `${url.hostname}:${portOf(url)}=127.0.0.1:${url.protocol === 'https:' ? securePort : plainPort}`;
  return {
    hosts: [...new Set(urls.map(entryOf))],
    close: async () => void (await Promise.all([stop(secure), stop(plain)])),
  };
};

const stop = (server: Server) =>
  new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
