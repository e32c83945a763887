import { hash } from 'node:crypto';

/**
 * The text that is hashed and stored: RFC 8785 (keys sorted by UTF-16 code units, numbers and strings as ECMAScript
 * writes them). Lone surrogates become U+FFFD first, because PostgreSQL stores only well-formed text. Undefined
 * members are left out, as JSON does.
 */
export const canonical = (value: unknown): string => {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${value} has no place in the journal: JSON has no such number.`);
    return JSON.stringify(value);
  }
  if (typeof value === 'string') return JSON.stringify(value.toWellFormed());
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item ?? null)).join(',')}]`;
  if (typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([key, member]) => `${JSON.stringify(key.toWellFormed())}:${canonical(member)}`).join(',')}}`;
  }
  throw new TypeError(`A ${typeof value} has no place in the journal.`);
};

export const sha256 = (text: string): string => hash('sha256', text, 'hex');

/** Text that PostgreSQL can hold as such: well-formed, and without the one character that it has no place for. */
export const storable = (text: string): string => text.toWellFormed().replaceAll('\u0000', '\ufffd');
