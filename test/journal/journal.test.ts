import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NewEvent } from '../../src/journal/chain.ts';
import { createJournal, type Journal, noHead } from '../../src/journal/journal.ts';
import { createLeases } from '../../src/journal/leases.ts';
import { verifyJournal } from '../../src/journal/verify.ts';
import { type JournalDatabase, openJournalDatabase } from '../support/journal-database.ts';

let database: JournalDatabase;
let journal: Journal;
beforeAll(async () => {
  database = await openJournalDatabase();
  journal = createJournal(database.database.pool, () => new Date());
});
afterAll(() => database.close());

const said = (data: object): NewEvent => ({ type: 'said', version: 1, actor: 'pip', data });
const run = (id: string, title = 'crates') => ({
  id,
  incident: 'i-1',
  plan: 'orchard',
  flow: 'failover',
  scope: title,
  status: 'running',
  outcome: null,
  requester: 'U0PIP0001',
  created_at: '2026-03-01T12:00:00.000Z',
  finished_at: null,
  look_recover_at: null,
  look_tell_at: null,
  look_look_at: null,
});

test('each stream is a chain of its own, from the genesis hash on', async () => {
  const first = await journal.append([
    { stream: 'chain:a', expected: noHead, events: [said({ n: 1 }), said({ n: 2 })] },
    { stream: 'chain:b', expected: noHead, events: [said({ n: 1 })] },
  ]);
  await journal.append([{ stream: 'chain:a', expected: first['chain:a']!, events: [said({ n: 3 })] }]);
  const { rows } = await database.superuser.query(
    `SELECT stream, seq, previous_hash, hash FROM journal WHERE stream LIKE 'chain:%' ORDER BY stream, seq`,
  );
  const [a1, a2, a3, b1] = rows;
  expect(rows.map(({ stream, seq }) => [stream, Number(seq)])).toEqual([
    ['chain:a', 1],
    ['chain:a', 2],
    ['chain:a', 3],
    ['chain:b', 1],
  ]);
  expect([a1.previous_hash, a2.previous_hash, a3.previous_hash, b1.previous_hash]).toEqual([
    noHead.hash,
    a1.hash,
    a2.hash,
    noHead.hash,
  ]);
  expect(await journal.head('chain:a')).toEqual({ seq: 3, hash: a3.hash });
});

test('an append that does not know the newest row is refused and leaves nothing behind', async () => {
  const heads = await journal.append([{ stream: 'conflict', expected: noHead, events: [said({})] }]);
  await journal.append([{ stream: 'conflict', expected: heads['conflict']!, events: [said({ winner: true })] }]);
  for (const expected of [noHead, heads['conflict']!, { seq: 7, hash: 'f'.repeat(64) }])
    await expect(
      journal.append([{ stream: 'conflict', expected, events: [said({ loser: true })] }]),
    ).rejects.toMatchObject({ code: 'journal/conflict', retryable: true });
  expect((await journal.read('conflict')).map(({ data }) => data)).toEqual([{}, { winner: true }]);
});

test('appends that share a transaction are judged each by itself: a refused one takes none of its neighbours along', async () => {
  const leases = createLeases(database.database);
  const lost = (await leases.take('r-neighbour', 'recover'))!;
  await leases.release(lost);
  const taken = await journal.append([{ stream: 'side:taken', expected: noHead, events: [said({})] }]);
  const results = await Promise.allSettled(
    Array.from({ length: 40 }, (_, n) => {
      const stream = `side:${n}`;
      const appends = [{ stream, expected: noHead, events: [said({ n })] }];
      if (n % 4 === 1) return journal.append(appends, { fence: lost, runs: [run(`r-side-${n}`)] });
      if (n % 4 === 2)
        return journal.append([...appends, { stream: 'side:taken', expected: noHead, events: [said({ n })] }]);
      if (n % 4 === 3) return journal.append(appends, { claim: { runId: `r-side-${n}`, resources: ['side'] } });
      return journal.append(appends, { runs: [run(`r-side-${n}`)], releaseClaimsOf: `r-side-${n}` });
    }),
  );
  const told = results.map((result) => (result.status === 'fulfilled' ? 'written' : result.reason.code));
  expect(told.filter((_, n) => n % 4 === 0)).toEqual(Array(10).fill('written'));
  expect(told.filter((_, n) => n % 4 === 1)).toEqual(Array(10).fill('lease/lost'));
  expect(told.filter((_, n) => n % 4 === 2)).toEqual(Array(10).fill('journal/conflict'));
  expect(told.filter((_, n) => n % 4 === 3).sort()).toEqual([...Array(9).fill('claim/held'), 'written']);
  for (const [n, word] of told.entries())
    expect((await journal.read(`side:${n}`)).map(({ data }) => data)).toEqual(word === 'written' ? [{ n }] : []);
  const { rows } = await database.superuser.query(`SELECT count(*) FROM runs WHERE id LIKE 'r-side-%'`);
  expect(Number(rows[0].count)).toBe(10);
  expect(await journal.head('side:taken')).toEqual(taken['side:taken']);
  await database.superuser.query(`DELETE FROM claims WHERE resource = 'side'`);
  expect(await verifyJournal(database.superuser)).not.toHaveProperty('firstBad');
});

