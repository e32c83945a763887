import { MaydayError, messageOf } from '../../errors.ts';

/** What a failed request means. JetStream's own refusals carry its code; everything else is a lost connection. */
export const natsFailure = (error: unknown, where: string, changing: boolean): MaydayError => {
  if (error instanceof MaydayError) return error;
  const { name, code } = error as { name?: string; code?: unknown };
  const words = `${where}: ${messageOf(error)}`;
  if (typeof code === 'number' || name === 'StreamNotFoundError')
    return new MaydayError('system/refused', `${words}${code ? ` (${code})` : ''}`, { cause: error });
  if (/authorization|permission/i.test(`${name} ${messageOf(error)}`))
    return new MaydayError('system/refused', words, { cause: error });
  if (changing)
    return new MaydayError('system/unknown', `${words} (it may or may not have been done)`, { cause: error });
  return new MaydayError('system/unavailable', words, { cause: error });
};

/** JetStream's code for a stream that is not there. */
const notFoundCode = 10_059;
/** … and for a message that is refused because others came before it. */
export const wrongSequenceCode = 10_071;

export const isNotFound = (error: unknown): boolean => (error as { code?: unknown }).code === notFoundCode;
