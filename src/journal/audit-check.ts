import { genesis, hashData, hashRow, type JournalRow } from './chain.ts';
import type { CheckedCheckpoints, CheckpointContent, Claim, StreamHead } from './checkpoint.ts';

/** A row that does not fit, by its place; seq is that of the first row that is missing when rows were cut off. */
export interface BadRow {
  stream: string;
  seq: number;
  why: string;
}

export interface AuditReport {
  entries: number;
  streams: number;
  /** What does not fit, in the order in which it was met; no more than a hundred. */
  bad: BadRow[];
  /** Rows whose data were erased, all of them on record; those that are not are bad. */
  erased: number;
  /** Rows that no checkpoint vouches for: were some of them cut off at the end of their streams, nothing would tell. */
  uncovered: number;
}

export interface AuditCheck {
  /** Rows come in stream order, and in order within their stream. */
  row(row: JournalRow): void;
  /** Heads come after all rows. */
  head(head: StreamHead): void;
  end(): AuditReport;
}

const mostFindings = 100;

/** What an erasure leaves behind in the stream `system`, and the only reason for a row to be empty. */
export const erasureType = 'audit.erased';

/**
 * Judges rows one by one with as much memory as there are streams: each against its own hash, the row before it, the
 * head of its stream and every checkpoint that has seen it. Goes on after a bad row, so that each one is named.
 */
export const createAuditCheck = (checkpoints?: CheckedCheckpoints): AuditCheck => {
  const bad: BadRow[] = [];
  const ends = new Map<string, StreamHead>();
  const claimed = new Map(checkpoints?.claims);
  const erased = new Set<string>();
  const recorded = new Set<string>();
  const times = checkpoints?.last;
  let entries = 0;
  let streams = 0;
  let covered = 0;
  let previous: JournalRow | undefined;
  let claims: Map<number, Claim[]> | undefined;

  const find = (stream: string, seq: number, why: string) => {
    if (bad.length < mostFindings) bad.push({ stream, seq, why });
  };

  const begin = (stream: string) => {
    streams += 1;
    if (ends.has(stream)) find(stream, 1, 'the stream is here twice');
    const list = claimed.get(stream);
    claimed.delete(stream);
    claims = undefined;
    if (!list) return;
    claims = new Map();
    for (const claim of list) claims.set(claim.seq, [...(claims.get(claim.seq) ?? []), claim]);
  };

  const finish = () => {
    if (!previous) return;
    const { stream, seq, hash } = previous;
    ends.set(stream, { stream, seq, hash });
    if (!claims) return;
    const lost = [...claims.values()].flat().filter((claim) => claim.seq > seq);
    if (lost.length > 0) find(stream, seq + 1, cutOff(lost, seq, times));
    covered += Math.min(seq, Math.max(0, ...claims.keys()));
  };

  return {
    row(row) {
      if (row.stream !== previous?.stream) {
        finish();
        previous = undefined;
        begin(row.stream);
      }
      entries += 1;
      const why = whyBad(row, previous);
      if (why) find(row.stream, row.seq, why);
      const other = claims?.get(row.seq)?.find(({ hash }) => hash !== row.hash);
      if (other) find(row.stream, row.seq, `checkpoint ${other.checkpoint} has seen another row here`);
      if (row.data === '' && row.salt === '') erased.add(`${row.stream} ${row.seq}`);
      else if (row.type === erasureType) for (const name of erasedBy(row)) recorded.add(name);
      previous = row;
    },
    head(head) {
      finish();
      previous = undefined;
      if (head.seq === 0) return;
      const end = ends.get(head.stream);
      if (end?.seq !== head.seq || end.hash !== head.hash)
        find(
          head.stream,
          (end?.seq ?? 0) + 1,
          `the stream's head says ${head.seq} rows, but the last one here is ${end?.seq ?? 0}: rows were cut off at the end`,
        );
      ends.set(head.stream, { ...head, seq: -1 });
    },
    end() {
      finish();
      previous = undefined;
      for (const [stream, { seq }] of ends) if (seq > 0) find(stream, 1, 'the stream has rows but no head');
      for (const [stream, list] of claimed) if (!ends.has(stream)) find(stream, 1, cutOff(list, 0, times));
      for (const name of erased)
        if (!recorded.has(name)) {
          const at = name.lastIndexOf(' ');
          find(
            name.slice(0, at),
            Number(name.slice(at + 1)),
            'its data was erased, and no record says by whom and why',
          );
        }
      return { entries, streams, bad, erased: erased.size, uncovered: entries - covered };
    },
  };
};

const cutOff = (lost: readonly Claim[], last: number, newest: CheckpointContent | undefined): string => {
  const most = lost.reduce((a, b) => (a.seq >= b.seq ? a : b));
  const when = newest?.number === most.checkpoint ? ` of ${newest.time}` : '';
  return `checkpoint ${most.checkpoint}${when} has seen ${most.seq} rows, but the last one here is ${last}: rows were cut off at the end`;
};

const erasedBy = (row: JournalRow): string[] => {
  try {
    const rows = JSON.parse(row.data).event.rows as Record<string, number[]>;
    return Object.entries(rows).flatMap(([stream, seqs]) => seqs.map((seq) => `${stream} ${seq}`));
  } catch {
    return [];
  }
};

/** Why a row does not continue its stream, or nothing when it does. Erased data (empty salt) is not compared. */
export const whyBad = (row: JournalRow, previous: JournalRow | undefined): string | undefined => {
  const wanted = (previous?.seq ?? 0) + 1;
  if (row.seq !== wanted) return `row ${wanted} is missing`;
  if (row.previousHash !== (previous?.hash ?? genesis)) return 'it does not point to the row before it';
  const erased = row.salt === '' && row.data === '';
  if (!erased && hashData(row.salt, row.data) !== row.dataHash) return 'its data was changed';
  if (hashRow(row) !== row.hash) return 'its type, time, actor or place was changed';
  return undefined;
};
