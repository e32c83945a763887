import { MaydayError } from '../../errors.ts';
import { type HttpAnswer, httpRefusal } from '../http-client.ts';

/**
 * What Patroni's refusals mean. A 412 says that nothing was begun. A 503 of a switchover can also mean that it was begun
 * and went on after Patroni stopped looking.
 */
export const patroniFailure = (answer: HttpAnswer, call: string, changing: boolean): MaydayError => {
  if (changing && answer.status === 503 && /failed to write/.test(answer.body))
    return new MaydayError('system/unavailable', `${call}: Patroni could not write to its store; nothing was changed`);
  return httpRefusal(answer, call, { changing });
};
