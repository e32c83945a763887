/**
 * Every error that a person can meet. Each says what happened, what was not harmed and what to do now; the codes are
 * listed once here and documented in docs/errors.md, which a test holds equal.
 */
export const errorCodes = {
  'config/missing': 'A setting that is needed is not there.',
  'config/invalid': 'A setting has a value that cannot be used.',
  'plan/invalid': 'A plan file does not say what the language allows.',
  'plan/unknown': 'No plan, scope or place has that name.',
  'input/invalid': 'What was typed cannot be used.',
  'authority/refused': 'The rule does not let this person do that.',
  'claim/held': 'Another run holds what this one would change.',
  'lease/lost': 'This worker no longer holds the run; another has gone on with it.',
  'journal/conflict': 'Somebody else appended first; read again and judge again.',
  'journal/broken': 'The journal does not verify.',
  'journal/unavailable': 'The journal cannot be written, so nothing new is changed.',
  'run/not-found': 'There is no run with that id.',
  'incident/not-found': 'There is no incident with that id.',
  'incident/wrong-state': 'The incident is not in a state that allows this.',
  'run/wrong-state': 'The run is not in a state that allows this.',
  'system/refused': 'The outside system said no; the change was not made.',
  'system/throttled': 'The outside system asked to be called later; the change was not made.',
  'system/unavailable': 'The outside system could not be reached; nothing was sent.',
  'system/unknown': 'The outside system did not answer a change; it may or may not have been made.',
  'template/invalid': 'A template does not render.',
  internal: 'A fault of Mayday itself.',
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** What is known of a change whose call failed. */
export type Effect = 'not-made' | 'maybe-made';

export class MaydayError extends Error {
  readonly code: ErrorCode;
  /** True when the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  readonly effect: Effect;
  /** Wait at least this many wall seconds before trying again, when the other side said so. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    more: { retryable?: boolean; effect?: Effect; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'MaydayError';
    this.code = code;
    this.retryable = more.retryable ?? (code === 'system/throttled' || code === 'system/unavailable');
    this.effect = more.effect ?? (code === 'system/unknown' ? 'maybe-made' : 'not-made');
    this.retryAfterSeconds = more.retryAfterSeconds;
  }
}

/** One sentence for a person, whatever was thrown. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message || error.name : String(error);
