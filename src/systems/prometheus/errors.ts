import { MaydayError } from '../../errors.ts';
import { type HttpAnswer, httpRefusal } from '../http-client.ts';

/** Prometheus says in the body what was wrong with a query: `bad_data` for one that it cannot read. */
export const prometheusFailure = (answer: HttpAnswer, call: string): MaydayError => {
  try {
    const { errorType, error } = JSON.parse(answer.body) as { errorType?: string; error?: string };
    if (errorType && answer.status < 500)
      return new MaydayError('system/refused', `${call} answered ${answer.status}: ${errorType}: ${error}`);
  } catch {
    // A proxy answered in its place.
  }
  return httpRefusal(answer, call);
};
