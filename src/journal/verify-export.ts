import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type AuditReport, createAuditCheck } from './audit-check.ts';
import type { JournalRow } from './chain.ts';
import { type CheckedCheckpoints, type Checkpoint, checkCheckpoints } from './checkpoint.ts';
import { exportFormat } from './export.ts';
import type { VerifyingKey } from './signing-key.ts';

export interface ExportVerification {
  report: AuditReport;
  checkpoints: CheckedCheckpoints;
  /** What is wrong with the file itself: cut short, not an export, lines that cannot be read. */
  faults: string[];
}

/**
 * Verifies an export on any machine, with the public keys and nothing else. Checkpoints from a second place, when there
 * are some, are held against those in the file and against its rows.
 */
export const verifyExport = async (
  path: string,
  keys: readonly VerifyingKey[],
  outside: readonly Checkpoint[] = [],
): Promise<ExportVerification> => {
  const faults: string[] = [];
  const inside: Checkpoint[] = [];
  // Checkpoints stand behind the rows that they vouch for, so they are fetched first.
  for await (const { text } of linesOf(path)) {
    if (!text.startsWith('{"checkpoint":')) continue;
    const parsed = parse(text);
    if (parsed) inside.push(parsed['checkpoint'] as Checkpoint);
  }
  const checkpoints = checkCheckpoints([...inside, ...outside], keys);
  for (const number of new Set(outside.map(({ content }) => content.number)))
    if (!inside.some(({ content }) => content.number === number) && number <= newestOf(inside))
      faults.push(`checkpoint ${number} is in the second place but was taken out of the file`);

  const check = createAuditCheck(checkpoints);
  const hash = createHash('sha256');
  const counted = { rows: 0, streams: 0, checkpoints: 0 };
  let footer: { rows: number; streams: number; checkpoints: number; sha256: string } | undefined;
  for await (const { text, number } of linesOf(path)) {
    const parsed = parse(text);
    if (number === 1 && parsed?.['format'] !== exportFormat)
      faults.push(`the file is no export of the format ${exportFormat}`);
    else if (footer) faults.push(`line ${number} stands behind the end`);
    else if (!parsed) faults.push(`line ${number} cannot be read`);
    else if (isRow(parsed)) {
      counted.rows += 1;
      check.row(parsed);
    } else if ('head' in parsed) {
      counted.streams += 1;
      check.head(parsed['head'] as never);
    } else if ('checkpoint' in parsed) counted.checkpoints += 1;
    else if ('end' in parsed) footer = parsed['end'] as typeof footer;
    else if (number > 1) faults.push(`line ${number} is nothing that an export holds`);
    if (!footer) hash.update(`${text}\n`);
  }
  if (!footer) faults.push('the file has no end: it was cut short');
  else {
    for (const what of ['rows', 'streams', 'checkpoints'] as const)
      if (footer[what] !== counted[what])
        faults.push(`the end of the file counts ${footer[what]} ${what}, but there are ${counted[what]}`);
    if (faults.length === 0 && footer.sha256 !== hash.digest('hex'))
      faults.push('the file was changed after it was written');
  }
  return { report: check.end(), checkpoints, faults };
};

const newestOf = (checkpoints: readonly Checkpoint[]): number =>
  checkpoints.reduce((most, { content }) => Math.max(most, Number(content?.number) || 0), 0);

/** Split at line feeds alone: text of people may hold other characters that some take for the end of a line. */
async function* linesOf(path: string): AsyncGenerator<{ text: string; number: number }> {
  let number = 0;
  let rest = '';
  for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 20 })) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    for (const text of lines) {
      number += 1;
      yield { text, number };
    }
  }
  if (rest !== '') yield { text: rest, number: number + 1 };
}

const parse = (text: string): Record<string, unknown> | undefined => {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
};

const texts = ['stream', 'at', 'actor', 'type', 'salt', 'data', 'dataHash', 'previousHash', 'hash'];

const isRow = (value: any): value is JournalRow =>
  texts.every((key) => typeof value[key] === 'string') &&
  typeof value.seq === 'number' &&
  typeof value.version === 'number';
