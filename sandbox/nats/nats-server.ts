import { createServer, type Socket } from 'node:net';
import { listen } from '../listen.ts';

export interface Message {
  subject: string;
  reply: string | undefined;
  headers: Map<string, string>;
  body: Buffer;
}

export interface NatsServer {
  port: number;
  close(): Promise<void>;
}

/**
 * The client protocol of NATS, as far as requests and answers need it. `answer` gives what a subject's responder says;
 * nothing where nobody listens, and `silent` for a server that is not heard.
 */
export const startNatsServer = async (given: {
  version(): string;
  login: { user: string; password: string } | undefined;
  silent(): boolean;
  answer(message: Message): object | undefined | Promise<object | undefined>;
}): Promise<NatsServer> => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    serve(socket);
  });
  const serve = (socket: Socket) => {
    if (given.silent()) return;
    /** Subscriptions of the client by their id. */
    const subscriptions = new Map<string, string>();
    let signedIn = given.login === undefined;
    const write = (data: string | Buffer) => void (socket.writable && !given.silent() && socket.write(data));
    const deliver = (subject: string, body: Buffer, status?: string) => {
      for (const [id, pattern] of subscriptions) {
        if (!matches(pattern, subject)) continue;
        if (status === undefined) {
          write(Buffer.concat([Buffer.from(`MSG ${subject} ${id} ${body.length}\r\n`), body, Buffer.from('\r\n')]));
          continue;
        }
        const head = `NATS/1.0 ${status}\r\n\r\n`;
        write(`HMSG ${subject} ${id} ${head.length} ${head.length + body.length}\r\n${head}${body}\r\n`);
      }
    };
    const publish = async (message: Message) => {
      const answer = await given.answer(message);
      if (message.reply === undefined) return;
      if (answer === undefined) deliver(message.reply, Buffer.alloc(0), '503');
      else deliver(message.reply, Buffer.from(JSON.stringify(answer)));
    };
    const info = {
      server_id: 'SANDBOX',
      server_name: 'sandbox',
      version: given.version(),
      proto: 1,
      headers: true,
      jetstream: true,
      max_payload: 1_048_576,
      host: '127.0.0.1',
      port,
      client_id: sockets.size,
      ...(given.login && { auth_required: true }),
    };
    write(`INFO ${JSON.stringify(info)}\r\n`);
    let held = Buffer.alloc(0);
    socket.on('data', (data) => {
      held = Buffer.concat([held, data]);
      for (;;) {
        const end = held.indexOf('\r\n');
        if (end < 0) return;
        const line = held.toString('utf8', 0, end);
        const [verb = '', ...words] = line.split(/\s+/);
        const deed = verb.toUpperCase();
        let after = end + 2;
        if (deed === 'PUB' || deed === 'HPUB') {
          const size = Number(words.at(-1));
          if (held.length < after + size + 2) return;
          const payload = held.subarray(after, after + size);
          after += size + 2;
          const headSize = deed === 'HPUB' ? Number(words.at(-2)) : 0;
          const reply = words.length > (deed === 'HPUB' ? 3 : 2) ? words[1] : undefined;
          const message = {
            subject: words[0]!,
            reply,
            headers: readHeaders(payload.toString('utf8', 0, headSize)),
            body: payload.subarray(headSize),
          };
          if (signedIn) publish(message).catch(() => socket.destroy());
        } else if (deed === 'CONNECT') {
          const asked = JSON.parse(line.slice(line.indexOf('{'))) as { user?: string; pass?: string };
          signedIn =
            given.login === undefined || (asked.user === given.login.user && asked.pass === given.login.password);
          if (!signedIn) {
            write(`-ERR 'Authorization Violation'\r\n`);
            socket.end();
          }
        } else if (deed === 'SUB') subscriptions.set(words.at(-1)!, words[0]!);
        else if (deed === 'UNSUB') {
          if (words.length === 1) subscriptions.delete(words[0]!);
        } else if (deed === 'PING') write('PONG\r\n');
        else if (deed !== 'PONG' && deed !== '') {
          write(`-ERR 'Unknown Protocol Operation'\r\n`);
          return void socket.end();
        }
        held = held.subarray(after);
      }
    });
  };
  const port = await listen(server);
  return {
    port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};

const readHeaders = (text: string): Map<string, string> =>
  new Map(
    text
      .split('\r\n')
      .slice(1)
      .flatMap((line) => {
        const at = line.indexOf(':');
        return at < 0 ? [] : [[line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const];
      }),
  );

/** Whether a subject is one of those that a pattern names. */
export const matches = (pattern: string, subject: string): boolean => {
  const wanted = pattern.split('.');
  const parts = subject.split('.');
  for (const [at, token] of wanted.entries()) {
    if (token === '>') return parts.length > at;
    if (parts[at] === undefined || (token !== '*' && token !== parts[at])) return false;
  }
  return wanted.length === parts.length;
};
