import { redact } from '../redact.ts';

/** Marks that reorder, and what can neither be seen nor heard; a line's end and a tab are what they are. */
const unseen = /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]|[^\P{Cc}\n\t]/gu;

/** What somebody typed into a form, whatever came instead: free of secrets, and of what nobody typed. */
export const typed = (value: unknown): string =>
  typeof value === 'string' ? redact(value.replaceAll(unseen, '')) : '';
