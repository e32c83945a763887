import type { LookContext, SystemTools } from '../../define.ts';
import { MaydayError, messageOf } from '../../errors.ts';
import { lookSignal } from '../look-signal.ts';
import { trust } from '../trust.ts';
import { redisFailure } from './errors.ts';
import { type MasterView, readView } from './master-view.ts';
import { ioredisSdk } from './sdk.ts';
import type { SentinelTarget } from './sentinel-target.ts';

export type Call = (command: string, ...words: (string | number)[]) => Promise<any>;

export interface RedisClients {
  /** What the Sentinels that answer say of the master. Throws when none does. */
  views(target: SentinelTarget, context: LookContext): Promise<MasterView[]>;
  /** Opens a connection to a node by its address, and closes it. */
  node<T>(
    target: SentinelTarget,
    address: string,
    signal: AbortSignal,
    use: (call: Call) => Promise<T>,
    why?: 'changing',
  ): Promise<T>;
  /** The same with a Sentinel, for a change. */
  change<T>(target: SentinelTarget, sentinel: string, signal: AbortSignal, use: (call: Call) => Promise<T>): Promise<T>;
}

const connectMilliseconds = 2000;

export const createRedisClients = (tools: SystemTools): RedisClients => {
  const open = async <T>(
    address: string,
    given: { tls: boolean; user?: string; password?: string; changing: boolean },
    signal: AbortSignal,
    use: (call: Call) => Promise<T>,
  ): Promise<T> => {
    const [host, port] = splitAddress(address);
    const reached = tools.dialler.reach(host, port);
    const client = new (ioredisSdk().Redis)({
      host: reached.host,
      port: reached.port,
      ...(given.user !== undefined && { username: given.user }),
      ...(given.password !== undefined && { password: given.password }),
      ...(given.tls && {
        tls: {
          servername: host,
          secureContext: trust(tools.dialler),
        },
      }),
      protocol: 2,
      lazyConnect: true,
      // A node that loads its data or a Sentinel is asked as it is; one try, so that a look stays short.
      enableReadyCheck: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
      connectTimeout: connectMilliseconds,
      connectionName: 'mayday',
    });
    // Of a refused password the connection only says that it is closed; the reason comes beside.
    let beside: unknown;
    client.on('error', (error) => {
      beside = error;
    });
    let sent = false;
    const cut = Promise.withResolvers<never>();
    const onAbort = () => {
      cut.reject(new Error('no answer in time'));
      client.disconnect();
    };
    cut.promise.catch(() => {});
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    const work = async () => {
      await client.connect();
      return use((command, ...words) => {
        sent = true;
        return client.call(command, ...words.map(String));
      });
    };
    try {
      return await Promise.race([work(), cut.promise]);
    } catch (error) {
      const reason = messageOf(error).includes('Connection is closed') ? (beside ?? error) : error;
      throw redisFailure(reason, address, given.changing, sent);
    } finally {
      signal.removeEventListener('abort', onAbort);
      client.disconnect();
    }
  };
  const atSentinel = <T>(
    target: SentinelTarget,
    sentinel: string,
    signal: AbortSignal,
    changing: boolean,
    use: (call: Call) => Promise<T>,
  ): Promise<T> => {
    const { sentinelPassword, tls } = target;
    const password =
      sentinelPassword && tools.secret(sentinelPassword, `signing in to the Sentinels of ${target.component}`);
    return open(sentinel, { tls, changing, ...(password !== undefined && { password }) }, signal, use);
  };
  return {
    async views(target, context) {
      const signal = lookSignal(context);
      const all = await Promise.allSettled(
        target.sentinels.map((sentinel) =>
          atSentinel(target, sentinel, signal, false, (call) => readView(sentinel, target.master, call)),
        ),
      );
      const views = all.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      if (views.length > 0) return views;
      const reasons = all.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
      const refused = reasons.find((each) => each instanceof MaydayError && each.code === 'system/refused');
      if (refused) throw refused;
      const words = [...new Set(reasons.map(messageOf))].join('; ');
      throw new MaydayError('system/unavailable', `no Sentinel of ${target.component} answers: ${words}`);
    },
    async node(target, address, signal, use, why) {
      const { user, password: reference, tls } = target;
      const password = reference && tools.secret(reference, `signing in to Redis of ${target.component}`);
      const login = { ...(user !== undefined && { user }), ...(password !== undefined && { password }) };
      return open(address, { tls, changing: why === 'changing', ...login }, signal, use);
    },
    change: (target, sentinel, signal, use) => atSentinel(target, sentinel, signal, true, use),
  };
};

/** `host:port`, also of an IPv6 address; 26379 is the Sentinels' own. */
export const splitAddress = (address: string): [string, number] => {
  const [, host = address, port] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(address) ?? [];
  return [host, Number(port ?? 26_379)];
};
