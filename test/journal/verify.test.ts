import { afterEach, beforeEach, expect, test } from 'vitest';
import { chainOn, type NewEvent } from '../../src/journal/chain.ts';
import { createJournal, noHead } from '../../src/journal/journal.ts';
import { verifyJournal } from '../../src/journal/verify.ts';
import { type JournalDatabase, openJournalDatabase } from '../support/journal-database.ts';

let database: JournalDatabase;
const event = (n: number): NewEvent => ({ type: 'counted', version: 1, actor: 'pip', data: { n } });

beforeEach(async () => {
  database = await openJournalDatabase();
  const journal = createJournal(database.database.pool, () => new Date());
  for (const stream of ['run:a', 'run:b', 'run:c'])
    await journal.append([{ stream, expected: noHead, events: [1, 2, 3, 4, 5].map(event) }]);
});
afterEach(() => database.close());

const verify = () => verifyJournal(database.superuser);

test('an untouched journal verifies', async () => {
  expect(await verify()).toEqual({ entries: 15, streams: 3 });
});

const tamperings: [string, string, { stream: string; seq: number; why: RegExp }][] = [
  [
    'edited data',
    `UPDATE journal SET data = '{"n":9}' WHERE stream = 'run:b' AND seq = 3`,
    { stream: 'run:b', seq: 3, why: /data was changed/ },
  ],
  [
    'an edited type',
    `UPDATE journal SET type = 'approval.given' WHERE stream = 'run:b' AND seq = 2`,
    { stream: 'run:b', seq: 2, why: /type, time, actor or place/ },
  ],
  [
    'an edited actor',
    `UPDATE journal SET actor = 'mallory' WHERE stream = 'run:a' AND seq = 1`,
    { stream: 'run:a', seq: 1, why: /actor/ },
  ],
  [
    'an edited time',
    `UPDATE journal SET at = '2020-01-01T00:00:00.000Z' WHERE stream = 'run:a' AND seq = 5`,
    { stream: 'run:a', seq: 5, why: /time/ },
  ],
  [
    'a row removed in the middle',
    `DELETE FROM journal WHERE stream = 'run:b' AND seq = 3`,
    { stream: 'run:b', seq: 4, why: /row 3 is missing/ },
  ],
  [
    'the first row removed',
    `DELETE FROM journal WHERE stream = 'run:c' AND seq = 1`,
    { stream: 'run:c', seq: 2, why: /row 1 is missing/ },
  ],
  [
    'two rows swapped',
    `UPDATE journal SET seq = CASE seq WHEN 2 THEN 103 ELSE 102 END WHERE stream = 'run:a' AND seq IN (2, 3);
     UPDATE journal SET seq = seq - 100 WHERE seq > 100`,
    { stream: 'run:a', seq: 2, why: /does not point to the row before/ },
  ],
  [
    'a cut tail',
    `DELETE FROM journal WHERE stream = 'run:c' AND seq > 3`,
    { stream: 'run:c', seq: 4, why: /cut off at the end/ },
  ],
  [
    'a whole stream cut off',
    `DELETE FROM journal WHERE stream = 'run:b'`,
    { stream: 'run:b', seq: 1, why: /cut off at the end/ },
  ],
  [
    'a removed head',
    `DELETE FROM stream_heads WHERE stream = 'run:b'`,
    { stream: 'run:b', seq: 1, why: /rows but no head/ },
  ],
  [
    'a head set back together with its tail',
    `DELETE FROM journal WHERE stream = 'run:b' AND seq > 3; UPDATE stream_heads SET seq = 3 WHERE stream = 'run:b'`,
    { stream: 'run:b', seq: 4, why: /cut off|head/ },
  ],
];

test.each(tamperings)('%s is found, and the first row that does not fit is named', async (_, sql, bad) => {
  await database.tamper(sql);
  expect((await verify()).firstBad).toEqual({ ...bad, why: expect.stringMatching(bad.why) });
});

test('a row written by hand with hashes of its own does not fit the rows after it', async () => {
  const { rows } = await database.superuser.query(`SELECT seq, hash FROM journal WHERE stream = 'run:a' AND seq = 2`);
  const forged = chainOn('run:a', rows[0], [event(33)], new Date().toISOString())[0]!;
  await database.tamper(
    `UPDATE journal SET at = $1, salt = $2, data = $3, data_hash = $4, hash = $5 WHERE stream = 'run:a' AND seq = 3`,
    [forged.at, forged.salt, forged.data, forged.dataHash, forged.hash],
  );
  expect((await verify()).firstBad).toMatchObject({ stream: 'run:a', seq: 4 });
});

test('ten thousand rows and more are verified page by page, and a bad one behind many pages is found', async () => {
  const rows = chainOn(
    'run:long',
    noHead,
    Array.from({ length: 12_000 }, (_, n) => event(n)),
    new Date().toISOString(),
  );
  const column = (key: keyof (typeof rows)[number]) => rows.map((row) => row[key]);
  await database.superuser.query(
    `INSERT INTO journal SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::integer[],
       $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])`,
    (
      ['stream', 'seq', 'at', 'actor', 'type', 'version', 'salt', 'data', 'dataHash', 'previousHash', 'hash'] as const
    ).map(column),
  );
  await database.superuser.query('INSERT INTO stream_heads VALUES ($1, $2, $3)', [
    'run:long',
    12_000,
    rows.at(-1)!.hash,
  ]);
  expect(await verify()).toEqual({ entries: 12_015, streams: 4 });
  await database.tamper(`UPDATE journal SET data = '{}' WHERE stream = 'run:long' AND seq = 11000`);
  expect((await verify()).firstBad).toMatchObject({ stream: 'run:long', seq: 11_000 });
}, 60_000);

test('a journal that is written to meanwhile still verifies', async () => {
  const journal = createJournal(database.database.pool, () => new Date());
  let stop = false;
  const write = async (stream: string) => {
    let head = await journal.head(stream);
    for (let n = 0; !stop; n += 1)
      head = (await journal.append([{ stream, expected: head, events: [event(n)] }]))[stream]!;
  };
  const writers = ['run:a', 'run:b', 'run:new'].map(write);
  try {
    for (let round = 0; round < 40; round += 1) expect(await verify()).not.toHaveProperty('firstBad');
  } finally {
    stop = true;
    await Promise.all(writers);
  }
}, 60_000);
