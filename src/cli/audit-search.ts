import { MaydayError } from '../errors.ts';
import { indexAudit, searchAudit } from '../journal/search.ts';
import { withJournal } from './open.ts';
import { print, printJson } from './print.ts';

interface SearchOptions {
  who?: string;
  what?: string;
  since?: string;
  until?: string;
  incident?: string;
  run?: string;
  limit: string;
  json: boolean;
}

/** Prints the entries that fit, the newest first. */
export const search = async (options: SearchOptions): Promise<void> => {
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
    throw unusable(`--limit ${options.limit}`, 'a number from 1 to 10000');
  const { since, until } = options;
  for (const [name, time] of Object.entries({ since, until }))
    if (time !== undefined && Number.isNaN(Date.parse(time)))
      throw unusable(`--${name} ${time}`, 'a time such as 2026-11-24T15:00:00Z');
  const entries = await withJournal(process.env, async ({ database }) => {
    await indexAudit(database.pool);
    return searchAudit(database.pool, { ...options, limit });
  });
  if (options.json) return printJson(entries);
  if (entries.length === 0) return print('No entry fits.');
  print(
    ...entries.map(
      ({ at, who, description, notes, stream, seq }) =>
        `${at}  ${who}  ${description}${notes ? ` (${notes})` : ''}  [${stream} ${seq}]`,
    ),
  );
};

const unusable = (what: string, expected: string): MaydayError =>
  new MaydayError('input/invalid', `${what} cannot be used; expected ${expected}. Nothing was searched.`);
