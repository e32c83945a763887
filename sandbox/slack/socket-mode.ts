import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

const mostConnections = 10;
const ackMilliseconds = 3000;
const pingMilliseconds = 10_000;

export type EnvelopeType = 'slash_commands' | 'interactive' | 'events_api';

/** The app's side of Socket Mode: connections by ticket, and payloads that each go to one of them. */
export const createSocketMode = (server: Server, url: string, appId: string) => {
  const sockets = new WebSocketServer({ noServer: true });
  const tickets = new Set<string>();
  const live: WebSocket[] = [];
  const waiting = new Map<string, (payload: unknown) => void>();
  const counts = { opened: 0, sent: 0, acknowledged: 0 };
  let turn = 0;

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const ticket = new URL(request.url ?? '/', url).searchParams.get('ticket') ?? '';
    if (!tickets.delete(ticket) || live.length >= mostConnections) {
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, connected);
  };
  const connected = (socket: WebSocket) => {
    live.push(socket);
    counts.opened += 1;
    const pings = setInterval(() => socket.ping(), pingMilliseconds);
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      clearInterval(pings);
      live.splice(live.indexOf(socket), 1);
    });
    socket.on('message', (data) => {
      const ack = JSON.parse(String(data));
      counts.acknowledged += 1;
      waiting.get(ack.envelope_id)?.(ack.payload ?? {});
      waiting.delete(ack.envelope_id);
    });
    socket.send(JSON.stringify({ type: 'hello', num_connections: live.length, connection_info: { app_id: appId } }));
  };
  server.on('upgrade', upgrade);

  return {
    counts,
    connections: () => live.length,
    openConnection(): string {
      const ticket = randomUUID();
      tickets.add(ticket);
      return `${url.replace('http:', 'ws:')}/link/?ticket=${ticket}&app_id=${appId}`;
    },
    /** Sends to one connection and waits for the acknowledgement; the same id again is what a redelivery looks like. */
    send(
      type: EnvelopeType,
      payload: unknown,
      envelopeId: string = randomUUID(),
    ): Promise<{ acknowledged: boolean; ackMs: number; body: any }> {
      const socket = live[turn++ % Math.max(1, live.length)];
      const startedAt = performance.now();
      if (!socket) return Promise.resolve({ acknowledged: false, ackMs: 0, body: undefined });
      return new Promise((resolve) => {
        const finish = (acknowledged: boolean, body: unknown) => {
          clearTimeout(timer);
          resolve({ acknowledged, ackMs: Math.round(performance.now() - startedAt), body });
        };
        const timer = setTimeout(() => finish(false, undefined), ackMilliseconds);
        waiting.set(envelopeId, (body) => finish(true, body));
        counts.sent += 1;
        socket.send(
          JSON.stringify({ envelope_id: envelopeId, type, accepts_response_payload: type !== 'events_api', payload }),
        );
      });
    },
    /** What Slack does every few hours to each connection, or at once and without a word when `abrupt`. */
    disconnect(abrupt: boolean) {
      for (const socket of [...live]) {
        if (abrupt) socket.terminate();
        else socket.send(JSON.stringify({ type: 'disconnect', reason: 'refresh_requested' }));
      }
    },
    close() {
      for (const socket of [...live]) socket.terminate();
      sockets.close();
    },
  };
};

export type SocketMode = ReturnType<typeof createSocketMode>;
