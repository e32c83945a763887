import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { MaydayError } from '../errors.ts';
import { BodyRefused, parseBody } from './parse-body.ts';
import { describeRequest, type VerifiedRequest } from './slack-request.ts';

const mostBytes = 1_000_000;
const windowSeconds = 300;
const rememberMilliseconds = 1500;

export type Remember = (key: string, request: VerifiedRequest) => Promise<'new' | 'seen'>;

export interface FrontDoorOptions {
  signingSecret: string;
  /** The one of before, while what was signed with it may still be under way. */
  formerSigningSecret?(): string | undefined;
  /** The wall clock: signatures know no other time. */
  now(): Date;
  /** Called for every refused request; nothing in it is proven unless `proven` says so. */
  onRefused(reason: string, request: { status: number; proven: boolean }): void;
  /** Writes the request down durably, or says that it was written down before. Only then may anything be done. */
  remember: Remember;
}

export type Accepted = (
  request: VerifiedRequest,
  response: ServerResponse,
  retry: { num?: number; reason?: string },
) => void;

export const notAccepted =
  'Mayday could not write this down, so it was not accepted and nothing was done. Please send it again.';
export const notKnown =
  'Mayday could not tell in time whether this was written down. It may still be done: look at the runs before you send it again.';

/** `late`: it may or may not have been written down. `failed`: it was not. */
export type Remembered = 'new' | 'seen' | 'failed' | 'late';

/**
 * Stands between the socket and Bolt, which accepts replays, timestamps from the future and doubled fields. In order:
 * size → content type → signature and time → form → written down → handed over. Whatever fails is answered with one
 * sentence, and what Slack never signed is never parsed.
 */
export const createFrontDoor = (options: FrontDoorOptions) => {
  if (options.signingSecret.trim() === '') {
    throw new MaydayError(
      'config/missing',
      'SLACK_SIGNING_SECRET is empty; without it anybody could give Mayday orders.',
    );
  }

  const refuse = (response: ServerResponse, status: number, reason: string, proven = false) => {
    options.onRefused(reason, { status, proven });
    // A body that was not read to its end would otherwise be taken for the next request.
    const headers = { 'content-type': 'text/plain; charset=utf-8', ...(status === 413 ? { connection: 'close' } : {}) };
    response.writeHead(status, headers).end(reason);
  };

  return async (request: IncomingMessage, response: ServerResponse, accepted: Accepted): Promise<void> => {
    if (request.method !== 'POST') return refuse(response, 405, 'Slack sends POST only.');
    if (Number(request.headers['content-length'] ?? 0) > mostBytes)
      return refuse(response, 413, 'The body is larger than 1 MB.');
    const contentType = (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
    if (contentType !== 'application/x-www-form-urlencoded' && contentType !== 'application/json') {
      return refuse(response, 415, 'Slack sends forms and JSON only.');
    }
    const raw = await readLimited(request);
    if (raw === undefined) return refuse(response, 413, 'The body is larger than 1 MB.');

    const secrets = [options.signingSecret, options.formerSigningSecret?.() ?? []].flat();
    const fault = signatureFault(request, raw, secrets, options.now());
    if (fault) return refuse(response, 401, fault);

    let body: Record<string, any>;
    try {
      body = parseBody(contentType, raw);
    } catch (error) {
      if (error instanceof BodyRefused) return refuse(response, 401, error.message, true);
      throw error;
    }
    if (body.ssl_check !== undefined) return void response.writeHead(200).end();
    if (body.type === 'url_verification') return void sendJson(response, { challenge: String(body.challenge) });

    const verified = describeRequest(body, 'http', `signature:${request.headers['x-slack-signature']}`);
    const known = await rememberInTime(options.remember(verified.key, verified));
    if (known === 'failed') return answerNotAccepted(response, verified, notAccepted);
    if (known === 'late') return answerNotAccepted(response, verified, notKnown);
    const num = Number(request.headers['x-slack-retry-num'] ?? 0);
    if (known === 'seen') {
      // Slack repeats events that it thinks lost; saying yes again ends that. Nothing else is ever repeated by Slack.
      if (verified.kind === 'event' && num > 0) return void response.writeHead(200).end();
      return refuse(response, 401, 'This request has been received before.', true);
    }
    const reason = request.headers['x-slack-retry-reason'];
    accepted(verified, response, num > 0 ? { num, reason: String(reason ?? '') } : {});
  };
};

const signatureFault = (request: IncomingMessage, raw: Buffer, secrets: string[], now: Date): string | undefined => {
  const { 'x-slack-signature': signature, 'x-slack-request-timestamp': timestamp } = request.headers;
  if (typeof signature !== 'string' || typeof timestamp !== 'string') return 'The request is not signed.';
  if (!/^\d{1,11}$/.test(timestamp)) return 'The timestamp is not a number of seconds.';
  const age = now.getTime() / 1000 - Number(timestamp);
  if (age > windowSeconds) return 'The request is older than five minutes.';
  if (age < -windowSeconds) return 'The timestamp lies in the future.';
  if (!signature.startsWith('v0=')) return 'The version of the signature is not known.';
  const given = Buffer.from(signature.slice(3), 'hex');
  const isOf = (secret: string): boolean => {
    const expected = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(raw).digest();
    return given.length === expected.length && timingSafeEqual(given, expected);
  };
  return secrets.some(isOf) ? undefined : 'The signature is wrong.';
};

/** Undefined when more comes than is allowed; the rest is left unread. */
const readLimited = (request: IncomingMessage): Promise<Buffer | undefined> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > mostBytes) {
        request.pause();
        resolve(undefined);
      } else chunks.push(chunk);
    });
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
    request.on('error', reject);
  });

/** Gives the journal its time. Only `new` may be handed over. */
export const rememberInTime = async (remembering: Promise<'new' | 'seen'>): Promise<Remembered> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), rememberMilliseconds);
  });
  const judged = remembering.catch(
    (error: unknown): Remembered => (error instanceof MaydayError && error.effect === 'maybe-made' ? 'late' : 'failed'),
  );
  return Promise.race([judged, late]).finally(() => clearTimeout(timer));
};

const answerNotAccepted = (response: ServerResponse, { kind, body }: VerifiedRequest, text: string): void => {
  // Only commands show what is answered; an event that is not taken with 503 comes again.
  if (kind === 'command') {
    sendJson(response, { response_type: 'ephemeral', text });
    return;
  }
  if (typeof body.response_url === 'string') tellLater(body.response_url, text);
  response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
};

/** Best effort: the click itself has been answered with 503, which Slack shows as a warning sign. */
export const tellLater = (responseUrl: string, text: string): void => {
  const body = JSON.stringify({ response_type: 'ephemeral', replace_original: false, text });
  fetch(responseUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    signal: AbortSignal.timeout(5000),
  }).catch(() => undefined);
};

const sendJson = (response: ServerResponse, body: unknown): void => {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
};
