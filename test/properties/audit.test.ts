import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AuditReport, createAuditCheck } from '../../src/journal/audit-check.ts';
import { chainOn, type JournalRow } from '../../src/journal/chain.ts';
import { checkCheckpoints, createHeadsDigest, signCheckpoint } from '../../src/journal/checkpoint.ts';
import { noHead } from '../../src/journal/journal.ts';
import { openSigningKey, readVerifyingKeys } from '../../src/journal/signing-key.ts';
import { type CheckpointedJournal, openCheckpointedJournal } from '../support/checkpointed-journal.ts';

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
process.stdout.write(`audit properties: SEED=${seed}\n`);

let audit: CheckpointedJournal;
let rows: JournalRow[];
let lines: string[];
beforeAll(async () => {
  audit = await openCheckpointedJournal();
  for (const [stream, count] of [
    ['incident:i-1', 4],
    ['run:a', 9],
    ['run:b', 1],
    ['system', 6],
  ] as const)
    await audit.say(stream, count);
  await audit.checkpoint();
  await audit.verifyFile((all) => {
    lines = all;
    return all;
  });
  rows = lines.map((line) => JSON.parse(line)).filter((line) => 'dataHash' in line);
});
afterAll(() => audit.close());

type Column = Exclude<keyof JournalRow, 'stream' | 'seq'>;
const columns: Column[] = ['at', 'actor', 'type', 'version', 'salt', 'data', 'dataHash', 'previousHash', 'hash'];
const inDatabase: Record<Column, string> = {
  at: 'at',
  actor: 'actor',
  type: 'type',
  version: 'version',
  salt: 'salt',
  data: 'data',
  dataHash: 'data_hash',
  previousHash: 'previous_hash',
  hash: 'hash',
};

type Tampering =
  | { kind: 'edit'; row: number; column: Column; at: number }
  | { kind: 'erase'; row: number }
  | { kind: 'remove'; row: number }
  | { kind: 'swap'; row: number }
  | { kind: 'cut'; row: number; withHead: boolean };
const pick = fc.nat(19);
const tamperings: fc.Arbitrary<Tampering> = fc.oneof(
  fc.record({ kind: fc.constant('edit' as const), row: pick, column: fc.constantFrom(...columns), at: fc.nat(200) }),
  fc.record({ kind: fc.constant('erase' as const), row: pick }),
  fc.record({ kind: fc.constant('remove' as const), row: pick }),
  fc.record({ kind: fc.constant('swap' as const), row: pick }),
  fc.record({ kind: fc.constant('cut' as const), row: pick, withHead: fc.boolean() }),
);

/** One character of the value is another one; a number is another number. */
const edited = (value: string | number, at: number): string | number => {
  if (typeof value === 'number') return value + 1 + at;
  const place = at % value.length;
  return value.slice(0, place) + (value[place] === '0' ? '1' : '0') + value.slice(place + 1);
};

/** The rows and heads after the tampering, and which streams and seqs may be named for it. */
const apply = (tampering: Tampering) => {
  const target = rows[tampering.row]!;
  const of = (seq: number) => rows.find((row) => row.stream === target.stream && row.seq === seq);
  let after = rows.map((row) => ({ ...row }));
  const there = after[tampering.row]!;
  const length = rows.filter(({ stream }) => stream === target.stream).length;
  let first = target.seq;
  let head: { seq: number; hash: string } | undefined;
  if (tampering.kind === 'edit')
    Object.assign(there, { [tampering.column]: edited(there[tampering.column], tampering.at) });
  else if (tampering.kind === 'erase') Object.assign(there, { salt: '', data: '' });
  else if (tampering.kind === 'remove') {
    after = after.filter((row) => row !== there);
    // The row behind it is the first that does not fit, or the end of the stream.
    first = target.seq < length ? target.seq + 1 : target.seq;
  } else if (tampering.kind === 'swap') {
    const other = of(target.seq + 1) ?? of(target.seq - 1);
    if (!other) return undefined;
    const place = after.findIndex((row) => row.stream === other.stream && row.seq === other.seq);
    after[tampering.row] = { ...other, seq: target.seq };
    after[place] = { ...target, seq: other.seq };
    first = Math.min(target.seq, other.seq);
  } else {
    after = after.filter((row) => row.stream !== target.stream || row.seq < target.seq);
    const last = of(target.seq - 1);
    if (tampering.withHead) head = last ? { seq: last.seq, hash: last.hash } : { seq: 0, hash: noHead.hash };
  }
  return { after, stream: target.stream, first, head };
};

const expectNamed = (report: AuditReport, stream: string, first: number) => {
  expect(report.bad.length).toBeGreaterThan(0);
  expect({ stream: report.bad[0]!.stream, seq: report.bad[0]!.seq }).toEqual({ stream, seq: first });
};

