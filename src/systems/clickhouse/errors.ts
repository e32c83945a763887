import { MaydayError } from '../../errors.ts';
import { redact } from '../../redact.ts';
import { type HttpAnswer, httpRefusal } from '../http-client.ts';

/** The code of ClickHouse's own errors: in a header since 20.x, and before that only in the text. */
export const exceptionCode = ({ body }: HttpAnswer): number | undefined => {
  const code = /^Code: (\d+)/.exec(body)?.[1];
  return code === undefined ? undefined : Number(code);
};

/** TOO_MANY_SIMULTANEOUS_QUERIES, NETWORK_ERROR, ALL_CONNECTION_TRIES_FAILED, TIMEOUT_EXCEEDED, MEMORY_LIMIT_EXCEEDED. */
const passing = new Set([159, 202, 209, 210, 241, 279]);

/** What an answer other than 200 means: ClickHouse says 500 to many a plain refusal, so its own code counts. */
export const clickhouseFailure = (answer: HttpAnswer, call: string, changing: boolean): MaydayError => {
  const code = exceptionCode(answer);
  if (code === undefined) return httpRefusal(answer, call, { changing });
  const words = `${call}: ${redact(answer.body.replaceAll(/\s+/g, ' ').trim()).slice(0, 300)}`;
  return new MaydayError(passing.has(code) ? 'system/unavailable' : 'system/refused', words);
};
