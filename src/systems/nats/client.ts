import { rootCertificates } from 'node:tls';
import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { SystemTools } from '../../define.ts';
import { MaydayError, messageOf } from '../../errors.ts';
import { isNotFound, natsFailure } from './errors.ts';
import { jetstreamSdk, transportSdk } from './sdk.ts';
import type { StreamTarget } from './stream-target.ts';

export interface Session {
  connection: NatsConnection;
  manager: JetStreamManager;
  /** Nothing when there is no stream of that name. */
  find(stream: string): Promise<StreamInfo | undefined>;
}

export interface NatsClients {
  /** Connects to the first server that answers, gives the session to `use`, and closes it. */
  session<T>(
    target: StreamTarget,
    signal: AbortSignal,
    use: (session: Session) => Promise<T>,
    why?: 'changing',
  ): Promise<T>;
}

const connectMilliseconds = 2000;
const answerMilliseconds = 3000;

export const createNatsClients = (tools: SystemTools): NatsClients => ({
  async session(target, signal, use, why) {
    const where = target.servers.join(', ');
    const connection = await open(target, tools).catch((error) => {
      throw natsFailure(error, where, false);
    });
    const cut = Promise.withResolvers<never>();
    const onAbort = () => cut.reject(new Error('no answer in time'));
    cut.promise.catch(() => {});
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    const work = async () => {
      const manager = await jetstreamSdk().jetstreamManager(connection, {
        timeout: answerMilliseconds,
        checkAPI: false,
      });
      return use({
        connection,
        manager,
        find: (stream) =>
          manager.streams.info(stream).catch((error) => {
            if (isNotFound(error)) return undefined;
            throw error;
          }),
      });
    };
    try {
      return await Promise.race([work(), cut.promise]);
    } catch (error) {
      throw natsFailure(error, where, why === 'changing');
    } finally {
      signal.removeEventListener('abort', onAbort);
      connection.close().catch(() => {});
    }
  },
});

/** One after the other, each at the address where the dialler has it: the client itself would dial names. */
const open = async (target: StreamTarget, tools: SystemTools): Promise<NatsConnection> => {
  const password =
    target.password && tools.secret(target.password, `signing in to the NATS servers of ${target.component}`);
  const failures: string[] = [];
  for (const text of target.servers) {
    const url = new URL(text);
    const reached = tools.dialler.reach(url.hostname, Number(url.port || 4222));
    try {
      return await transportSdk().connect({
        servers: `${reached.host}:${reached.port}`,
        name: 'mayday',
        reconnect: false,
        ignoreClusterUpdates: true,
        timeout: connectMilliseconds,
        ...(target.user !== undefined && { user: target.user }),
        ...(password !== undefined && { pass: password }),
        ...(url.protocol === 'tls:' && {
          tls: { ca: [...rootCertificates, tools.dialler.authority ?? ''].join('\n') },
        }),
      });
    } catch (error) {
      if (/authorization/i.test(messageOf(error)))
        throw new MaydayError('system/refused', `${text}: ${messageOf(error)}`);
      failures.push(`${text}: ${messageOf(error)}`);
    }
  }
  throw new MaydayError('system/unavailable', `no server of ${target.component} answers: ${failures.join('; ')}`);
};
