import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from '@slack/web-api';
import { MaydayError } from '../../errors.ts';

/** Answers of Slack's own that say nothing about whether the call was carried out. */
const serverFaults = new Set(['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout']);
/** A token that is being rotated is refused for seconds: the next try has the new one. */
const refusedTokens = new Set(['invalid_auth', 'token_revoked', 'token_expired', 'account_inactive']);
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Slack's own code of a refusal, such as `name_taken`; undefined for anything else. */
export const slackCode = (error: unknown): string | undefined => {
  if (error instanceof MaydayError) return slackCode(error.cause);
  return error instanceof WebAPIPlatformError ? error.data.error : undefined;
};

/** What an error of the Web API means for the step that made the call. */
export const slackError = (method: string, isChange: boolean, error: unknown): MaydayError => {
  if (error instanceof MaydayError) return error;
  if (error instanceof WebAPIRateLimitedError) {
    const wait = error.retryAfter;
    return new MaydayError('system/throttled', `Slack asks to call ${method} again in ${wait} s.`, {
      retryAfterSeconds: wait,
      cause: error,
    });
  }
  if (error instanceof WebAPIPlatformError && !serverFaults.has(error.data.error)) {
    const details = (error.data as { response_metadata?: { messages?: string[] } }).response_metadata?.messages ?? [];
    const more = details.length > 0 ? ` (${details.join('; ')})` : '';
    return new MaydayError('system/refused', `Slack refused ${method}: ${error.data.error}${more}.`, {
      cause: error,
      retryable: refusedTokens.has(error.data.error),
    });
  }
  if (error instanceof WebAPIRequestError && neverSent.has(codeOf(error.original))) {
    return new MaydayError('system/unavailable', `Slack could not be reached for ${method}.`, { cause: error });
  }
  if (!isChange) return new MaydayError('system/unavailable', `Slack did not answer ${method}.`, { cause: error });
  const how = error instanceof WebAPIHTTPError ? `with HTTP ${error.statusCode}` : 'in time';
  const said = error instanceof WebAPIHTTPError ? 'answered' : 'did not answer';
  return new MaydayError('system/unknown', `Slack ${said} ${method} ${how}; it may have been done.`, { cause: error });
};

const closed = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** The other side has closed the connection on which the call was being sent. */
export const wasClosed = (error: unknown): boolean =>
  error instanceof WebAPIRequestError && closed.has(codeOf(error.original));

/** fetch hides the socket's error in `cause`. */
const codeOf = (error: unknown): string => {
  let each = error as { code?: string; cause?: unknown } | undefined;
  while (each && typeof each === 'object') {
    if (typeof each.code === 'string') return each.code;
    each = each.cause as typeof each;
  }
  return '';
};
