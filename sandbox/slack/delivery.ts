import { createHmac, randomUUID } from 'node:crypto';
import type { EnvelopeType, SocketMode } from './socket-mode.ts';

const deadlineMilliseconds = 3000;

/** Ways in which a request may differ from what Slack would send; the bot must refuse each. */
export type Tamper = 'unsigned' | 'wrong' | 'stale' | 'future' | 'replay' | 'v1';

export interface Delivered {
  /** 0 when nobody answered within three seconds. */
  status: number;
  ackMs: number;
  body: any;
  requestId: string;
  by: 'http' | 'socket';
}

/** Brings a payload to the bot as Slack does: over an open Socket Mode connection, else as signed HTTP. */
export const createDelivery = (options: {
  signingSecret(): string;
  socketMode: SocketMode;
  botUrl: string | undefined;
}) => {
  let botUrl = options.botUrl;

  const sign = (timestamp: number, body: string, version = 'v0') =>
    `${version}=${createHmac('sha256', options.signingSecret()).update(`${version}:${timestamp}:${body}`).digest('hex')}`;

  const signedHeaders = (body: string, tamper: Tamper | undefined): Record<string, string> => {
    const offset = tamper === 'stale' ? -301 : tamper === 'future' ? 600 : 0;
    const timestamp = Math.floor(Date.now() / 1000) + offset;
    if (tamper === 'unsigned') return {};
    const signature =
      tamper === 'wrong' ? sign(timestamp, `${body} `) : sign(timestamp, body, tamper === 'v1' ? 'v1' : 'v0');
    return { 'x-slack-signature': signature, 'x-slack-request-timestamp': String(timestamp) };
  };

  const post = async (body: string, contentType: string, headers: Record<string, string>): Promise<Delivered> => {
    if (!botUrl) throw new Error('nobody listens: tell me the bot with POST /slack/bot {"url": "http://…"}');
    const requestId = randomUUID();
    const startedAt = performance.now();
    try {
      const response = await fetch(`${botUrl}/slack/events`, {
        method: 'POST',
        headers: {
          'content-type': contentType,
          'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
          ...headers,
        },
        body,
        signal: AbortSignal.timeout(deadlineMilliseconds),
      });
      const text = await response.text();
      return { status: response.status, ackMs: elapsed(startedAt), body: asJson(text), requestId, by: 'http' };
    } catch (error) {
      return {
        status: 0,
        ackMs: elapsed(startedAt),
        body: `no answer: ${(error as Error).message}`,
        requestId,
        by: 'http',
      };
    }
  };

  return {
    setBot(url: string) {
      botUrl = url.replace(/\/+$/, '').replace(/\/slack\/events$/, '');
    },
    async send(
      type: EnvelopeType,
      payload: Record<string, any>,
      more: {
        tamper?: Tamper;
        redeliver?: boolean;
        retry?: { num: number; reason: string };
        /** What somebody who has the secret could say instead; members are merged, `null` takes one out. */
        altered?: Record<string, any>;
      } = {},
    ): Promise<Delivered> {
      if (more.altered) payload = merged(payload, more.altered);
      if (options.socketMode.connections() > 0 && !more.tamper) {
        const envelopeId = randomUUID();
        let answer = await options.socketMode.send(type, payload, envelopeId);
        if (more.redeliver) answer = await options.socketMode.send(type, payload, envelopeId);
        return {
          status: answer.acknowledged ? 200 : 0,
          ackMs: answer.ackMs,
          body: answer.body,
          requestId: envelopeId,
          by: 'socket',
        };
      }
      const isJson = type === 'events_api';
      const body = isJson
        ? JSON.stringify(payload)
        : new URLSearchParams(type === 'interactive' ? { payload: JSON.stringify(payload) } : payload).toString();
      const headers = signedHeaders(body, more.tamper);
      if (more.retry) {
        headers['x-slack-retry-num'] = String(more.retry.num);
        headers['x-slack-retry-reason'] = more.retry.reason;
      }
      const contentType = isJson ? 'application/json' : 'application/x-www-form-urlencoded';
      const answer = await post(body, contentType, headers);
      // A replay is the very same bytes once more, as somebody who recorded them would send.
      return more.tamper === 'replay' || more.redeliver ? post(body, contentType, headers) : answer;
    },
  };
};

const merged = (into: Record<string, any>, from: Record<string, any>): Record<string, any> => {
  const result = { ...into };
  for (const [key, value] of Object.entries(from)) {
    if (value === null) delete result[key];
    else if (typeof value === 'object' && !Array.isArray(value)) result[key] = merged(result[key] ?? {}, value);
    else result[key] = value;
  }
  return result;
};

export type Delivery = ReturnType<typeof createDelivery>;

const elapsed = (startedAt: number) => Math.round(performance.now() - startedAt);

const asJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};
