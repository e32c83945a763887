import { hideKnown, holdsKnown } from './known-secrets.ts';

/** What must never reach a log, Slack or the journal, whoever typed it. Each pattern names what it is. */
type Pattern = [RegExp, string];

/** Found in every text that holds a key, and cheaper to look for. */
const keyMark = /PRIVATE KEY-----/;

/** Tokens that cannot be mistaken for anything else: safe to take out of whatever is about to leave the process. */
const unmistakable: Pattern[] = [
  [/\b(?:AKIA|ASIA|ABIA)[A-Z0-9]{16}\b/g, 'AWS key'],
  [/\bxox[abceoprs]-[A-Za-z0-9-]{8,}/g, 'Slack token'],
  [/\b(?:xapp|xwfp)-[A-Za-z0-9-]{8,}/g, 'Slack token'],
  [/\bhooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9/_-]{8,}/g, 'Slack webhook'],
  [/\bpd(?:us|eu)\+_?[A-Za-z0-9_+-]{12,}/g, 'PagerDuty token'],
  // Twenty characters that begin with `u+` (of a person) or `y_` (of an account).
  [/(?<![A-Za-z0-9_+-])(?:u\+|y_)[A-Za-z0-9_-]{18}(?![A-Za-z0-9_-])/g, 'PagerDuty token'],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, 'JWT'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, 'private key'],
  // The end of one whose beginning was cut off.
  [
    /(?<![A-Za-z0-9+/=])(?:[A-Za-z0-9+/=]{16,}\s+){1,80}[A-Za-z0-9+/=]*\s*-----END [A-Z ]*PRIVATE KEY-----/g,
    'private key',
  ],
  // What a shell would put in is named, not written.
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):(?![$[])[^\s@/]+@/gi, 'password'],
  [/\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})/g, 'GitHub token'],
];

/** What is a secret where people type, and may be a plain word elsewhere. */
const likely: Pattern[] = [
  [
    /\b((?:password|passwd|pwd|secret|token|(?:api|access|routing|integration)[_-]?key)\s*[=:]\s*)(?!\[redacted)[^\s"'<>]+/gi,
    'named',
  ],
  [/\b((?:Bearer|Basic)\s+)[A-Za-z0-9._~+/-]{12,}=*/g, 'named'],
  // 40 characters of base64 with capitals, small letters and digits: an AWS secret key and little else.
  [
    /(?<![A-Za-z0-9/+=])(?=[A-Za-z0-9/+]*[A-Z])(?=[A-Za-z0-9/+]*[a-z])(?=[A-Za-z0-9/+]*\d)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g,
    'AWS secret key',
  ],
];

const secrets = [...unmistakable, ...likely];

const without = (patterns: readonly Pattern[], text: string): string =>
  patterns.reduce(
    (clean, [pattern, name]) =>
      clean.replace(pattern, (_, before?: string) => {
        if (name === 'password') return `${before}:[redacted: password]@`;
        if (name === 'named') return `${before}[redacted]`;
        return `[redacted: ${name}]`;
      }),
    hideKnown(text),
  );

/** The text with each secret replaced by `[redacted: what it was]`. */
export const redact = (text: string): string => without(secrets, text);

/** Whether something was taken out of it. */
export const holdsRedacted = (text: string): boolean => text.includes('[redacted');

/** One look that is true for everything that would be changed, and cheap for the rest. */
const anyOf = (patterns: readonly Pattern[]): RegExp =>
  new RegExp(
    [...patterns.filter(([, name]) => name !== 'private key').map(([pattern]) => pattern), keyMark]
      .map(({ source }) => `(?:${source})`)
      .join('|'),
    'i',
  );
const anySecret = anyOf(secrets);
const anyUnmistakable = anyOf(unmistakable);

/**
 * What steps hand to each other, what a run's hash is bound to, and what proves who gave an order: nobody typed it, and
 * whoever reads it again must find exactly what was there.
 */
const keptAsIs: ReadonlySet<string> = new Set(['graph', 'output', 'signature']);

/** The same value with every string in it redacted; the value itself when there is nothing to hide. */
export const redactDeep = (value: unknown): unknown => {
  const text = JSON.stringify(value, (key, member) => (keptAsIs.has(key) ? undefined : member)) ?? '';
  return anySecret.test(text) || holdsKnown(text) ? changed(value, redact, keptAsIs) : value;
};

/** As `redactDeep`, without exception: for what only people read. */
export const redactAll = <T>(value: T): T => changed(value, redact, nothing) as T;

/** Marks that let text run another way than it is written; nobody's language needs them in one line of an incident. */
const bidi = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const anyBidi = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/**
 * The last look at what leaves for Slack, PagerDuty, the status page or a mailbox, whoever forgot to look before:
 * tokens and this process's own secrets are taken out, and nothing reorders what is read.
 */
export const sendable = <T>(value: T): T => {
  const text = JSON.stringify(value) ?? '';
  if (!anyUnmistakable.test(text) && !holdsKnown(text) && !anyBidi.test(text)) return value;
  return changed(value, (each) => without(unmistakable, each).replaceAll(bidi, ''), nothing) as T;
};

const nothing: ReadonlySet<string> = new Set();

const changed = (value: unknown, change: (text: string) => string, kept: ReadonlySet<string>): unknown => {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((member) => changed(member, change, kept));
  if (typeof value !== 'object' || value === null) return value;
  // Dates, buffers and the like hold no text of people.
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, kept.has(key) ? member : changed(member, change, kept)]),
  );
};
