import type { LookContext } from '../define.ts';

/** Wall milliseconds after which a look gives up: a dependency that hangs must not hold whoever asks. */
const lookMilliseconds = 4000;

/** Ends a look when the asker stops or after a few seconds, whichever is first. */
export const lookSignal = (context: LookContext, milliseconds = lookMilliseconds): AbortSignal =>
  AbortSignal.any([context.signal, AbortSignal.timeout(milliseconds)]);
