import { type Logger, LogLevel } from '@slack/web-api';
import type { Log } from '../../define.ts';

/** The library's warnings in our log; its errors reach the caller anyway, and would only be said twice. */
export const quietLogger = (log: Log): Logger => ({
  debug() {},
  info() {},
  warn: (...words: unknown[]) => log.warn({ from: 'slack' }, words.map(String).join(' ')),
  error() {},
  setLevel() {},
  getLevel: () => LogLevel.WARN,
  setName() {},
});
