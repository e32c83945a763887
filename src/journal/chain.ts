import { randomBytes } from 'node:crypto';
import { canonical, sha256, storable } from '../canonical.ts';
import type { Json } from '../define.ts';
import { redactDeep } from '../redact.ts';

/** What a stream's first row points back to. */
export const genesis = '0'.repeat(64);

/** A row of the journal as it is stored. `data` is canonical text; `at` is wall time in ISO 8601. */
export interface JournalRow {
  stream: string;
  seq: number;
  at: string;
  actor: string;
  type: string;
  version: number;
  salt: string;
  data: string;
  dataHash: string;
  previousHash: string;
  hash: string;
}

/** The keys of a row in the order of the table's columns, for statements that take a column each. */
export const rowColumns = [
  'stream',
  'seq',
  'at',
  'actor',
  'type',
  'version',
  'salt',
  'data',
  'dataHash',
  'previousHash',
  'hash',
] as const satisfies readonly (keyof JournalRow)[];

/** An event before it has a place in its stream. */
export interface NewEvent {
  type: string;
  version: number;
  actor: string;
  data: Json | object;
}

/**
 * The chain covers the SHA-256 of salted data and not the data itself, so that data can be erased later while the
 * chain still verifies; the salt keeps erased data from being guessed back out of its hash.
 */
export const hashData = (salt: string, data: string): string => sha256(salt + data);

export const hashRow = (row: Omit<JournalRow, 'hash' | 'salt' | 'data'>): string => {
  const fields = [row.previousHash, row.stream, row.seq, row.at, row.actor, row.type, row.version, row.dataHash];
  // JSON writes flat text and whole numbers as `canonical` does, in a fraction of the time; lone surrogates apart.
  const text = JSON.stringify(fields);
  return sha256(text.includes('\\ud') ? canonical(fields) : text);
};

/** Drawn from the system many at a time: asking it for each row would cost more than hashing the row. */
let randomness = Buffer.alloc(0);
const newSalt = (): string => {
  if (randomness.length === 0) randomness = randomBytes(16 * 256);
  const salt = randomness.toString('hex', 0, 16);
  randomness = randomness.subarray(16);
  return salt;
};

export interface Head {
  seq: number;
  hash: string;
}

/** Rows that continue a stream from its head. */
export const chainOn = (stream: string, head: Head, events: readonly NewEvent[], at: string): JournalRow[] => {
  let previous = head;
  return events.map((event) => {
    const salt = newSalt();
    const data = canonical(redactDeep(event.data));
    const unhashed = {
      stream,
      seq: previous.seq + 1,
      at,
      actor: storable(event.actor),
      type: event.type,
      version: event.version,
      dataHash: hashData(salt, data),
      previousHash: previous.hash,
    };
    const row = { ...unhashed, salt, data, hash: hashRow(unhashed) };
    previous = row;
    return row;
  });
};
