import { MaydayError } from '../../errors.ts';

/** What PagerDuty answered, whatever the status. */
export interface PagerDutyAnswer {
  status: number;
  body: any;
}

/** The sentences in an error body, for people. */
export const reasonsOf = ({ body }: PagerDutyAnswer): string => {
  const { message, errors } = body?.error ?? {};
  const all = [message, ...(Array.isArray(errors) ? errors : [])].filter((each) => typeof each === 'string');
  return all.join(': ') || 'no reason given';
};

export const isDuplicate = (answer: PagerDutyAnswer): boolean =>
  answer.status === 400 && /matching (dedup|incident).?key already exists/i.test(reasonsOf(answer));

/** Throws what a status outside 2xx means; pdjs resolves for all of them. */
export const throwUnlessOk = (what: string, isChange: boolean, answer: PagerDutyAnswer): void => {
  const { status } = answer;
  if (status >= 200 && status < 300) return;
  if (status >= 500) {
    const code = isChange ? 'system/unknown' : 'system/unavailable';
    throw new MaydayError(
      code,
      `PagerDuty answered ${what} with HTTP ${status}${isChange ? '; it may have been done' : ''}.`,
    );
  }
  // A token that is being rotated is refused for seconds: the next try has the new one.
  const retryable = status === 401;
  throw new MaydayError('system/refused', `PagerDuty refused ${what}: ${reasonsOf(answer)}.`, { retryable });
};
