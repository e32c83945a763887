import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { whyBad } from '../../src/journal/audit-check.ts';
import { createCheckpointFolder } from '../../src/journal/checkpoint-folder.ts';
import { createCheckpoints } from '../../src/journal/checkpoints.ts';
import { createJournal, noHead } from '../../src/journal/journal.ts';
import { openSigningKey } from '../../src/journal/signing-key.ts';
import { type JournalDatabase, openJournalDatabase } from '../support/journal-database.ts';
import { mayday } from '../support/mayday-command.ts';

let journal: JournalDatabase;
let folder: string;
beforeAll(async () => {
  journal = await openJournalDatabase();
  folder = mkdtempSync(join(tmpdir(), 'mayday-cli-'));
  const events = ['one', 'two', 'three'].map((word) => ({ type: 'note', version: 1, actor: 'test', data: { word } }));
  await createJournal(journal.database.pool, () => new Date()).append([
    { stream: 'system', expected: noHead, events },
    { stream: 'run:r-sample', expected: noHead, events },
  ]);
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await journal.close();
});

const here = (...args: string[]) => mayday(args, { DATABASE_URL: journal.url, MAYDAY_DATA: folder });

test('a whole journal verifies', async () => {
  const { code, stdout } = await here('audit', 'verify', '--json');
  expect(JSON.parse(stdout)).toEqual({
    entries: 6,
    streams: 2,
    verified: true,
    erased: 0,
    checkpoints: { count: 0, last: null, uncovered: 6 },
  });
  expect(code).toBe(0);
});

test('an export holds every row, and each can be checked without us', async () => {
  const out = join(folder, 'audit.jsonl');
  expect((await here('audit', 'export', '--out', out)).code).toBe(0);
  const lines = readFileSync(out, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines[0]).toMatchObject({ format: 'mayday-audit-1' });
  expect(lines.at(-1)).toMatchObject({ end: { rows: 6, streams: 2, checkpoints: 0 } });
  const rows = lines.filter((line) => 'dataHash' in line);
  expect(rows).toHaveLength(6);
  for (const [i, row] of rows.entries())
    expect(whyBad(row, rows[i - 1]?.stream === row.stream ? rows[i - 1] : undefined)).toBeUndefined();
  const printed = (await here('audit', 'export')).stdout.split('\n');
  expect(printed.slice(1, 7)).toEqual(readFileSync(out, 'utf8').split('\n').slice(1, 7));
});

test('a file is verified with the public key alone: no database, no settings, and a tampered one is named', async () => {
  const key = openSigningKey(undefined, folder);
  const places = [createCheckpointFolder(join(folder, 'second'))];
  const { pool } = journal.database;
  const log = { info() {}, warn() {}, error() {} };
  await createCheckpoints({ pool, key, places, everyEntries: 1, wallNow: () => new Date(), log }).turn();
  const [out, elsewhere] = [join(folder, 'signed.jsonl'), join(folder, 'elsewhere')];
  await here('audit', 'export', '--out', out);
  const offline = (file: string, ...more: string[]) =>
    mayday(['audit', 'verify', file, '--key', key.publicFile!, ...more], { MAYDAY_DATA: elsewhere });
  const good = await offline(out);
  expect(good.stdout).toContain('Verified: 6 entries in 2 streams');
  expect(good.stdout).toContain(`1 checkpoints, the last one number 1`);
  expect(good.code).toBe(0);

  const text = readFileSync(out, 'utf8');
  const bad = join(folder, 'bad.jsonl');
  writeFileSync(bad, text.replace('\\"word\\":\\"two\\"', '\\"word\\":\\"TWO\\"'));
  const named = await offline(bad);
  expect(named.stdout).toContain('BROKEN: row 2 of run:r-sample: its data was changed.');
  expect(named.code).toBe(1);
  writeFileSync(bad, text.slice(0, text.length / 2));
  expect(JSON.parse((await offline(bad, '--json')).stdout)).toMatchObject({
    verified: false,
    faults: expect.arrayContaining(['the file has no end: it was cut short']),
  });
  const unkeyed = await mayday(['audit', 'verify', out], {});
  expect(unkeyed.stderr).toContain('with the public key');
  expect(unkeyed.code).toBe(1);
  expect(existsSync(elsewhere)).toBe(false);
});

test('entries are found, and a word that is too short to stand for a person erases nothing', async () => {
  expect((await here('audit', 'search', '--what', 'three', '--run', 'r-sample')).stdout).toContain('[run:r-sample 3]');
  expect((await here('audit', 'search', '--since', 'yesterday')).stderr).toContain('--since yesterday cannot be used');
  const refused = await here('audit', 'erase', '--person', 'two', '--reason', 'x', '--yes');
  expect(refused.stderr).toContain('Nothing was erased');
  expect(refused.code).toBe(1);
});

test('a command ends as soon as its work does', async () => {
  const start = performance.now();
  expect((await here('run', 'list')).stdout).toBe('There are no runs.\n');
  expect(performance.now() - start).toBeLessThan(8_000);
});

test('a run that there is not is refused with where to look', async () => {
  const { code, stderr } = await here('run', 'show', 'r-nothing1');
  expect(stderr).toContain('There is no run "r-nothing1"');
  expect(code).toBe(1);
});

test('an approval without a signature is refused outside a rehearsal, with what to do', async () => {
  const { code, stderr } = await here('approve', 'r-sample', '--as', 'vp-engineering');
  expect(stderr).toContain('needs a signature');
  expect(stderr).toContain('Nothing was done');
  expect(code).toBe(1);
});

test('a person is erased on record, and the journal still verifies', async () => {
  const { stdout, code } = await here('audit', 'erase', '--person', 'three', '--reason', 'request 17', '--yes');
  expect(stdout).toContain('Erased: the data of 2 entries in 2 streams');
  expect(code).toBe(0);
  const verified = await here('audit', 'verify');
  expect(verified.stdout).toContain('Verified: 7 entries in 2 streams');
  expect(verified.stdout).toContain('2 rows hold no data any more: they were erased.');
});

test('a row that somebody changed is found and named, and the command ends with 1', async () => {
  await journal.tamper(
    `UPDATE journal SET data = replace(data, 'two', 'TWO') WHERE stream = 'run:r-sample' AND seq = 2`,
  );
  const { code, stdout } = await here('audit', 'verify');
  expect(stdout).toContain('row 2 of run:r-sample: its data was changed');
  expect(code).toBe(1);
  const { firstBad, verified } = JSON.parse((await here('audit', 'verify', '--json')).stdout);
  expect({ firstBad, verified }).toMatchObject({ firstBad: { stream: 'run:r-sample', seq: 2 }, verified: false });
});
