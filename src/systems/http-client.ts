import { lookup as systemLookup } from 'node:dns';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { SystemTools } from '../define.ts';
import { MaydayError, messageOf } from '../errors.ts';
import { redact } from '../redact.ts';
import { isForbiddenAddress, isOwnAddress } from './forbidden-address.ts';
import { trust } from './trust.ts';

export interface HttpAnswer {
  status: number;
  body: string;
  milliseconds: number;
}

export interface HttpCall {
  method: 'GET' | 'POST' | 'PATCH';
  url: string;
  body?: string;
  /** Besides those that every call has; a body is JSON unless they say otherwise. */
  headers?: Record<string, string>;
  /** The answer to it tells whether something was changed. */
  changing?: boolean;
  /** Where the URL itself names this machine, it is meant; a name that only leads here is not. */
  mayAskSelf?: boolean;
}

export interface HttpClient {
  /**
   * Follows no redirect: where a URL leads is part of the answer, and an answer must not choose whom Mayday asks next.
   * The address that is connected to is the one that was judged, however a name resolves a moment later.
   */
  ask(call: HttpCall, signal: AbortSignal): Promise<HttpAnswer>;
}

const mostBytes = 256 * 1024;

/** How names become addresses: the machine's own way unless somebody says otherwise. */
type Lookup = NonNullable<RequestOptions['lookup']>;

export const createHttpClient = (tools: SystemTools, lookup: Lookup = systemLookup as Lookup): HttpClient => ({
  async ask({ method, url: text, body, headers, changing = false, mayAskSelf = false }, signal) {
    const url = new URL(text);
    if (isForbiddenAddress(url.hostname)) throw forbiddenError(url.hostname);
    const secure = url.protocol === 'https:';
    const port = Number(url.port || (secure ? 443 : 80));
    const name = url.hostname.replace(/^\[|\]$/g, '');
    const reached = tools.dialler.reach(name, port);
    const isSelf = name.toLowerCase() === 'localhost' || isOwnAddress(name);
    const judge = judgeOf(name, reached.mapped === true || (mayAskSelf && isSelf));
    if (isIP(reached.host) !== 0) judge(reached.host);
    const options: RequestOptions = {
      method,
      host: reached.host,
      port: reached.port,
      path: `${url.pathname}${url.search}`,
      headers: {
        host: url.host,
        'user-agent': 'mayday',
        accept: '*/*',
        ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        ...headers,
      },
      // A kept connection could belong to the place from which the name has just been switched away.
      agent: false,
      lookup: lookupJudgedBy(judge, lookup),
      signal,
    };
    const startedAt = performance.now();
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const tls = { servername: name, secureContext: trust(tools.dialler) };
        const request = secure ? httpsRequest({ ...options, ...tls }) : httpRequest(options);
        request.on('response', resolve);
        request.on('error', reject);
        request.end(body);
      });
      const read = await readText(response);
      return { status: response.statusCode ?? 0, body: read, milliseconds: Math.round(performance.now() - startedAt) };
    } catch (error) {
      throw httpFailure(error, `${method} ${url.origin}${url.pathname}`, changing);
    }
  },
});

/** Errors that arise before anything was sent. */
const neverSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT']);

/** What a call without an answer means; a change may have been made all the same. */
const httpFailure = (error: unknown, call: string, changing: boolean): MaydayError => {
  if (error instanceof MaydayError) return error;
  const { name, code = '' } = error as { name?: string; code?: string };
  const words = name === 'AbortError' || name === 'TimeoutError' ? 'no answer in time' : messageOf(error);
  if (!changing || neverSent.has(code))
    return new MaydayError('system/unavailable', `${call}: ${words}`, { cause: error });
  return new MaydayError('system/unknown', `${call}: ${words} (it may or may not have been done)`, { cause: error });
};

/** What a refusal means: asked to come later, a fault of theirs that may have changed something, or a no. */
export const httpRefusal = (
  { status, body }: HttpAnswer,
  call: string,
  options: { changing?: boolean; secretsAway?: (text: string) => string } = {},
): MaydayError => {
  // Before it is cut: half of a secret is not known for one.
  const clean = redact((options.secretsAway ?? ((text) => text))(body.replaceAll(/\s+/g, ' ').trim()));
  const said = clean.slice(0, 300);
  const words = `${call} answered ${status}${said ? `: ${said}` : ''}`;
  if (status === 429) return new MaydayError('system/throttled', words);
  if (status < 500) return new MaydayError('system/refused', words);
  if (!options.changing) return new MaydayError('system/unavailable', words);
  return new MaydayError('system/unknown', `${words} (it may or may not have been done)`);
};

const forbiddenError = (host: string) =>
  new MaydayError('input/invalid', `${host} is a link-local or metadata address; nothing may ask it`);

type Judge = (address: string) => void;

/**
 * Throws for an address that must not be asked. This machine itself only where the operator has mapped that very name
 * (`MAYDAY_HOSTS`): a plan or a name server must not be able to aim Mayday at its own database.
 */
const judgeOf =
  (name: string, isMapped: boolean): Judge =>
  (address) => {
    if (isForbiddenAddress(address)) throw forbiddenError(address);
    if (!isMapped && isOwnAddress(address))
      throw new MaydayError(
        'input/invalid',
        `${name} leads to ${address}, which is the machine that Mayday runs on; it was not asked. If that is meant, map the name in MAYDAY_HOSTS, or say loopback: allowed at the check`,
      );
  };

/** Judges what a name resolves to, since a name can be made to lead anywhere; what is judged is what is connected to. */
const lookupJudgedBy =
  (judge: Judge, lookup: Lookup): Lookup =>
  (host, options, done) => {
    lookup(host, options, (error, address, family) => {
      if (error) return done(error, address, family);
      const found = Array.isArray(address)
        ? (address as { address: string }[]).map((one) => one.address)
        : [String(address)];
      try {
        for (const each of found) judge(each);
      } catch (refused) {
        return done(refused as Error, address, family);
      }
      done(null, address, family);
    });
  };

const readText = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes >= mostBytes) {
      response.destroy();
      break;
    }
  }
  return Buffer.concat(chunks).toString('utf8');
};
