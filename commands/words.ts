import { MaydayError } from '../src/errors.ts';
import { didYouMean, lookAlikes, shownName } from '../src/plan/nearest.ts';

/**
 * What was typed, without what phones and terminals put into it: smart quotes, long dashes, invisible and control characters.
 * Marks that reorder are left to be refused where a name is expected; `said` takes them out of what is only read.
 */
export const wordsOf = (text: string): string[] =>
  text
    .replaceAll(/[^\P{Cc}\s]/gu, '')
    .replaceAll(/[\u200b-\u200d\u2060-\u2064\ufeff]/g, '')
    .replaceAll(/[“”„«»]/g, '"')
    .replaceAll(/[‘’]/g, "'")
    // Phones make one dash of the two before a flag; between words it stays what it is.
    .replaceAll(/(^|\s)[–—](?=[a-z])/g, '$1--')
    .trim()
    .split(/\s+/)
    .filter(Boolean);

/** Words of people as one text, in the order in which they stand. */
export const said = (words: readonly string[]): string =>
  words
    .join(' ')
    .replaceAll(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .trim();

/** A name that cannot be looked up among few: an id. Throws when it is not what it looks like. */
export const plainName = (word: string, what: string): string => {
  const like = lookAlikes(word);
  if (like !== '')
    throw new MaydayError('input/invalid', `There is no ${what} "${shownName(word)}".${like} Nothing was done.`);
  return word;
};

const quoted = /^["'`]+|["'`]+$/g;

/** The next word, which must be one of a few. Throws `input/invalid` with the nearest and a line to copy. */
export const oneOf = (words: string[], valid: readonly string[], what: string, usage: string): string => {
  const word = words.shift()?.replaceAll(quoted, '').toLowerCase();
  if (word === undefined)
    throw new MaydayError(
      'input/invalid',
      `Say which ${what}: ${valid.join(', ')}. Like this: \`${usage}\`. Nothing was started.`,
    );
  if (!valid.includes(word))
    throw new MaydayError(
      'input/invalid',
      `There is no ${what} "${shownName(word)}".${didYouMean(word, valid)} Like this: \`${usage}\`. Nothing was started.`,
    );
  return word;
};

/** As much as cards and mails have room for, and never half of a character. */
export const cut = (text: string): string => text.slice(0, text.charCodeAt(499) >> 10 === 0x36 ? 499 : 500);

/** Quotes around all of it are no part of it; those inside are. */
const withoutQuotes = (text: string): string => {
  const [, inner] = /^(["'`])([^"'`]*)\1$/.exec(text)?.slice(1) ?? [];
  return (inner ?? text).trim();
};

/** The rest as a reason. Throws when there is none. */
export const reasonOf = (words: string[], line: string): string => {
  while (/^(--+|[–—]+|because:?|reason:?|:)$/i.test(words[0] ?? '')) words.shift();
  const reason = withoutQuotes(said(words));
  if (reason.length < 3)
    throw new MaydayError(
      'input/invalid',
      `Say why, so that those who approve and those who audit know: \`${line} <reason>\`. Nothing was started.`,
      { cause: { field: 'reason' } },
    );
  return cut(reason);
};

/** `to west`, if it stands next. */
export const placeOf = (words: string[], places: readonly string[], usage: string): string | undefined => {
  if (words[0]?.toLowerCase() !== 'to') return undefined;
  words.shift();
  return oneOf(words, places, 'place', usage);
};

/** Takes `--flag` out of the words, wherever it stands. */
export const takeFlag = (words: string[], flag: string): { words: string[]; isSet: boolean } => {
  const isFlag = (word: string) => word.toLowerCase() === `--${flag}`;
  return { words: words.filter((word) => !isFlag(word)), isSet: words.some(isFlag) };
};
