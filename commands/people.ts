import { MaydayError } from '../src/errors.ts';
import { parseDuration } from '../src/plan/duration.ts';

/** People, channels and times as Slack and people write them. */

/** `<@U0PIP0001>` or `<@U0PIP0001|pip>`, if it stands next; null when nobody is named. A name that Slack made no person of is refused. */
export const takePerson = (words: string[], line: string): string | null => {
  const [first = ''] = words;
  const id = /^<@([UW][A-Z0-9]{5,})(?:\|[^>]*)?>$/.exec(first)?.[1];
  if (id) {
    words.shift();
    return id;
  }
  if (first.startsWith('@'))
    throw new MaydayError(
      'input/invalid',
      `Slack knows nobody called ${first}. Choose the person from the list that Slack shows behind the @: \`${line}\`. Nothing was changed.`,
    );
  return null;
};

/** `<#C0123|name>`, if it stands next. A channel whose name alone was written is refused, because names are not unique for ever. */
export const takeChannel = (words: string[]): string | undefined => {
  const [first = ''] = words;
  const id = /^<#([CG][A-Z0-9]{5,})(?:\|[^>]*)?>$/.exec(first)?.[1];
  if (id) words.shift();
  else if (first.startsWith('#'))
    throw new MaydayError(
      'input/invalid',
      `Slack knows no channel called ${first}. Choose it from the list that Slack shows behind the #, or write the incident's id. Nothing was changed.`,
    );
  return id;
};

const units: [RegExp, string][] = [
  [/^(s|secs?|seconds?)$/i, 's'],
  [/^(m|mins?|minutes?)$/i, 'm'],
  [/^(h|hrs?|hours?)$/i, 'h'],
  [/^(d|days?)$/i, 'd'],
  [/^(w|weeks?)$/i, 'w'],
];

/** Seconds of `in 20m`, `in 20 minutes`, `in 1h30m`, if that stands next. */
export const takeDelay = (words: string[], line: string): number | undefined => {
  if (words[0]?.toLowerCase() !== 'in' || words[1] === undefined) return undefined;
  const one = secondsOf(words[1]);
  const two = words[2] === undefined ? undefined : secondsOf(`${words[1]}${words[2]}`);
  const isNumber = /^\d+(\.\d+)?$/.test(words[1]);
  if (one !== undefined) words.splice(0, 2);
  else if (isNumber && two !== undefined) words.splice(0, 3);
  else if (isNumber)
    throw new MaydayError('input/invalid', `Say the unit: \`${line}\`, such as 5m, 2h or 3d. Nothing was changed.`);
  return one ?? (isNumber ? two : undefined);
};

const secondsOf = (text: string): number | undefined => {
  const plainly = text.replaceAll(/[a-z]+/gi, (unit) => units.find(([pattern]) => pattern.test(unit))?.[1] ?? unit);
  const weeks = /^(\d+(?:\.\d+)?)w$/.exec(plainly)?.[1];
  return parseDuration(weeks ? `${Number(weeks) * 7}d` : plainly);
};
