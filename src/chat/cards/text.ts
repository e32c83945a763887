import type { Clock } from '../../define.ts';

/** Text from people: what Slack would read as a mention, link or formatting is taken apart. */
export const plain = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    // Order of reading must be the order of writing: no overrides, isolates or invisible letters.
    .replaceAll(/[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, '')
    // Inside a word these letters format nothing; only at its edge are they set apart.
    .replaceAll(/(?<![\w])[*_~`]|[*_~`](?![\w])/g, '\u2009$&\u2009');

/** Words as a person wrote them: Slack hands these three letters over as entities. */
export const unescaped = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

/** Cut to so many UTF-16 units, never in the middle of a character. */
export const shorten = (text: string, most: number): string =>
  text.length <= most
    ? text
    : `${text
        .slice(0, most - 1)
        .toWellFormed()
        .replace(/\ufffd$/, '')}…`;

/** A world time as each reader's own clock shows it, plus UTC. */
export const slackTime = (iso: string): string => {
  const seconds = Math.floor(Date.parse(iso) / 1000);
  return `<!date^${seconds}^{time_secs}|${iso.slice(11, 19)}> (${iso.slice(11, 19)} UTC)`;
};

/** A moment that may lie on another day: the day and the minute, as each reader's own clock shows them, plus UTC. */
export const slackMoment = (iso: string): string =>
  `<!date^${Math.floor(Date.parse(iso) / 1000)}^{date_short_pretty} {time}|${iso.slice(0, 16).replace('T', ' ')}> (${iso.slice(11, 16)} UTC)`;

export const secondsSince = (iso: string, clock: Clock): number => (clock.now().getTime() - Date.parse(iso)) / 1000;

/** What stands between three backticks: as it must be typed, but for what Slack would read as its end, a mention or a link. */
export const code = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('```', "'''");
