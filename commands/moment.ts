import { MaydayError } from '../src/errors.ts';
import { parseDuration } from '../src/plan/duration.ts';

/**
 * Takes a moment off the front of what was typed: `10m ago`, `09:50` (today, UTC), `2026-11-24T09:50`,
 * `2026-11-24 09:50Z` or with an offset. A time without a zone is UTC. Throws when there is none, or it lies ahead.
 */
export const takeMoment = (words: string[], now: Date, usage: string): Date => {
  inOneWord(words);
  const [first = '', second = ''] = words;
  const seconds = parseDuration(first.replace(/^-/, ''));
  let moment: Date | undefined;
  if (seconds !== undefined && second.toLowerCase() === 'ago') {
    words.splice(0, 2);
    moment = new Date(now.getTime() - seconds * 1000);
  } else if (/^\d{1,2}:\d{2}(:\d{2})?Z?$/.test(first)) {
    words.shift();
    const time = /^\d:/.test(first) ? `0${first}` : first;
    moment = withZone(`${now.toISOString().slice(0, 10)}T${time}`);
  } else if (/^\d{4}-\d{2}-\d{2}$/.test(first) && /^\d{2}:\d{2}/.test(second)) {
    words.splice(0, 2);
    moment = withZone(`${first}T${second}`);
  } else if (/^\d{4}-\d{2}-\d{2}T/.test(first)) {
    words.shift();
    moment = withZone(first);
  }
  if (!moment || Number.isNaN(moment.getTime()))
    throw new MaydayError(
      'input/invalid',
      `Say to which moment, such as \`10m ago\` or \`${now.toISOString().slice(0, 16)}Z\` (UTC). Like this: \`${usage}\`. Nothing was started.`,
    );
  if (moment > now)
    throw new MaydayError(
      'input/invalid',
      `${moment.toISOString()} lies ahead; now it is ${now.toISOString()}. A time without a zone is read as UTC. Nothing was started.`,
    );
  return moment;
};

/** `10 minutes ago`, as a tired person types it, becomes `10m ago`. */
const inOneWord = (words: string[]): void => {
  const [count = '', unit = '', ago = ''] = words;
  const known = /^(s|m|h|d)(ec(ond)?s?|in(ute)?s?|(ou)?rs?|ays?)?$/i.exec(unit)?.[1];
  if (/^\d+$/.test(count) && known && ago.toLowerCase() === 'ago') words.splice(0, 2, `${count}${known.toLowerCase()}`);
};

/** None for what no calendar and no clock shows: a Date would make the first of March out of the 29th of February. */
const withZone = (text: string): Date | undefined => {
  const [, date, hour] = /^(\d{4}-\d{2}-\d{2})T(\d{2}):/.exec(text) ?? [];
  const midnight = new Date(`${date}T00:00:00Z`);
  if (Number(hour) > 23 || Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== date)
    return undefined;
  return new Date(/(Z|[+-]\d{2}:?\d{2})$/.test(text) ? text : `${text}Z`);
};
