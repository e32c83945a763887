import { userInfo } from 'node:os';
import { MaydayError } from '../errors.ts';
import { erasePerson } from '../journal/erase.ts';
import { withJournal } from './open.ts';
import { print, printJson } from './print.ts';

/** Blanks a person's data in the journal, on record. */
export const erase = async (options: {
  person: string;
  word: string[];
  reason: string;
  yes: boolean;
  json: boolean;
}): Promise<void> => {
  const words = [options.person, ...options.word].map((word) => word.trim());
  // Short words stand in too many entries: one that blanked the half of the journal could not be taken back.
  const short = words.find((word) => word.length < 4);
  if (short !== undefined)
    throw new MaydayError(
      'input/invalid',
      `"${short}" is too short to stand for one person: it takes at least four characters. Nothing was erased.`,
    );
  // Words of the journal's own, such as `succeeded` or `run:`, stand in entries about everybody.
  const common = options.word.find((word) => !/[A-Z@\s]/.test(word));
  if (common !== undefined)
    throw new MaydayError(
      'input/invalid',
      `"${common}" may stand for anything; a name, an address or an id has a capital letter, a space or an @. Nothing was erased.`,
    );
  if (options.reason.trim() === '')
    throw new MaydayError('input/invalid', 'Say why with --reason; it stays in the audit trail. Nothing was erased.');
  if (!options.yes)
    throw new MaydayError(
      'input/invalid',
      `Every entry that holds ${words.map((word) => `"${word}"`).join(' or ')} loses all its data, and nothing brings it back; runs that have not ended wait for a human. See them first: mayday audit search --what "${words[0]}". Then add --yes. Nothing was erased.`,
    );
  const rows = await withJournal(process.env, ({ ownerUrl, clock }) =>
    erasePerson(ownerUrl, {
      words,
      reason: options.reason,
      by: `command-line:${userInfo().username}`,
      at: clock.wall(),
    }),
  );
  const count = Object.values(rows).flat().length;
  if (options.json) return printJson({ erased: count, rows });
  if (count === 0) return print('No entry holds that. Nothing was erased.');
  print(
    `Erased: the data of ${count} entries in ${Object.keys(rows).length} streams; system says which, by whom and why.`,
    ...Object.entries(rows).map(([stream, seqs]) => `  ${stream}: ${seqs.join(', ')}`),
    'Who acted stays as an id beside each entry, because the chain covers it. Exports and backups made earlier still hold the data; a bot that runs forgets them when it is started anew.',
  );
};