test('an append that the database cannot take is refused alone, with those beside it written', async () => {
  const results = await Promise.allSettled(
    Array.from({ length: 5 }, (_, n) =>
      journal.append([{ stream: `odd:${n}`, expected: noHead, events: [said({ n })] }], {
        runs: [{ ...run(`r-odd-${n}`), created_at: n === 2 ? 'no time at all' : '2026-03-01T12:00:00Z' }],
      }),
    ),
  );
  expect(results.map(({ status }) => status)).toEqual(
    Array.from({ length: 5 }, (_, n) => (n === 2 ? 'rejected' : 'fulfilled')),
  );
});

test('several streams are appended to together or not at all', async () => {
  await journal.append([{ stream: 'all:b', expected: noHead, events: [said({})] }]);
  await expect(
    journal.append([
      { stream: 'all:a', expected: noHead, events: [said({})] },
      { stream: 'all:b', expected: noHead, events: [said({})] },
    ]),
  ).rejects.toMatchObject({ code: 'journal/conflict' });
  expect(await journal.read('all:a')).toEqual([]);
  expect(await journal.head('all:a')).toEqual(noHead);
});

test('of many appends to one stream at once exactly one wins', async () => {
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) => journal.append([{ stream: 'race', expected: noHead, events: [said({ n })] }])),
  );
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await journal.read('race')).toHaveLength(1);
});

test('appends over the same streams in opposite order never wait for each other in a circle', async () => {
  const turn = async (streams: string[]) => {
    for (;;)
      try {
        const expected = await Promise.all(streams.map((stream) => journal.head(stream)));
        return await journal.append(
          streams.map((stream, i) => ({ stream, expected: expected[i]!, events: [said({})] })),
        );
      } catch (error) {
        expect(error).toMatchObject({ code: 'journal/conflict' });
      }
  };
  await Promise.all(
    Array.from({ length: 40 }, (_, n) =>
      turn(n % 2 === 0 ? ['order:a', 'order:b', 'order:c'] : ['order:c', 'order:b', 'order:a']),
    ),
  );
  expect((await journal.head('order:b')).seq).toBe(40);
  const { rows } = await database.superuser.query(
    'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
  );
  expect(Number(rows[0].deadlocks)).toBe(0);
}, 60_000);

test('a worker whose lease was taken over cannot append any more', async () => {
  const ours = createLeases(database.database);
  const theirs = createLeases(await database.openAnother());
  const lease = (await ours.take('r-fence', 'recover'))!;
  const heads = await journal.append([{ stream: 'run:r-fence', expected: noHead, events: [said({})] }], {
    fence: lease,
  });
  await ours.release(lease);
  const next = (await theirs.take('r-fence', 'recover'))!;
  expect(next.epoch).toBeGreaterThan(lease.epoch);
  const append = { stream: 'run:r-fence', expected: heads['run:r-fence']!, events: [said({})] };
  await expect(journal.append([append], { fence: lease })).rejects.toMatchObject({ code: 'lease/lost' });
  await journal.append([append], { fence: next });
  expect(await journal.read('run:r-fence')).toHaveLength(2);
});

test('a worker whose lease has run out cannot append, even when nobody has taken it over', async () => {
  const leases = createLeases(database.database);
  const lease = (await leases.take('r-late', 'recover'))!;
  await database.superuser.query(`UPDATE leases SET expires_at = clock_timestamp() WHERE run_id = 'r-late'`);
  await expect(
    journal.append([{ stream: 'run:r-late', expected: noHead, events: [said({})] }], { fence: lease }),
  ).rejects.toMatchObject({ code: 'lease/lost' });
});

test('an overlapping claim is refused with the name of its holder, and nothing of it is kept', async () => {
  const start = (id: string, resources: string[]) =>
    journal.append([{ stream: `run:${id}`, expected: noHead, events: [said({})] }], {
      claim: { runId: id, resources },
    });
  await start('r-claim1', ['rds:north:crates-a', 'component:orchard/crates']);
  const refused = start('r-claim2', ['barn', 'component:orchard/crates', 'gate']);
  await expect(refused).rejects.toMatchObject({
    code: 'claim/held',
    message: 'component:orchard/crates is held by r-claim1.',
    cause: { resource: 'component:orchard/crates', holder: 'r-claim1' },
  });
  expect(await journal.read('run:r-claim2')).toEqual([]);
  const { rows } = await database.superuser.query('SELECT resource FROM claims ORDER BY resource');
  expect(rows.map(({ resource }) => resource)).toEqual(['component:orchard/crates', 'rds:north:crates-a']);

  await journal.append([{ stream: 'run:r-claim1', expected: await journal.head('run:r-claim1'), events: [said({})] }], {
    releaseClaimsOf: 'r-claim1',
  });
  await start('r-claim2', ['barn', 'component:orchard/crates', 'gate']);
});

