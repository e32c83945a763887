import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { listen } from './listen.ts';
import { readBody } from './read-body.ts';

export interface LocalServer {
  url: string;
  server: Server;
  close(): Promise<void>;
}

/** Starts an HTTP server on a free port of loopback. A handler that throws answers 500. */
export const startLocalServer = async (
  handle: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<LocalServer> => {
  const server = createServer((request, response) => {
    Promise.resolve()
      .then(() => handle(request, response))
      .catch((error: Error) => {
        if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
        response.end(`sandbox: ${error.message}`);
      });
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    server,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        // Calls that a fault left hanging would otherwise keep the server open for ever.
        server.closeAllConnections();
      }),
  };
};

export const readText = async (request: IncomingMessage): Promise<string> => (await readBody(request)).toString('utf8');

export const sendJson = (
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
) => {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify(body));
};
