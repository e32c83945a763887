import { connect, createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Certificates } from '../certificates.ts';
import { listen } from '../listen.ts';
import type { SandboxContext } from '../part.ts';
import type { Databases } from './databases.ts';

const sslRequest = 80877103;
const cancelRequest = 80877102;
const protocol3 = 196608;

/**
 * One PostgreSQL port for all instances of the world, as hosts of restored instances are not known beforehand: ends
 * TLS, takes the instance from the server name, puts the real database and role into the start-up message and pipes.
 * Passwords, SQL and errors are then the real server's.
 */
export const startGateway = async (context: SandboxContext, databases: Databases, certificates: Certificates) => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    void serve(socket).catch(() => socket.destroy());
  });

  const serve = async (socket: Socket) => {
    const first = await readMessage(socket);
    if (first.readInt32BE(4) === cancelRequest) return passOn(socket, first);
    if (first.readInt32BE(4) !== sslRequest) {
      return refuse(socket, '28000', 'no pg_hba.conf entry for host, no encryption');
    }
    socket.write('S');
    const secure = new TLSSocket(socket, {
      isServer: true,
      SNICallback: (name, done) => void certificates.contextFor(name).then((found) => done(null, found), done),
      secureContext: await certificates.contextFor('localhost'),
    });
    secure.on('error', () => socket.destroy());
    const startup = await readMessage(secure);
    if (startup.readInt32BE(4) !== protocol3) return refuse(secure, '08P01', 'unsupported frontend protocol');
    const host = (secure as TLSSocket & { servername?: string | false }).servername || '';
    const instance = databases.byHost(host);
    if (!instance) return refuse(secure, '28000', `no instance listens at ${host || 'a connection without SNI'}`);
    // In a dead Region packets vanish: the connection stays open and nothing is ever said.
    if (context.faults.regionDown(instance.region) || context.faults.service('postgres')?.how === 'hang') return;
    if (!instance.open) return refuse(secure, '57P03', 'the database system is starting up');
    const given = readParameters(startup);
    const database = given.get('database') ?? given.get('user') ?? '';
    if (database !== instance.databaseName) {
      return refuse(secure, '3D000', `database "${database}" does not exist`);
    }
    given.set('database', instance.physicalDatabase);
    given.set(
      'user',
      given.get('user') === instance.user ? instance.physicalRole : `${databases.server.prefix}_nobody`,
    );
    passOn(secure, writeStartup(given), () => context.faults.regionDown(instance.region));
  };

  const passOn = (client: Socket, first: Buffer, dead = () => false) => {
    const real = connect(databases.server.port, databases.server.host);
    real.write(first);
    // Piped by hand, so that a session that is open when its Region dies hears nothing more.
    client.on('data', (data) => void (dead() || real.write(data)));
    real.on('data', (data) => void (dead() || client.write(data)));
    real.on('error', () => client.destroy());
    client.on('error', () => real.destroy());
    real.on('close', () => dead() || client.end());
    client.on('close', () => real.destroy());
    client.resume();
  };

  const port = await listen(server);
  return {
    port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};

/** The first bytes of a connection: a length and that many bytes. What follows stays in the socket. */
const readMessage = (socket: Socket): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    let held = Buffer.alloc(0);
    const stop = () => {
      socket.off('data', onData);
      socket.off('close', onClose);
    };
    const onClose = () => reject(new Error('closed before it said anything'));
    const onData = (data: Buffer) => {
      held = Buffer.concat([held, data]);
      if (held.length < 8) return;
      const length = held.readInt32BE(0);
      if (length > 10_000 || length < 8) return socket.destroy();
      if (held.length < length) return;
      stop();
      socket.pause();
      if (held.length > length) socket.unshift(held.subarray(length));
      resolve(held.subarray(0, length));
    };
    socket.on('data', onData);
    socket.on('close', onClose);
    socket.resume();
  });

const readParameters = (startup: Buffer): Map<string, string> => {
  const parts = startup.subarray(8).toString('utf8').split('\0');
  const parameters = new Map<string, string>();
  for (let at = 0; at + 1 < parts.length && parts[at] !== ''; at += 2) parameters.set(parts[at]!, parts[at + 1]!);
  return parameters;
};

const writeStartup = (parameters: Map<string, string>): Buffer => {
  const text = Buffer.from(`${[...parameters].map(([name, value]) => `${name}\0${value}\0`).join('')}\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(text.length + 8, 0);
  head.writeInt32BE(protocol3, 4);
  return Buffer.concat([head, text]);
};

const refuse = (socket: Socket, code: string, message: string): void => {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write('E', 0);
  head.writeInt32BE(fields.length + 4, 1);
  socket.end(Buffer.concat([head, fields]));
};
