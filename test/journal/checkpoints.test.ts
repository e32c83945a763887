import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Checkpoint, checkpointText } from '../../src/journal/checkpoint.ts';
import { createCheckpoints } from '../../src/journal/checkpoints.ts';
import { openSigningKey } from '../../src/journal/signing-key.ts';
import { type CheckpointedJournal, openCheckpointedJournal } from '../support/checkpointed-journal.ts';

let audit: CheckpointedJournal;
beforeEach(async () => {
  audit = await openCheckpointedJournal();
  await audit.say('run:a', 3);
  await audit.say('run:b', 2);
  await audit.checkpoint();
  await audit.say('run:b', 2);
  await audit.checkpoint();
  await audit.say('run:c', 1);
  await audit.checkpoint();
});
afterEach(() => audit.close());

const file = (number: number) => join(audit.folder, `checkpoint-00000000${number}.json`);
const read = (number: number) => JSON.parse(readFileSync(file(number), 'utf8')) as Checkpoint;
const quiet = { info() {}, warn() {}, error() {} };

test('a checkpoint names the heads that moved, is signed, and points to the one before it', async () => {
  expect(read(1).content).toMatchObject({ number: 1, streams: 2, entries: 5, key: audit.key.id });
  expect(read(2).content.heads.map(({ stream, seq }) => [stream, seq])).toEqual([['run:b', 4]]);
  const { report, checkpoints } = await audit.verifyLive();
  expect(report).toMatchObject({ entries: 8, bad: [], uncovered: 0 });
  expect(checkpoints).toMatchObject({ count: 3, faults: [] });
});

test('without anything appended none is made, and entries since the last one are counted', async () => {
  expect(await audit.checkpoint()).toBe(false);
  await audit.say('run:a', 2);
  expect((await audit.verifyLive()).report.uncovered).toBe(2);
});

test('one is made when enough was appended, before its time', async () => {
  const { pool } = audit.database;
  const options = { pool, key: audit.key, places: [], wallNow: () => new Date(), log: quiet };
  await audit.say('run:a', 4);
  expect(await createCheckpoints({ ...options, everyEntries: 5 }).turn()).toBe(false);
  await audit.say('run:a', 1);
  expect(await createCheckpoints({ ...options, everyEntries: 5 }).turn()).toBe(true);
});

test('one is made a minute after the last when anything was appended', async () => {
  const { pool } = audit.database;
  const turn = () =>
    createCheckpoints({
      pool,
      key: audit.key,
      places: [],
      everyEntries: 1000,
      wallNow: () => new Date(),
      log: quiet,
    }).turn();
  await audit.say('run:a', 1);
  expect(await turn()).toBe(false);
  await audit.tamper(`UPDATE checkpoints SET made_at = made_at - interval '61 seconds'`);
  expect(await turn()).toBe(true);
});

test('of many processes at once one makes it', async () => {
  await audit.say('run:a', 1);
  const made = await Promise.all(Array.from({ length: 6 }, () => audit.checkpoint()));
  expect(made.filter(Boolean)).toHaveLength(1);
  expect((await audit.verifyLive()).checkpoints).toMatchObject({ count: 4, faults: [] });
});

test('a tail cut off together with its head is found by the last checkpoint, live and in an export', async () => {
  await audit.tamper(`DELETE FROM journal WHERE stream = 'run:b' AND seq > 3;
    UPDATE stream_heads SET seq = 3, hash = (SELECT hash FROM journal WHERE stream = 'run:b' AND seq = 3) WHERE stream = 'run:b'`);
  const named = [{ stream: 'run:b', seq: 4, why: expect.stringMatching(/checkpoint 2 .*has seen 4 rows.*cut off/) }];
  expect((await audit.verifyLive()).report.bad).toEqual(named);
  expect((await audit.verifyFile()).report.bad).toEqual(named);
});

test('a whole stream that is gone with its head is found', async () => {
  await audit.tamper(`DELETE FROM journal WHERE stream = 'run:a'; DELETE FROM stream_heads WHERE stream = 'run:a'`);
  expect((await audit.verifyLive()).report.bad).toMatchObject([{ stream: 'run:a', seq: 1 }]);
  expect((await audit.verifyFile()).report.bad).toMatchObject([{ stream: 'run:a', seq: 1 }]);
});

test('a cut tail whose checkpoints were taken out of the database too is found by the second place', async () => {
  await audit.tamper(`DELETE FROM journal WHERE stream = 'run:c'; DELETE FROM stream_heads WHERE stream = 'run:c';
    DELETE FROM checkpoints WHERE number = 3`);
  expect((await audit.verifyLive()).report.bad).toMatchObject([{ stream: 'run:c', seq: 1 }]);
  expect((await audit.verifyFile(undefined, true)).report.bad).toMatchObject([{ stream: 'run:c', seq: 1 }]);
  // What nothing outside has seen cannot be told; it is why the second place is one.
  expect((await audit.verifyFile()).report.bad).toEqual([]);
});

