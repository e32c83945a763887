import { MaydayError, messageOf } from '../../errors.ts';

export const httpFailure = (error: unknown, url: string): MaydayError =>
  error instanceof MaydayError
    ? error
    : new MaydayError('system/unavailable', `${url}: ${messageOf(error)}`, { cause: error });