test('of many overlapping claims at once one wins, and each loser is told who', async () => {
  for (let round = 0; round < 5; round += 1) {
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) => {
        const runId = `r-many-${round}-${n}`;
        const resources = [`shared-${round}`, `own-${round}-${n}`, ...(n % 2 ? [`also-${round}`] : [])];
        return journal.append([{ stream: `run:${runId}`, expected: noHead, events: [said({})] }], {
          claim: { runId, resources },
        });
      }),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason.message).toMatch(/ is held by r-many-/);
  }
});

test('a claim that is given back while another asks for it is taken or refused with a name, never with nobody', async () => {
  for (let round = 0; round < 30; round += 1) {
    const held = `r-give-${round}`;
    const heads = await journal.append([{ stream: `run:${held}`, expected: noHead, events: [said({})] }], {
      claim: { runId: held, resources: ['tool'] },
    });
    const asks = Array.from({ length: 3 }, (_, n) =>
      journal.append([{ stream: `run:ask-${round}-${n}`, expected: noHead, events: [said({})] }], {
        claim: { runId: `ask-${round}-${n}`, resources: ['tool'] },
      }),
    );
    const [, ...results] = await Promise.allSettled([
      journal.append([{ stream: `run:${held}`, expected: heads[`run:${held}`]!, events: [said({})] }], {
        releaseClaimsOf: held,
      }),
      ...asks,
    ]);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason.message).toMatch(/held by (r-give|ask)-/);
    await database.superuser.query('DELETE FROM claims');
  }
});

test('the application may neither change nor remove what is in the journal', async () => {
  await journal.append([{ stream: 'stays', expected: noHead, events: [said({})] }]);
  for (const sql of [
    `UPDATE journal SET actor = 'mallory'`,
    `DELETE FROM journal WHERE stream = 'stays'`,
    'TRUNCATE journal',
    'ALTER TABLE journal DISABLE TRIGGER ALL',
    'DROP TABLE journal',
  ])
    await expect(database.database.pool.query(sql)).rejects.toMatchObject({ code: '42501' });
});

test('triggers refuse the same to the owner of the tables', async () => {
  for (const sql of [
    `UPDATE journal SET actor = 'mallory' WHERE stream = 'stays'`,
    `DELETE FROM journal WHERE stream = 'stays'`,
    'TRUNCATE journal',
  ])
    await expect(database.superuser.query(sql)).rejects.toMatchObject({ code: 'MD010', message: /append-only/ });
});

test('odd text survives byte for byte where Unicode allows it, in the journal and beside it', async () => {
  const text = 'NUL \u0000 end, lone \ud83d and \ude00, 🍎, \u2028, \u202e, "quoted" \\ and \r\n';
  await journal.append([{ stream: 'odd \u{1f34e}', expected: noHead, events: [said({ text, [text]: [text] })] }], {
    runs: [run('r-odd', text)],
    incidents: [
      {
        id: 'i-odd',
        plan: null,
        title: text,
        severity: 'P1',
        status: 'open',
        commander: null,
        facts: { text },
        declared_at: '2026-03-01T12:00:00Z',
        resolved_at: null,
      },
    ],
  });
  const [stored] = await journal.read('odd \u{1f34e}');
  const wellFormed = text.toWellFormed();
  expect(stored!.data).toEqual({ text: wellFormed, [wellFormed]: [wellFormed] });
  const { rows } = await database.superuser.query(`SELECT title FROM incidents WHERE id = 'i-odd'`);
  expect(rows[0].title).toBe(wellFormed.replaceAll('\u0000', '\ufffd'));
  expect(await verifyJournal(database.superuser)).not.toHaveProperty('firstBad');
});

test('a secret that reaches an append is redacted before it is hashed', async () => {
  const token = ['xoxb', '1234567890', 'abcdef'].join('-');
  await journal.append([{ stream: 'secret', expected: noHead, events: [said({ at: { text: `take ${token}` } })] }]);
  const { rows } = await database.superuser.query(`SELECT data FROM journal WHERE stream = 'secret'`);
  expect(rows[0].data).toBe('{"at":{"text":"take [redacted: Slack token]"}}');
  expect(await verifyJournal(database.superuser)).not.toHaveProperty('firstBad');
});

test('an actor with characters that no database takes does not stop the append', async () => {
  await journal.append([{ stream: 'actor', expected: noHead, events: [{ ...said({}), actor: 'pip\u0000\ud83d' }] }]);
  expect((await journal.read('actor'))[0]!.actor).toBe('pip\ufffd\ufffd');
  expect(await verifyJournal(database.superuser)).not.toHaveProperty('firstBad');
});

test('a journal that cannot be reached says so, and that the fate of the rows is unknown', async () => {
  const another = await database.openAnother();
  await another.pool.end();
  const closed = createJournal(another.pool, () => new Date());
  await expect(closed.append([{ stream: 'x', expected: noHead, events: [said({})] }])).rejects.toMatchObject({
    code: 'journal/unavailable',
    effect: 'maybe-made',
  });
  await expect(closed.read('x')).rejects.toMatchObject({ code: 'journal/unavailable' });
  await sleep(0);
});
