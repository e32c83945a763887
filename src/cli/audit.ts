import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { jsonLines } from '../journal/export.ts';
import { verifyJournal } from '../journal/verify.ts';
import { print, printJson, withJournal } from './open.ts';

/** Checks every hash of every stream; ends with 1 when a row does not fit, and names the first one. */
export const verify = async (options: { json: boolean }): Promise<void> => {
  const { entries, streams, firstBad } = await withJournal(process.env, ({ database }) => verifyJournal(database.pool));
  if (firstBad) process.exitCode = 1;
  if (options.json) return printJson({ entries, streams, verified: firstBad === undefined, firstBad });
  if (firstBad)
    return print(
      `BROKEN: row ${firstBad.seq} of ${firstBad.stream}: ${firstBad.why}.`,
      `${entries} rows before it fit. Keep the database as it is, and compare with an export made earlier.`,
    );
  print(`Verified: ${entries} entries in ${streams} streams, every hash and every link.`);
};

/** Every row as one JSON line, with all that is needed to check the hashes without us. */
export const exportJournal = async (options: { out: string }): Promise<void> =>
  withJournal(process.env, async ({ database }) => {
    const lines = Readable.from(jsonLines(database.pool));
    if (options.out === '-') await pipeline(lines, process.stdout, { end: false });
    else await pipeline(lines, createWriteStream(options.out, { mode: 0o600 }));
  });
