import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { MaydayError } from '../errors.ts';
import { BodyRefused, parseBody } from './parse-body.ts';
import { postAnswer } from './respond.ts';
import { isOfSlack } from './response-url.ts';
import { describeRequest, shapeFault, type VerifiedRequest } from './slack-request.ts';

const mostBytes = 1_000_000;
/** So much of a refused body is read to keep the connection; more is not. */
const shortBytes = 16_384;
const windowSeconds = 300;
const rememberMilliseconds = 1500;

export type Remember = (key: string, request: VerifiedRequest) => Promise<'new' | 'seen'>;

export interface FrontDoorOptions {
  signingSecret: string;
  /** The one of before, while what was signed with it may still be under way. */
  formerSigningSecret?(): string | undefined;
  /** The wall clock: signatures know no other time. */
  now(): Date;
  /** Where Slack's API is; an answer goes there or to Slack's own hosts, and nowhere else. */
  apiUrl: string;
  onRefused: OnRefused;
  /** Writes the request down durably, or says that it was written down before. Only then may anything be done. */
  remember: Remember;
}

/** Called for every refused request. Nothing in it is proven unless `proven` says so; `request` is there when it was read. */
export type OnRefused = (
  reason: string,
  by: { status: number; proven: boolean; request?: VerifiedRequest | undefined },
) => void;

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
 * what the headers alone tell (size, content type, time, whether it is signed at all) → signature → form → written down →
 * handed over. Whatever fails is answered with one sentence; what Slack never signed is never parsed, and most of it is
 * not even read.
 */
export const createFrontDoor = (options: FrontDoorOptions) => {
  if (options.signingSecret.trim() === '') {
    throw new MaydayError(
      'config/missing',
      'SLACK_SIGNING_SECRET is empty; without it anybody could give Mayday orders.',
    );
  }

  const refuse = (
    response: ServerResponse,
    status: number,
    reason: string,
    proven = false,
    request?: VerifiedRequest,
  ) => {
    options.onRefused(reason, { status, proven, request });
    // A body that was not read to its end would otherwise be read on, however long it is.
    const { req: asked } = response;
    const isLong = asked.headers['transfer-encoding'] !== undefined || lengthOf(asked) > shortBytes;
    const headers = {
      'content-type': 'text/plain; charset=utf-8',
      ...(isLong && !asked.complete ? { connection: 'close' } : {}),
    };
    response.writeHead(status, headers).end(reason);
  };

  return async (request: IncomingMessage, response: ServerResponse, accepted: Accepted): Promise<void> => {
    if (request.method !== 'POST') return refuse(response, 405, 'Slack sends POST only.');
    if (lengthOf(request) > mostBytes) return refuse(response, 413, 'The body is larger than 1 MB.');
    const contentType = contentTypeOf(request.headers['content-type']);
    if (contentType === undefined) return refuse(response, 415, 'Slack sends forms and JSON in UTF-8 only.');
    const claim = readClaim(request, options.now());
    if (typeof claim === 'string') return refuse(response, 401, claim);
    const raw = await readLimited(request);
    if (raw === undefined) return refuse(response, 413, 'The body is larger than 1 MB.');
    const secrets = [options.signingSecret, options.formerSigningSecret?.() ?? []].flat();
    if (!secrets.some((secret) => isSigned(claim, raw, secret)))
      return refuse(response, 401, 'The signature is wrong.');

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
    const fault = shapeFault(verified);
    if (fault) return refuse(response, 400, fault, true, verified);
    if (verified.kind === 'other') return void response.writeHead(200).end();
    const known = await rememberInTime(options.remember(verified.key, verified));
    if (known === 'failed') return answerNotAccepted(response, verified, notAccepted, options.apiUrl);
    if (known === 'late') return answerNotAccepted(response, verified, notKnown, options.apiUrl);
    const num = Number(request.headers['x-slack-retry-num'] ?? 0);
    if (known === 'seen') {
      // Slack repeats events that it thinks lost; saying yes again ends that. Nothing else is ever repeated by Slack.
      if (verified.kind === 'event' && num > 0) return void response.writeHead(200).end();
      return refuse(response, 401, 'This request has been received before.', true, verified);
    }
    const reason = request.headers['x-slack-retry-reason'];
    accepted(verified, response, num > 0 ? { num, reason: String(reason ?? '') } : {});
  };
};

/** `application/json` or a form; undefined for everything else, another alphabet included. */
const contentTypeOf = (header: string | undefined): string | undefined => {
  const [type = '', ...parameters] = (header ?? '').split(';').map((part) => part.trim().toLowerCase());
  if (type !== 'application/x-www-form-urlencoded' && type !== 'application/json') return undefined;
  const charset = parameters.find((each) => each.startsWith('charset='))?.slice('charset='.length);
  return charset === undefined || charset.replaceAll('"', '') === 'utf-8' ? type : undefined;
};

interface Claim {
  timestamp: string;
  signature: Buffer;
}

/** What the headers say of the signature, or what is wrong with it before a byte of the body is read. */
const readClaim = (request: IncomingMessage, now: Date): Claim | string => {
  const { 'x-slack-signature': signature, 'x-slack-request-timestamp': timestamp } = request.headers;
  if (typeof signature !== 'string' || typeof timestamp !== 'string') return 'The request is not signed.';
  if (!/^\d{1,11}$/.test(timestamp)) return 'The timestamp is not a number of seconds.';
  const age = now.getTime() / 1000 - Number(timestamp);
  if (age > windowSeconds) return 'The request is older than five minutes.';
  if (age < -windowSeconds) return 'The timestamp lies in the future.';
  if (!signature.startsWith('v0=')) return 'The version of the signature is not known.';
  if (!/^v0=[0-9a-f]{64}$/.test(signature)) return 'The signature is wrong.';
  return { timestamp, signature: Buffer.from(signature.slice(3), 'hex') };
};

const isSigned = ({ timestamp, signature }: Claim, raw: Buffer, secret: string): boolean =>
  timingSafeEqual(signature, createHmac('sha256', secret).update(`v0:${timestamp}:`).update(raw).digest());

const lengthOf = (request: IncomingMessage): number => Number(request.headers['content-length'] ?? 0);

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

const answerNotAccepted = (
  response: ServerResponse,
  { kind, body }: VerifiedRequest,
  text: string,
  apiUrl: string,
): void => {
  // Only commands show what is answered; an event that is not taken with 503 comes again.
  if (kind === 'command') {
    sendJson(response, { response_type: 'ephemeral', text });
    return;
  }
  tellLater(body.response_url, text, apiUrl);
  response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
};

/** Best effort: the click itself has been answered with 503, which Slack shows as a warning sign. */
export const tellLater = (responseUrl: unknown, text: string, apiUrl: string): void => {
  if (typeof responseUrl !== 'string' || !isOfSlack(responseUrl, apiUrl)) return;
  postAnswer(responseUrl, { response_type: 'ephemeral', replace_original: false, text }).catch(() => undefined);
};

const sendJson = (response: ServerResponse, body: unknown): void => {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
};
