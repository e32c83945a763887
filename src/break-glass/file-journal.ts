import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { JournalPort, LeasePort, StoredEvent } from '../engine/ports.ts';
import { MaydayError } from '../errors.ts';
import { chainOn, type JournalRow } from '../journal/chain.ts';

/**
 * The journal of one run while there is no database: the same rows with the same hashes, a line each, in a file that only
 * its owner may read. An append has happened when the disk says so. One process, and one run, at a time.
 */
export const openFileJournal = (file: string, wallNow: () => Date): JournalPort => {
  const rows = existsSync(file) ? readRows(file) : [];
  let descriptor: number | undefined;
  // Made with the first row: a run that was refused leaves nothing behind.
  const open = (): number => {
    if (descriptor !== undefined) return descriptor;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    descriptor = openSync(file, 'a', 0o600);
    syncFolder(dirname(file));
    return descriptor;
  };
  const of = (stream: string) => rows.filter((row) => row.stream === stream);
  return {
    async append(appends) {
      const at = wallNow().toISOString();
      const given = appends.filter(({ events }) => events.length > 0);
      for (const { stream, expected } of given)
        if (of(stream).length !== expected.seq)
          throw new MaydayError('journal/conflict', 'Somebody else appended first.', { retryable: true });
      const added = given.flatMap(({ stream, expected, events }) => chainOn(stream, expected, events, at));
      try {
        const to = open();
        writeSync(to, added.map((row) => `${JSON.stringify(row)}\n`).join(''));
        fsyncSync(to);
      } catch (cause) {
        throw new MaydayError('journal/unavailable', `The break-glass file ${file} could not be written.`, {
          effect: 'maybe-made',
          cause,
        });
      }
      rows.push(...added);
      return Object.fromEntries(
        given.map(({ stream }) => {
          const { seq, hash } = added.findLast((row) => row.stream === stream)!;
          return [stream, { seq, hash }];
        }),
      );
    },
    read: async (stream, afterSeq = 0) => of(stream).slice(afterSeq).map(stored),
  };
};

/** Every row of a break-glass file. A last line that a crash cut short was never acknowledged, so it does not count. */
export const readRows = (file: string): JournalRow[] => {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.flatMap((line, i) => {
    if (line === '') return [];
    try {
      return [JSON.parse(line) as JournalRow];
    } catch (cause) {
      if (i === lines.length - 1) return [];
      throw new MaydayError('journal/unavailable', `Line ${i + 1} of ${file} cannot be read; it was changed.`, {
        cause,
      });
    }
  });
};

export const stored = ({ seq, at, actor, type, version, data, hash }: JournalRow): StoredEvent => ({
  seq,
  at,
  actor,
  type,
  version,
  data: JSON.parse(data),
  hash,
});

/** Nobody else is there to take the run over. */
export const soleLeases: LeasePort = {
  take: async (runId, lane) => ({ runId, lane, epoch: 1 }),
  renew: async () => true,
  release: async () => {},
};

/** A new file is there after a crash only when its folder says so. */
const syncFolder = (folder: string): void => {
  const descriptor = openSync(folder, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
};
