import { MaydayError, messageOf } from '../../errors.ts';

/** What a failed session or statement means. Statements of checks never change anything that stays. */
export const postgresFailure = (error: unknown, host: string): MaydayError => {
  if (error instanceof MaydayError) return error;
  const words = `${host}: ${messageOf(error)}`;
  // SQLSTATE is five characters; errors of sockets have longer names. Class 57 is a server that starts or stops.
  const { code } = error as { code?: unknown };
  const state = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
  if (state && !state.startsWith('57') && !state.startsWith('53')) {
    return new MaydayError('system/refused', words, { cause: error });
  }
  return new MaydayError('system/unavailable', words, { cause: error });
};
