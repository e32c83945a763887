import { pino } from 'pino';
import type { Log } from './define.ts';

/** Names of fields that must never be written out, at any depth that pino reaches. */
const secretKeys = ['token', 'password', 'secret', 'authorization', 'apiKey', 'response_url', 'trigger_id'];

/** JSON lines on standard error, so that standard output stays free for answers. */
export const createLog = (level: string): Log =>
  pino(
    { level, base: undefined, redact: { paths: secretKeys.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' } },
    pino.destination({ dest: 2, sync: false }),
  );
