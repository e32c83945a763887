import { MaydayError } from '../errors.ts';

/** A look that does not heed its signal is waited for no longer than that: whatever it comes to later is nobody's. */
export const inTime = async <T>(signal: AbortSignal, looking: Promise<T>): Promise<T> => {
  looking.catch(() => {});
  const late = Promise.withResolvers<never>();
  const onAbort = () =>
    late.reject(new MaydayError('system/unavailable', 'it did not answer in time', { retryable: true }));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([looking, late.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};

/** Fires with the signal, and after that many wall milliseconds at the latest. */
export const within = (signal: AbortSignal, milliseconds: number): AbortSignal => {
  const both = AbortSignal.any([signal, AbortSignal.timeout(milliseconds)]);
  // Node lets go of a deadline that nobody listens to, and who only asks whether it has passed would wait forever.
  both.addEventListener('abort', () => {}, { once: true });
  return both;
};
