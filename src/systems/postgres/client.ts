import { Socket } from 'node:net';
import pg from 'pg';
import type { SystemTools } from '../../define.ts';
import { MaydayError } from '../../errors.ts';
import { trust } from '../trust.ts';
import { postgresFailure } from './errors.ts';

/** Where a database is and as whom to ask it. The password is a reference; it is read when a session opens. */
export interface DatabaseTarget {
  host: string;
  port: number;
  database: string;
  user: string;
  password: { env: string };
}

export interface Session {
  query<R extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<R[]>;
}

export interface Databases {
  /** Opens a session, gives it to `use` and closes it. Ends when the signal fires, whatever the server does. */
  session<T>(target: DatabaseTarget, signal: AbortSignal, use: (session: Session) => Promise<T>): Promise<T>;
}

const connectMilliseconds = 3000;

export const createDatabases = (tools: SystemTools): Databases => ({
  async session(target, signal, use) {
    const socket = openSocket(target, tools);
    const client = new pg.Client({
      host: target.host,
      port: target.port,
      database: target.database,
      user: target.user,
      password: tools.secret(target.password, `signing in to ${target.database} at ${target.host}`),
      application_name: 'mayday',
      connectionTimeoutMillis: connectMilliseconds,
      stream: () => socket,
      ssl: { secureContext: trust(tools.dialler) },
    });
    client.on('error', () => {});
    // A server that hangs hears no polite end: the socket is cut, and so every waiting promise fails.
    const cut = Promise.withResolvers<never>();
    const onAbort = () => {
      socket.destroy();
      cut.reject(new MaydayError('system/unavailable', `${target.host}: no answer in time`));
    };
    cut.promise.catch(() => {});
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    const work = async () => {
      await client.connect();
      return use({ query: async (text, values) => (await client.query(text, values)).rows });
    };
    try {
      return await Promise.race([work(), cut.promise]);
    } catch (error) {
      throw postgresFailure(error, target.host);
    } finally {
      signal.removeEventListener('abort', onAbort);
      client.end().catch(() => {});
      socket.destroySoon();
    }
  },
});

/** A socket that goes where the dialler says while the driver, and so TLS, keeps the name that the plan gives. */
const openSocket = (target: DatabaseTarget, tools: SystemTools): Socket => {
  const reached = tools.dialler.reach(target.host, target.port);
  const socket = new Socket();
  const connect = socket.connect.bind(socket) as (port: number, host: string) => Socket;
  socket.connect = (() => connect(reached.port, reached.host)) as Socket['connect'];
  return socket;
};