test('the untouched journal and its export verify', async () => {
  expect((await audit.verifyLive()).report).toMatchObject({ entries: 20, bad: [], uncovered: 0 });
  expect(await audit.verifyFile()).toMatchObject({ report: { entries: 20, bad: [] }, faults: [] });
});

test('any single tampering of any row of an export is found, and the first row that does not fit is named', async () => {
  await fc.assert(
    fc.asyncProperty(tamperings, async (tampering) => {
      const tampered = apply(tampering);
      if (!tampered) return;
      const { after, stream, first, head } = tampered;
      const { report } = await audit.verifyFile(() => {
        const others = lines.filter((line) => !('dataHash' in JSON.parse(line)));
        const heads = others.map((line) => {
          const parsed = JSON.parse(line);
          return head && parsed.head?.stream === stream ? JSON.stringify({ head: { stream, ...head } }) : line;
        });
        return [heads[0]!, ...after.map((row) => JSON.stringify(row)), ...heads.slice(1)];
      });
      expectNamed(report, stream, first);
    }),
    { seed, numRuns: 150 },
  );
});

test('any single tampering of any row of the live journal is found, and the first row that does not fit is named', async () => {
  await fc.assert(
    fc.asyncProperty(tamperings, async (tampering) => {
      const tampered = apply(tampering);
      if (!tampered) return;
      const { after, stream, first, head } = tampered;
      await write(after);
      if (head)
        await audit.tamper('UPDATE stream_heads SET seq = $2, hash = $3 WHERE stream = $1', [
          stream,
          head.seq,
          head.hash,
        ]);
      const { report } = await audit.verifyLive();
      await write(rows);
      const last = rows.findLast((row) => row.stream === stream)!;
      await audit.tamper('UPDATE stream_heads SET seq = $2, hash = $3 WHERE stream = $1', [
        stream,
        last.seq,
        last.hash,
      ]);
      expectNamed(report, stream, first);
    }),
    { seed, numRuns: 60 },
  );
  expect((await audit.verifyLive()).report.bad).toEqual([]);
}, 60_000);

/** Makes the journal's table hold exactly these rows. */
const write = async (wanted: JournalRow[]): Promise<void> => {
  await audit.tamper('DELETE FROM journal');
  const names = ['stream', 'seq', ...columns.map((column) => inDatabase[column])].join(', ');
  await audit.tamper(
    `INSERT INTO journal (${names}) SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[],
       $6::integer[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])`,
    (['stream', 'seq', ...columns] as const).map((column) => wanted.map((row) => row[column])),
  );
};

test('an export cut off after any line is found', async () => {
  for (let end = 1; end < lines.length; end += 1)
    expect((await audit.verifyFile((all) => all.slice(0, end))).faults).toContain(
      'the file has no end: it was cut short',
    );
});

test('any character of an export that becomes another one is found', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(1_000_000), fc.constantFrom('0', 'x', '"', '}'), async (pick, other) => {
      const text = lines.join('\n');
      const at = pick % text.length;
      // The time of the export and the end's own digest say nothing of the journal.
      if (text[at] === other || text[at] === '\n') return;
      const { report, faults, checkpoints } = await audit.verifyFile(() =>
        (text.slice(0, at) + other + text.slice(at + 1)).split('\n'),
      );
      expect([...report.bad, ...faults, ...checkpoints.faults].length).toBeGreaterThan(0);
    }),
    { seed, numRuns: 150 },
  );
});

test('history that was written anew, with every hash right, does not fit a checkpoint that saw it before', () => {
  const key = openSigningKey(undefined, audit.folder);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(11), (length, pick) => {
      const events = Array.from({ length }, (_, n) => ({ type: 'said', version: 1, actor: 'pip', data: { n } }));
      const first = chainOn('run:x', noHead, events, '2026-03-01T12:00:00.000Z');
      const again = chainOn('run:x', noHead, events, '2026-03-01T12:00:00.000Z');
      const seen = first[pick % length]!;
      const digest = createHeadsDigest();
      const head = { stream: 'run:x', seq: seen.seq, hash: seen.hash };
      digest.move(head);
      const checkpoint = signCheckpoint(
        {
          number: 1,
          time: 'then',
          previous: noHead.hash,
          heads: [head],
          streams: 1,
          entries: seen.seq,
          digest: digest.text(),
        },
        key,
      );
      const judge = (all: JournalRow[]) => {
        const check = createAuditCheck(checkCheckpoints([checkpoint], readVerifyingKeys(key.publicPem)));
        for (const row of all) check.row(row);
        check.head({ stream: 'run:x', seq: length, hash: all.at(-1)!.hash });
        return check.end().bad;
      };
      expect(judge(first)).toEqual([]);
      expect(judge(again)).toEqual([{ stream: 'run:x', seq: seen.seq, why: 'checkpoint 1 has seen another row here' }]);
    }),
    { seed },
  );
});
