import { type ClientRequest, Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { MaydayError } from '../../errors.ts';
import { sendable } from '../../redact.ts';
import type { PagerDutySettings } from './config.ts';
import { type PagerDutyAnswer, throwUnlessOk } from './errors.ts';
import { pagerdutySdk } from './sdk.ts';

const callMilliseconds = 10_000;
const neverSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

export interface RestRequest {
  method: 'get' | 'post' | 'put';
  path: string;
  query?: Record<string, string | string[]>;
  data?: object;
  /** These statuses are answers, not errors. */
  accept?: (answer: PagerDutyAnswer) => boolean;
  signal?: AbortSignal;
}

export type RestCall = (request: RestRequest) => Promise<any>;

/**
 * All that Mayday knows of @pagerduty/pdjs, which needs watching: its time-out does nothing and leaves a timer behind
 * (`requestTimeout: 0` turns it off), 4xx resolves, and a 429 makes it sleep 20 s three times whatever `Retry-After`
 * says. So the deadline is ours, and so is the judgement on 429: the agent sees the answer before pdjs does.
 */
export const createRestCall =
  (settings: PagerDutySettings): RestCall =>
  async ({ method, path, query, data, accept, signal }) => {
    const what = `${method.toUpperCase()} ${path}`;
    const isChange = method !== 'get';
    const over = new AbortController();
    const ended = Promise.withResolvers<never>();
    const end = (error: MaydayError) => {
      ended.reject(error);
      over.abort();
    };
    const late = () =>
      end(
        isChange
          ? new MaydayError('system/unknown', `PagerDuty did not answer ${what} in time; it may have been done.`)
          : new MaydayError('system/unavailable', `PagerDuty did not answer ${what} in time.`),
      );
    if (signal?.aborted)
      throw new MaydayError('system/unavailable', `There was no time left to call PagerDuty's ${what}.`);
    const timer = setTimeout(late, callMilliseconds);
    signal?.addEventListener('abort', late, { once: true });
    const agent = agentThatSees(settings.PAGERDUTY_API_URL, (response) => {
      if (response.statusCode !== 429) return;
      const seconds = waitSeconds(response);
      end(
        new MaydayError('system/throttled', `PagerDuty asks to call again in ${seconds} s.`, {
          retryAfterSeconds: seconds,
        }),
      );
    });
    const options = {
      url: `${settings.PAGERDUTY_API_URL.replace(/\/+$/, '')}${path}`,
      method,
      token: settings.PAGERDUTY_API_TOKEN,
      headers: { From: settings.PAGERDUTY_FROM },
      requestTimeout: 0,
      retryTimeout: 0,
      signal: over.signal,
      agent,
      ...(query ? { queryParameters: query } : {}),
      ...(data ? { data: sendable(data) } : {}),
    };
    try {
      const response = await Promise.race([callApi(options), ended.promise]);
      const answer = { status: response.status, body: response.data };
      if (accept?.(answer)) return answer;
      throwUnlessOk(what, isChange, answer);
      return answer.body;
    } catch (error) {
      throw translated(error, what, isChange);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', late);
      agent.destroy();
    }
  };

/** The library's types know neither `agent` nor that a call with a url gives one answer. */
const callApi = (options: object) =>
  (pagerdutySdk().api as unknown as (options: object) => Promise<{ status: number; data: any }>)(options);

/** `addRequest` is what node's http calls on every agent; nothing else shows an answer before pdjs has judged it. */
const agentThatSees = (url: string, see: (response: IncomingMessage) => void): HttpAgent => {
  const agent: any = url.startsWith('https:') ? new HttpsAgent() : new HttpAgent();
  const addRequest = agent.addRequest;
  agent.addRequest = function (this: unknown, request: ClientRequest, ...rest: unknown[]) {
    request.prependOnceListener('response', see);
    return addRequest.call(this, request, ...rest);
  };
  return agent;
};

const waitSeconds = ({ headers }: IncomingMessage): number => {
  const said = Number(headers['retry-after'] ?? headers['ratelimit-reset']);
  return Number.isFinite(said) && said >= 0 ? Math.ceil(said) : 30;
};

const translated = (error: any, what: string, isChange: boolean): MaydayError => {
  if (error instanceof MaydayError) return error;
  if (neverSent.has(error?.code))
    return new MaydayError('system/unavailable', `PagerDuty could not be reached for ${what}.`, { cause: error });
  // pdjs rejects with the response itself when the body is no JSON.
  const status = typeof error?.status === 'number' ? ` (HTTP ${error.status})` : '';
  if (!isChange)
    return new MaydayError('system/unavailable', `PagerDuty gave no usable answer to ${what}${status}.`, {
      cause: error,
    });
  if (error?.status >= 400 && error?.status < 500)
    return new MaydayError('system/refused', `PagerDuty refused ${what}${status}.`);
  return new MaydayError(
    'system/unknown',
    `PagerDuty gave no usable answer to ${what}${status}; it may have been done.`,
    { cause: error },
  );
};
