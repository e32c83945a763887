import { setTimeout as sleep } from 'node:timers/promises';
import { type App, LogLevel, type Receiver, type ReceiverEvent, SocketModeReceiver } from '@slack/bolt';
import type { Log } from '../define.ts';
import { messageOf } from '../errors.ts';
import { notAccepted, notKnown, type OnRefused, type Remember, rememberInTime, tellLater } from './front-door.ts';
import { cleanedBody } from './parse-body.ts';
import { describeRequest, shapeFault } from './slack-request.ts';

const connections = 2;
const firstWaitMilliseconds = 250;
const longestWaitMilliseconds = 5000;
const connectMilliseconds = 20_000;
/** How long starting waits for Slack; connecting goes on afterwards. */
const startMilliseconds = 3000;

export interface SocketReceiverOptions {
  appToken: string;
  apiUrl: string;
  remember: Remember;
  /** What comes over a socket is proven by the socket. */
  onRefused: OnRefused;
  log: Log;
}

/**
 * Bolt over Socket Mode: two connections, so that Slack's refreshing one of them loses nothing. Bolt's own reconnecting
 * is off, because it takes some errors for final and throws them where nobody can catch them; each connection lives in
 * a loop of ours instead.
 */
export const createSocketReceiver = (options: SocketReceiverOptions): Receiver => {
  const stopping = new AbortController();
  let app: App | undefined;
  const live = new Set<SocketModeReceiver>();

  const handle = async (event: ReceiverEvent): Promise<void> => {
    const body = cleanedBody(event.body);
    const request = describeRequest(body, 'socket', `envelope:${event.customProperties?.['envelopeId']}`);
    const fault = shapeFault(request);
    if (fault) options.onRefused(fault, { status: 400, proven: true, request });
    // Not acknowledged it would come again, and be as wrong.
    if (fault || request.kind === 'other') return event.ack();
    const known = await rememberInTime(options.remember(request.key, request));
    if (known === 'new') return app!.processEvent({ ...event, body });
    if (known === 'seen') return event.ack();
    // An event that is not acknowledged comes again; the others are told.
    if (request.kind === 'event') return;
    const text = known === 'late' ? notKnown : notAccepted;
    if (request.kind === 'command') return event.ack({ response_type: 'ephemeral', text });
    tellLater(request.body['response_url'], text, options.apiUrl);
    await event.ack();
  };

  const connect = async (): Promise<{ ended: Promise<void> }> => {
    const receiver = new SocketModeReceiver({
      appToken: options.appToken,
      autoReconnectEnabled: false,
      logger: logger(options.log),
      customPropertiesExtractor: ({ envelope_id: envelopeId }) => ({ envelopeId }),
      installerOptions: { clientOptions: { slackApiUrl: options.apiUrl, retryConfig: { retries: 0 } } },
      processEventErrorHandler: async ({ error }) => {
        options.log.error({ error: messageOf(error) }, 'a request could not be handled');
        return false;
      },
    });
    receiver.init({ processEvent: handle } as unknown as App);
    const ended = new Promise<void>((resolve) => void receiver.client.once('disconnected', () => resolve()));
    const starting = receiver.start();
    starting.catch(() => undefined);
    const late = sleep(connectMilliseconds, undefined, { signal: stopping.signal, ref: false }).then(() => {
      throw new Error(`no connection within ${connectMilliseconds / 1000} s`);
    });
    late.catch(() => undefined);
    try {
      await Promise.race([starting, late]);
    } catch (error) {
      receiver.stop().catch(() => undefined);
      throw error;
    }
    live.add(receiver);
    return { ended: ended.finally(() => live.delete(receiver)) };
  };

  const keepConnected = async (onFirst: () => void): Promise<void> => {
    let wait = firstWaitMilliseconds;
    while (!stopping.signal.aborted) {
      try {
        const { ended } = await connect();
        onFirst();
        wait = firstWaitMilliseconds;
        await ended;
      } catch (error) {
        options.log.warn({ error: messageOf(error) }, 'Slack cannot be reached over Socket Mode; trying again');
        wait = Math.min(longestWaitMilliseconds, wait * 2);
      }
      // Spread, so that both connections never come back in the same instant.
      await sleep(wait * (0.5 + Math.random() / 2), undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };

  return {
    init(bolt) {
      app = bolt;
    },
    /** Resolves with the first connection, or after a while without one: Mayday starts when Slack is down, too. */
    start: () =>
      new Promise<void>((resolve) => {
        for (let each = 0; each < connections; each += 1) void keepConnected(resolve);
        setTimeout(resolve, startMilliseconds).unref();
      }),
    async stop() {
      stopping.abort();
      await Promise.all([...live].map((receiver) => receiver.stop().catch(() => undefined)));
    },
  };
};

const logger = (log: Log) => {
  const words = (given: unknown[]) => given.map(String).join(' ');
  return {
    debug() {},
    info() {},
    warn: (...given: unknown[]) => log.warn({ from: 'socket mode' }, words(given)),
    error: (...given: unknown[]) => log.warn({ from: 'socket mode' }, words(given)),
    setLevel() {},
    getLevel: () => LogLevel.WARN,
    setName() {},
  };
};
