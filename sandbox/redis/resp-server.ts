import { createServer, type Socket } from 'node:net';
import { listen } from '../listen.ts';

/** What a command is answered with, as RESP 2 writes it; a string that begins with `-` is an error's words. */
export type Reply = null | number | { simple: string } | { error: string } | string | Reply[];

export interface Connection {
  signedIn: boolean;
  /** Channels that it listens to. */
  channels: Set<string>;
  send(reply: Reply): void;
}

export interface RespServer {
  port: number;
  /** To everybody who listens to a channel. */
  publish(channel: string, message: string): void;
  /** Cuts every connection, as a process that dies does. */
  cut(): void;
  close(): Promise<void>;
}

const crlf = '\r\n';

export const encode = (reply: Reply): string => {
  if (reply === null) return `$-1${crlf}`;
  if (typeof reply === 'number') return `:${reply}${crlf}`;
  if (typeof reply === 'string') return `$${Buffer.byteLength(reply)}${crlf}${reply}${crlf}`;
  if (Array.isArray(reply)) return `*${reply.length}${crlf}${reply.map(encode).join('')}`;
  return 'error' in reply ? `-${reply.error}${crlf}` : `+${reply.simple}${crlf}`;
};

/**
 * A server of Redis' protocol, version 2. `answer` gives nothing for a command that is never answered; while `gone`
 * nobody is let in.
 */
export const startRespServer = async (
  answer: (words: string[], connection: Connection) => Reply | undefined | Promise<Reply | undefined>,
  gone: () => boolean,
): Promise<RespServer> => {
  const sockets = new Map<Socket, Connection>();
  const server = createServer((socket) => {
    if (gone()) return void socket.destroy();
    const connection: Connection = {
      signedIn: false,
      channels: new Set(),
      send: (reply) => void (socket.writable && socket.write(encode(reply))),
    };
    sockets.set(socket, connection);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let held = Buffer.alloc(0);
    let turn = Promise.resolve();
    socket.on('data', (data) => {
      held = Buffer.concat([held, data]);
      for (;;) {
        const read = readCommand(held);
        if (read === 'broken') {
          connection.send({ error: 'ERR Protocol error: expected an array of bulk strings' });
          return void socket.end();
        }
        if (!read) return;
        held = held.subarray(read.length);
        turn = turn.then(async () => {
          const reply = await answer(read.words, connection);
          if (reply !== undefined) connection.send(reply);
        });
        turn.catch(() => socket.destroy());
      }
    });
  });
  const port = await listen(server);
  const cut = () => {
    for (const socket of sockets.keys()) socket.destroy();
  };
  return {
    port,
    publish(channel, message) {
      for (const connection of sockets.values())
        if (connection.channels.has(channel)) connection.send(['message', channel, message]);
    },
    cut,
    async close() {
      cut();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};

/** One array of bulk strings from the front of what has come, when it is there in full. */
const readCommand = (held: Buffer): { words: string[]; length: number } | 'broken' | undefined => {
  let at = 0;
  const line = (): string | undefined => {
    const end = held.indexOf(crlf, at);
    if (end < 0) return undefined;
    const text = held.toString('utf8', at, end);
    at = end + 2;
    return text;
  };
  const head = line();
  if (head === undefined) return undefined;
  if (!/^\*\d+$/.test(head)) return 'broken';
  const words: string[] = [];
  for (let left = Number(head.slice(1)); left > 0; left -= 1) {
    const size = line();
    if (size === undefined) return undefined;
    if (!/^\$\d+$/.test(size)) return 'broken';
    const length = Number(size.slice(1));
    if (held.length < at + length + 2) return undefined;
    words.push(held.toString('utf8', at, at + length));
    at += length + 2;
  }
  return { words, length: at };
};
