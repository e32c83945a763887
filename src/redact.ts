/** What must never reach a log, Slack or the journal, whoever typed it. Each pattern names what it is. */
const secrets: [RegExp, string][] = [
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, 'AWS key'],
  [/\bxox[abeoprs]-[A-Za-z0-9-]{8,}/g, 'Slack token'],
  [/\bxapp-[A-Za-z0-9-]{8,}/g, 'Slack token'],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, 'JWT'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, 'private key'],
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]+):[^\s@/]+@/gi, 'password'],
  [/\b((?:password|passwd|pwd|secret|token|api[_-]?key)\s*[=:]\s*)(?!\[redacted)[^\s,;&]+/gi, 'named'],
  [/\b(Bearer\s+)[A-Za-z0-9._~+/-]{12,}=*/gi, 'named'],
  // 40 characters of base64 with capitals, small letters and digits: an AWS secret key and little else.
  [
    /(?<![A-Za-z0-9/+=])(?=[A-Za-z0-9/+]*[A-Z])(?=[A-Za-z0-9/+]*[a-z])(?=[A-Za-z0-9/+]*\d)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g,
    'AWS secret key',
  ],
  [/\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})/g, 'GitHub token'],
];

/** The text with each secret replaced by `[redacted: what it was]`. */
export const redact = (text: string): string =>
  secrets.reduce(
    (clean, [pattern, name]) =>
      clean.replace(pattern, (_, before?: string) => {
        if (name === 'password') return `${before}:[redacted: password]@`;
        if (name === 'named') return `${before}[redacted]`;
        return `[redacted: ${name}]`;
      }),
    text,
  );

/** One look that is true for everything that `redact` would change, and cheap for the rest. */
const anySecret = new RegExp(secrets.map(([{ source }]) => `(?:${source})`).join('|'), 'i');

/**
 * What steps hand to each other, what a run's hash is bound to, and what proves who gave an order: nobody typed it, and
 * whoever reads it again must find exactly what was there.
 */
const keptAsIs: ReadonlySet<string> = new Set(['graph', 'output', 'signature']);

/** The same value with every string in it redacted; the value itself when there is nothing to hide. */
export const redactDeep = (value: unknown): unknown =>
  anySecret.test(JSON.stringify(value, (key, member) => (keptAsIs.has(key) ? undefined : member)) ?? '')
    ? redactMembers(value)
    : value;

const redactMembers = (value: unknown): unknown => {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map(redactMembers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, keptAsIs.has(key) ? member : redactMembers(member)]),
  );
};
