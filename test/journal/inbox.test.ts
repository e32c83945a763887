import { afterAll, beforeAll, expect, test } from 'vitest';
import { createInbox, type Received } from '../../src/journal/inbox.ts';
import { createJournal } from '../../src/journal/journal.ts';
import { verifyJournal } from '../../src/journal/verify.ts';
import { type JournalDatabase, openJournalDatabase } from '../support/journal-database.ts';

let database: JournalDatabase;
beforeAll(async () => {
  database = await openJournalDatabase();
});
afterAll(() => database.close());

const item = (key: string, body = '{}'): Received => ({
  key,
  kind: 'command',
  body,
  actor: 'slack:U0PIP0001',
  summary: { key },
});

test('a thousand receipts at once, over two processes, make one chain', async () => {
  const inboxes = [database.database, await database.openAnother()].map(({ pool }) =>
    createInbox(pool, () => new Date()),
  );
  const results = await Promise.all(Array.from({ length: 1000 }, (_, n) => inboxes[n % 2]!.receive(item(`many-${n}`))));
  expect(new Set(results)).toEqual(new Set(['new']));
  const stored = await createJournal(database.database.pool, () => new Date()).read('system');
  expect(stored).toHaveLength(1000);
  expect(new Set(stored.map(({ data }) => data.key)).size).toBe(1000);
  expect(await verifyJournal(database.superuser)).toEqual({ entries: 1000, streams: 1 });
}, 60_000);

test('what comes four times, at once and to two processes, is new exactly once', async () => {
  const inboxes = [database.database, await database.openAnother()].map(({ pool }) =>
    createInbox(pool, () => new Date()),
  );
  const keys = Array.from({ length: 200 }, (_, n) => `twice-${n}`);
  const results = await Promise.all(
    [0, 1, 2, 3].flatMap((copy) =>
      keys.map(async (key) => ({ key, result: await inboxes[copy % 2]!.receive(item(key)) })),
    ),
  );
  for (const key of keys) expect(results.filter((each) => each.key === key && each.result === 'new')).toHaveLength(1);
  expect(await inboxes[0]!.receive(item('twice-0'))).toBe('seen');
}, 60_000);

test('what comes four times in one breath is new exactly once', async () => {
  const inbox = createInbox(database.database.pool, () => new Date());
  const keys = Array.from({ length: 50 }, (_, n) => `breath-${n}`);
  const results = await Promise.all(keys.flatMap((key) => [0, 1, 2, 3].map(() => inbox.receive(item(key)))));
  expect(results.filter((result) => result === 'new')).toHaveLength(50);
});

test('what was never handled is found again, what was handled is not', async () => {
  const inbox = createInbox(database.database.pool, () => new Date());
  await database.superuser.query('UPDATE inbox SET handled_at = now()');
  await inbox.receive(item('left', '{"text":"odd \\u0000 \ud83d 🍎"}'));
  await inbox.receive(item('done'));
  await inbox.handled('done');
  expect(await inbox.unhandled(60)).toEqual([]);
  expect(await inbox.unhandled(0)).toEqual([
    { key: 'left', kind: 'command', body: '{"text":"odd \\u0000 \ufffd 🍎"}' },
  ]);
});

test('one receipt that no database takes does not take the others along', async () => {
  const inbox = createInbox(database.database.pool, () => new Date());
  const results = await Promise.allSettled([
    inbox.receive(item('good-1')),
    inbox.receive(item('bad \u0000 key')),
    inbox.receive({ ...item('good-2'), actor: 'slack:\u0000' }),
    inbox.receive(item('good-3', 'a body with \u0000')),
  ]);
  expect(results).toEqual(Array(4).fill({ status: 'fulfilled', value: 'new' }));
  expect(await verifyJournal(database.superuser)).not.toHaveProperty('firstBad');
});
