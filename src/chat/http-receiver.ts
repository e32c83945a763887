import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { App, Receiver, ReceiverEvent } from '@slack/bolt';
import type { Log } from '../define.ts';
import { messageOf } from '../errors.ts';
import { type Accepted, createFrontDoor, type FrontDoorOptions } from './front-door.ts';

/** Slack gives up after three seconds; what nobody has acknowledged by then is said to the log. */
const ackMilliseconds = 3000;

/** Bolt's HTTP side: our front door, then Bolt's routing. */
export const createHttpReceiver = (options: FrontDoorOptions & { log: Log }): Receiver & { url(): string } => {
  const door = createFrontDoor(options);
  let app: App | undefined;
  let server: Server | undefined;

  const accepted: Accepted = (request, response, retry) => {
    const { ack, late } = acknowledger(response, () =>
      options.log.warn({ kind: request.kind }, 'a request was not acknowledged in time'),
    );
    const event: ReceiverEvent = { body: request.body, ack, retryNum: retry.num, retryReason: retry.reason };
    app!.processEvent(event).catch((error: unknown) => {
      options.log.error({ kind: request.kind, error: messageOf(error) }, 'a request could not be handled');
      if (late.cancel()) response.writeHead(500).end();
    });
  };

  return {
    init(bolt) {
      app = bolt;
    },
    start: (port: number, host: string) =>
      new Promise((resolve, reject) => {
        server = createServer((request, response) => {
          const path = (request.url ?? '').split('?')[0];
          if (path !== '/slack/events') {
            options.onRefused('Slack calls /slack/events.', { status: 404, proven: false });
            response.writeHead(404, { 'content-type': 'text/plain' }).end('Slack calls /slack/events.');
            return;
          }
          door(request, response, accepted).catch((error: unknown) => {
            // The caller went away in the middle of its own request: nobody to answer, nothing to report.
            if (request.destroyed && !request.complete) return;
            options.log.error({ error: messageOf(error) }, 'the front door failed');
            if (!response.headersSent) response.writeHead(500);
            response.end();
          });
        });
        // A caller that sends its body drop by drop must not hold a connection for ever.
        server.requestTimeout = 10_000;
        server.headersTimeout = 5000;
        server.once('error', reject);
        server.listen(port, host, () => resolve(server));
      }),
    stop: () =>
      new Promise<void>((resolve) => {
        if (!server) return resolve();
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
    url() {
      const { address, port, family } = server!.address() as AddressInfo;
      return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
    },
  };
};

/** Bolt's `ack`: the first call answers, later ones do nothing. */
const acknowledger = (response: ServerResponse, onLate: () => void) => {
  let isOpen = true;
  const timer = setTimeout(onLate, ackMilliseconds);
  const cancel = () => {
    clearTimeout(timer);
    const was = isOpen;
    isOpen = false;
    return was;
  };
  const ack = async (answer?: unknown): Promise<void> => {
    if (!cancel()) return;
    if (answer === undefined || answer === '') response.writeHead(200).end();
    else if (typeof answer === 'string')
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(answer);
    else response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(answer));
  };
  return { ack, late: { cancel } };
};