test('a removed checkpoint leaves a gap that is named', async () => {
  await audit.tamper('DELETE FROM checkpoints WHERE number = 2');
  rmSync(file(2));
  expect((await audit.verifyLive()).checkpoints.faults).toContainEqual({ checkpoint: 2, why: 'it is missing' });
  expect((await audit.verifyFile()).checkpoints.faults).toContainEqual({ checkpoint: 2, why: 'it is missing' });
});

test('a checkpoint of another key, and one that was edited, are forged and vouch for nothing', async () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const forger = openSigningKey(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, '/nowhere');
  const content = { ...read(3).content, number: 4, key: forger.id };
  writeFileSync(file(4), checkpointText({ content, signature: forger.sign('anything') }));
  const edited = read(2);
  edited.content.entries = 1;
  writeFileSync(file(2), checkpointText(edited));
  writeFileSync(file(1), 'not even JSON');
  const { checkpoints, report } = await audit.verifyLive();
  expect(checkpoints.faults).toEqual([
    { checkpoint: 1, why: 'it is no checkpoint' },
    { checkpoint: 2, why: 'its signature does not fit its content' },
    { checkpoint: 4, why: expect.stringContaining('another key') },
  ]);
  expect(report.bad).toEqual([]);
});

test('heads that a checkpoint leaves out do not fit its digest', async () => {
  await audit.say('run:a', 1);
  await audit.tamper(
    `UPDATE checkpoint_heads SET (seq, hash) = (SELECT seq, hash FROM stream_heads WHERE stream = 'run:a') WHERE stream = 'run:a'`,
  );
  await audit.checkpoint();
  expect((await audit.verifyLive()).checkpoints.faults).toMatchObject([
    { checkpoint: 4, why: expect.stringContaining('digest') },
  ]);
});

test('a place that is down delays nothing, is said, and gets everything later', async () => {
  let isDown = true;
  const kept: number[] = [];
  const place = {
    name: 's3://audit/prefix',
    async write({ content }: Checkpoint) {
      if (isDown) throw new Error('503 Slow Down');
      kept.push(content.number);
    },
  };
  const checkpoints = createCheckpoints({
    pool: audit.database.pool,
    key: audit.key,
    places: [place, ...audit.places],
    everyEntries: 1,
    wallNow: () => new Date(),
    log: quiet,
  });
  await audit.say('run:a', 1);
  expect(await checkpoints.turn()).toBe(true);
  expect(readdirSync(audit.folder)).toHaveLength(4);
  expect(await checkpoints.health()).toMatchObject({
    last: 4,
    behind: [{ place: 's3://audit/prefix', missing: 4, because: '503 Slow Down' }],
  });
  isDown = false;
  await checkpoints.turn();
  expect(kept).toEqual([1, 2, 3, 4]);
  expect((await checkpoints.health()).behind).toEqual([]);
});

test('a file that stands there with other words is left as it is, and said', async () => {
  writeFileSync(file(4), 'mine');
  await audit.say('run:a', 1);
  const checkpoints = createCheckpoints({
    pool: audit.database.pool,
    key: audit.key,
    places: audit.places,
    everyEntries: 1,
    wallNow: () => new Date(),
    log: quiet,
  });
  await checkpoints.turn();
  expect((await checkpoints.health()).behind).toMatchObject([
    { because: expect.stringContaining('says something else') },
  ]);
  expect(readFileSync(file(4), 'utf8')).toBe('mine');
});

test('the key is made once, for its owner alone, and a key that is none is refused without being shown', () => {
  const folder = dirname(audit.folder);
  expect(statSync(join(folder, 'checkpoint-key.pem')).mode & 0o777).toBe(0o600);
  const again = openSigningKey(undefined, folder);
  expect(again).toMatchObject({ id: audit.key.id, isNew: false });
  const broken = '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIHidden\n-----END PRIVATE KEY-----';
  expect(() => openSigningKey(broken, folder)).toThrow(/The signing key cannot be read/);
  expect(() => openSigningKey(broken, folder)).not.toThrow(/Hidden/);
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  expect(() => openSigningKey(rsa.export({ type: 'pkcs8', format: 'pem' }) as string, folder)).toThrow(/no Ed25519/);
});

test('the application may neither change nor remove a checkpoint', async () => {
  for (const sql of ['DELETE FROM checkpoints', `UPDATE checkpoints SET signature = ''`, 'TRUNCATE checkpoints']) {
    await expect(audit.database.pool.query(sql)).rejects.toMatchObject({ code: '42501' });
    await expect(audit.superuser.query(sql)).rejects.toMatchObject({ code: 'MD010' });
  }
});
