import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Dialler } from '../define.ts';
import { trust } from './trust.ts';

export interface JsonAnswer {
  status: number;
  headers: IncomingMessage['headers'];
  /** Undefined when what came is not JSON. */
  body: any;
}

const mostBytes = 4 * 1024 * 1024;

/** One call of a REST interface, reached as the dialler says; JSON in and out. Throws only when no answer came. */
export const callJson = async (
  dialler: Dialler,
  call: { method: string; url: string; headers: Record<string, string>; body?: unknown },
  signal: AbortSignal,
): Promise<JsonAnswer> => {
  const url = new URL(call.url);
  const secure = url.protocol === 'https:';
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const reached = dialler.reach(name, Number(url.port || (secure ? 443 : 80)));
  const text = call.body === undefined ? undefined : JSON.stringify(call.body);
  const options: RequestOptions = {
    method: call.method,
    host: reached.host,
    port: reached.port,
    path: `${url.pathname}${url.search}`,
    headers: {
      host: url.host,
      'user-agent': 'mayday',
      accept: 'application/json',
      ...call.headers,
      ...(text !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    },
    agent: false,
    signal,
  };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const tls = { servername: name, secureContext: trust(dialler) };
    const request = secure ? httpsRequest({ ...options, ...tls }) : httpRequest(options);
    request.on('response', resolve);
    request.on('error', reject);
    request.end(text);
  });
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > mostBytes) throw new Error('the answer is too long');
  }
  return { status: response.statusCode ?? 0, headers: response.headers, body: parsed(Buffer.concat(chunks)) };
};

const parsed = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
};
