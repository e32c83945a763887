import type { ApiException } from '@kubernetes/client-node';
import { MaydayError, messageOf } from '../../errors.ts';
import { kubernetesSdk } from './sdk.ts';

/** Errors that arise before anything was sent. */
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** What a failed call means. Only the server's own message is repeated, as whole answers may hold Secrets. */
export const kubernetesFailure = (error: unknown, call: string, changing = false): MaydayError => {
  if (error instanceof MaydayError) return error;
  if (error instanceof kubernetesSdk().ApiException) {
    const words = `kubernetes ${call}: ${statusMessage(error.body) ?? `HTTP ${error.code}`}`;
    if (error.code === 429) return new MaydayError('system/throttled', words, { cause: withoutBody(error) });
    // A conflict means that somebody else was first: look again and judge again.
    if (error.code === 409)
      return new MaydayError('system/refused', words, { retryable: true, cause: withoutBody(error) });
    if (error.code < 500) return new MaydayError('system/refused', words, { cause: withoutBody(error) });
    return new MaydayError(changing ? 'system/unknown' : 'system/unavailable', words, { cause: withoutBody(error) });
  }
  const code = causeCode(error);
  const hung = error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
  const words = `kubernetes ${call}: ${hung ? 'no answer in time' : (code ?? messageOf(error))}`;
  if (!changing || (code && neverSent.has(code))) return new MaydayError('system/unavailable', words, { cause: error });
  return new MaydayError('system/unknown', `${words} (it may or may not have been done)`, { cause: error });
};

/** The HTTP status with which the API server refused, when it is known. */
export const statusOf = (error: unknown): number | undefined => {
  const { cause } = error as { cause?: unknown };
  if (error instanceof kubernetesSdk().ApiException) return error.code;
  return cause instanceof HttpStatus ? cause.status : undefined;
};

/** What is kept of an answer that refused: never its text. */
class HttpStatus extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`HTTP ${status}`);
    this.status = status;
  }
}

const withoutBody = (error: ApiException<unknown>) => new HttpStatus(error.code);

const statusMessage = (body: unknown): string | undefined => {
  try {
    const read: unknown = typeof body === 'string' ? JSON.parse(body) : body;
    const { message } = (read ?? {}) as { message?: unknown };
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
};

const causeCode = (error: unknown): string | undefined => {
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  if (typeof code === 'string') return code;
  return cause === undefined ? undefined : causeCode(cause);
};
