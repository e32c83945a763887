import { MaydayError, messageOf } from '../../errors.ts';
import type { JsonAnswer } from '../json-call.ts';

/** What an answer outside 2xx, or without `success`, means. Cloudflare says why in a list of codes and messages. */
export const cloudflareRefusal = (
  what: string,
  isChange: boolean,
  { status, headers, body }: JsonAnswer,
): MaydayError => {
  const errors: { code?: number; message?: string }[] = Array.isArray(body?.errors) ? body.errors : [];
  const reasons = errors.map(({ code, message }) => `${message ?? 'no message'} (${code ?? '?'})`).join('; ');
  const words = `cloudflare ${what}: ${reasons || `HTTP ${status}`}`;
  if (status === 429) {
    const said = Number(headers['retry-after']);
    const retryAfterSeconds = Number.isFinite(said) && said > 0 ? said : 30;
    return new MaydayError('system/throttled', words, { retryAfterSeconds });
  }
  // 10000 is a token that Cloudflare does not know; one that is being rotated is refused for seconds.
  const retryable = status === 401 || errors.some(({ code }) => code === 10_000);
  if (status < 500) return new MaydayError('system/refused', words, { retryable });
  return isChange
    ? new MaydayError('system/unknown', `${words} (it may or may not have been done)`)
    : new MaydayError('system/unavailable', words);
};

const neverSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** What a call means that got no answer at all. */
export const cloudflareFailure = (what: string, isChange: boolean, error: unknown): MaydayError => {
  if (error instanceof MaydayError) return error;
  const { name, code = '' } = error as { name?: string; code?: string };
  const hung = name === 'AbortError' || name === 'TimeoutError';
  const words = `cloudflare ${what}: ${hung ? 'no answer in time' : messageOf(error)}`;
  if (!isChange || neverSent.has(code)) return new MaydayError('system/unavailable', words, { cause: error });
  return new MaydayError('system/unknown', `${words} (it may or may not have been done)`, { cause: error });
};
