/** Thrown for a body that is no body of Slack's; the message is the one sentence that is answered. */
export class BodyRefused extends Error {}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses a signed body strictly: each form field once, `payload` alone, JSON objects only. NUL and lone surrogates are
 * taken out, since neither Slack nor the journal can carry them.
 */
export const parseBody = (contentType: string, raw: Buffer): Record<string, any> => {
  let text: string;
  try {
    text = utf8.decode(raw);
  } catch {
    throw new BodyRefused('The body is not UTF-8.');
  }
  if (contentType === 'application/json') return parseJson(text);
  const fields: [string, string][] = [];
  const names = new Set<string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (names.has(name)) throw new BodyRefused('A field of the form comes twice.');
    if (name === '__proto__') throw new BodyRefused('A field of the form has a forbidden name.');
    names.add(name);
    fields.push([name, cleaned(value)]);
  }
  if (names.has('ssl_check') && (names.has('payload') || names.has('command'))) {
    throw new BodyRefused('A certificate check carries no command.');
  }
  if (!names.has('payload')) return Object.fromEntries(fields);
  if (names.size > 1) throw new BodyRefused('Beside payload there is no other field.');
  return parseJson(fields[0]![1]);
};

/** What came as an object already, over Socket Mode, cleaned in the same way. */
export const cleanedBody = (body: object): Record<string, any> => parseJson(JSON.stringify(body));

const parseJson = (text: string): Record<string, any> => {
  // Most bodies have nothing to clean, and a reviver would cost every one of them.
  const isSuspect = /\\u(0000|d[89a-f])/i.test(text) || text.includes('__proto__');
  let parsed: unknown;
  try {
    parsed = isSuspect ? JSON.parse(text, cleanedEntry) : JSON.parse(text);
  } catch {
    throw new BodyRefused('The body is not JSON.');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new BodyRefused('The body is not a JSON object.');
  return parsed;
};

/** Returning undefined leaves the key out. */
const cleanedEntry = (key: string, value: unknown): unknown => {
  if (key === '__proto__') return undefined;
  return typeof value === 'string' ? cleaned(value) : value;
};

const cleaned = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', '') : text).toWellFormed();
