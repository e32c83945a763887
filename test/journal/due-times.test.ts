import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDueTimes } from '../../src/journal/due-times.ts';
import { createJournal, noHead } from '../../src/journal/journal.ts';
import { type JournalDatabase, openJournalDatabase } from '../support/journal-database.ts';

let database: JournalDatabase;
beforeAll(async () => {
  database = await openJournalDatabase();
});
afterAll(() => database.close());

test('a look time is not written over by a worker that does not know of the append which stored it', async () => {
  const journal = createJournal(database.database.pool, () => new Date());
  const dueAt = createDueTimes(database.database.pool);
  const row = (look: string | null) => ({
    id: 'r-due',
    incident: 'i-due',
    plan: 'orchard',
    flow: 'failover',
    scope: 'crates',
    status: 'running',
    outcome: null,
    requester: 'U0PIP0001',
    created_at: '2026-03-01T12:00:00.000Z',
    finished_at: null,
    look_recover_at: look,
    look_tell_at: null,
    look_look_at: null,
  });
  const stored = async () => (await database.superuser.query(`SELECT look_recover_at AS at FROM runs`)).rows[0].at;
  const events = [{ type: 'said', version: 1, actor: 'pip', data: {} }];
  const first = await journal.append([{ stream: 'run:r-due', expected: noHead, events }], { runs: [row(null)] });
  const seen = first['run:r-due']!;
  await dueAt('r-due', 'recover', new Date('2026-03-01T13:00:00Z'), seen.seq);
  expect(await stored()).toEqual(new Date('2026-03-01T13:00:00Z'));
  // Somebody approves, and the row says that there is work to do now.
  await journal.append([{ stream: 'run:r-due', expected: seen, events }], { runs: [row('2026-03-01T12:00:01.000Z')] });
  await dueAt('r-due', 'recover', null, seen.seq);
  expect(await stored()).toEqual(new Date('2026-03-01T12:00:01Z'));
});
