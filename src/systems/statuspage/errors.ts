import { MaydayError } from '../../errors.ts';

/** What a status outside 2xx means. Statuspage says "too many" with 420 as well as 429. */
export const statuspageError = (
  what: string,
  isChange: boolean,
  status: number,
  retryAfter: string | null,
  body: unknown,
): MaydayError => {
  if (status === 420 || status === 429) {
    const said = Number(retryAfter ?? Number.NaN);
    // One request a second, measured over a minute.
    const seconds = Number.isFinite(said) && said > 0 ? said : 5;
    return new MaydayError('system/throttled', `Statuspage asks to call again in ${seconds} s.`, {
      retryAfterSeconds: seconds,
    });
  }
  if (status >= 500) {
    const code = isChange ? 'system/unknown' : 'system/unavailable';
    return new MaydayError(
      code,
      `Statuspage answered ${what} with HTTP ${status}${isChange ? '; it may have been done' : ''}.`,
    );
  }
  const reasons = [(body as { error?: unknown } | undefined)?.error ?? `HTTP ${status}`].flat().join('; ');
  // A key that is being rotated is refused for seconds: the next try has the new one.
  const retryable = status === 401;
  return new MaydayError('system/refused', `Statuspage refused ${what}: ${reasons}.`, { retryable });
};

const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** What a call means that got no answer at all. */
export const noAnswer = (what: string, isChange: boolean, error: any): MaydayError => {
  if (!isChange || neverSent.has(error?.cause?.code)) {
    return new MaydayError('system/unavailable', `Statuspage could not be reached for ${what}.`, { cause: error });
  }
  return new MaydayError('system/unknown', `Statuspage did not answer ${what}; it may have been done.`, {
    cause: error,
  });
};
