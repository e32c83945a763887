import { MaydayError, messageOf } from '../../errors.ts';

/** Refusals of Redis begin with a word in capitals; `-LOADING` and the like pass by themselves. */
const passing = /^(LOADING|BUSY|TRYAGAIN|CLUSTERDOWN|MASTERDOWN)\b/;

/** What a failed command means. `changing` says that it could have changed something. */
export const redisFailure = (error: unknown, where: string, changing: boolean, sent: boolean): MaydayError => {
  if (error instanceof MaydayError) return error;
  const words = `${where}: ${messageOf(error)}`;
  if ((error as Error).name === 'ReplyError') {
    const code = passing.test(messageOf(error)) ? 'system/unavailable' : 'system/refused';
    return new MaydayError(code, words, { cause: error });
  }
  if (changing && sent)
    return new MaydayError('system/unknown', `${words} (it may or may not have been done)`, { cause: error });
  return new MaydayError('system/unavailable', words, { cause: error });
};
