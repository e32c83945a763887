import { MaydayError, messageOf } from '../../errors.ts';

export const dnsFailure = (error: unknown, resolver: string): MaydayError =>
  new MaydayError('system/unavailable', `${resolver}: ${messageOf(error)}`, { cause: error });

/** Answers of a resolver that mean "there is no such record", as against no answer. */
export const isNoRecord = (error: unknown): boolean =>
  ['ENOTFOUND', 'ENODATA'].includes((error as { code?: string }).code ?? '');
