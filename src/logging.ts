import { pino } from 'pino';
import type { Log } from './define.ts';
import { redact, redactAll } from './redact.ts';

/** Names of fields that must never be written out, at any depth that pino reaches. */
const secretKeys = ['token', 'password', 'secret', 'authorization', 'apiKey', 'response_url', 'trigger_id'];

/** JSON lines on standard error, so that standard output stays free for answers. Secrets inside sentences go as well. */
export const createLog = (level: string): Log =>
  pino(
    {
      level,
      base: undefined,
      redact: { paths: secretKeys.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' },
      hooks: {
        logMethod(args, write) {
          write.apply(this, args.map(withoutSecrets) as typeof args);
        },
      },
    },
    pino.destination({ dest: 2, sync: false }),
  );

const withoutSecrets = (given: unknown): unknown => {
  if (!(given instanceof Error)) return redactAll(given);
  return redactAll({ error: given.message, ...(given.stack && { stack: redact(given.stack) }) });
};
