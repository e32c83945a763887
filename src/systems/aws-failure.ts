import { MaydayError, messageOf } from '../errors.ts';

const throttled = new Set([
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'PriorRequestNotComplete',
  'SlowDown',
]);
/** Errors that arise before anything was sent. */
const neverSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT']);

interface AwsFailure {
  name?: string;
  code?: string;
  $metadata?: { httpStatusCode?: number };
}

/** What a failed AWS call means. `changing` says that the call could have changed something. */
export const awsFailure = (error: unknown, call: string, changing: boolean): MaydayError => {
  if (error instanceof MaydayError) return error;
  const { name = '', code = '', $metadata } = error as AwsFailure;
  const status = $metadata?.httpStatusCode ?? 0;
  const hung = name === 'AbortError' || name === 'TimeoutError';
  const words = hung ? `${call}: no answer in time` : `${call}: ${name ? `${name}: ` : ''}${messageOf(error)}`;
  if (throttled.has(name) || status === 429) return new MaydayError('system/throttled', words, { cause: error });
  if (status >= 400 && status < 500) return new MaydayError('system/refused', words, { cause: error });
  if (name === 'CredentialsProviderError') return new MaydayError('system/refused', words, { cause: error });
  if (!changing || neverSent.has(code) || neverSent.has(name)) {
    return new MaydayError('system/unavailable', words, { cause: error });
  }
  // A server error, a time-out or a cut connection: the change may have been made all the same.
  return new MaydayError('system/unknown', `${words} (it may or may not have been done)`, { cause: error });
};

/** The name of an AWS error, such as `DBInstanceNotFound`, wherever it came wrapped. */
export const awsErrorName = (error: unknown): string => {
  const inner = error instanceof MaydayError ? error.cause : error;
  return (inner as AwsFailure | undefined)?.name ?? '';
};
