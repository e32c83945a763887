import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judgeLogin, lookAtLogin } from '../../src/cli/doctor/database.ts';
import { openDatabase } from '../../src/journal/database.ts';
import { erasePerson } from '../../src/journal/erase.ts';
import { createJournal } from '../../src/journal/journal.ts';
import { openQueue } from '../../src/queue/queue.ts';
import { type JournalDatabase, openJournalDatabase } from '../support/journal-database.ts';

let journal: JournalDatabase;
const login = `bot_${randomBytes(6).toString('hex')}`;
const loginUrl = () => {
  const url = new URL(journal.url);
  url.username = login;
  url.password = 'only-here';
  return url.href;
};
beforeAll(async () => {
  journal = await openJournalDatabase();
  const name = new URL(journal.url).pathname.slice(1);
  // The advice of `doctor`, word for word but for the name.
  const { advice } = judgeLogin({ ...allRights, database: name })[0]!;
  const sql = /As the owner: (.*;) then put/.exec(advice!)![1]!;
  await journal.superuser.query(sql.replaceAll('mayday_bot', login).replace('…', 'only-here'));
});
afterAll(async () => {
  await journal.superuser.query(`DROP OWNED BY ${login} CASCADE`);
  await journal.superuser.query(`DROP ROLE ${login}`);
  await journal.close();
});

const allRights = {
  user: 'postgres',
  database: 'mayday',
  isSuperuser: true,
  ownsJournal: true,
  mayChange: [],
  mayWork: true,
};
const begun = { type: 'x.happened', version: 1, actor: 'mayday', data: { who: 'Pip Pear' } };

describe('what the bot works as', () => {
  const changes = ['journal', 'checkpoints'].flatMap((table) => [
    `UPDATE ${table} SET ${table === 'journal' ? `actor = ''` : 'signature = content'}`,
    `DELETE FROM ${table}`,
    `TRUNCATE ${table}`,
    `DROP TABLE ${table}`,
    `ALTER TABLE ${table} DISABLE TRIGGER ALL`,
  ]);

  test.each(changes)('may not %s', async (sql) => {
    const { pool } = journal.database;
    expect((await pool.query('SELECT current_user AS name')).rows[0].name).toBe('mayday_app');
    await expect(pool.query(sql)).rejects.toMatchObject({ code: '42501' });
  });

  test.each(changes)('nor, signed in as a user of its own, %s, even when it leaves its role', async (sql) => {
    const own = await openDatabase(loginUrl(), { poolSize: 1 });
    try {
      await own.pool.query('RESET ROLE');
      await expect(own.pool.query(sql)).rejects.toMatchObject({ code: '42501' });
    } finally {
      await own.close();
    }
  });
});

test('a user that owns nothing appends, queues and works with tables that are up to date, and erases nothing', async () => {
  const own = await openDatabase(loginUrl(), { poolSize: 2 });
  const queue = await openQueue({ databaseUrl: loginUrl() }, { info() {}, warn() {}, error() {} });
  try {
    const written = createJournal(own.pool, () => new Date());
    await written.append([{ stream: 'run:r-1', expected: await written.head('run:r-1'), events: [begun] }]);
    const woken = new Promise((resolve) => void queue.work(['recover'], async (run) => resolve(run)));
    queue.wake('r-1', 'recover', 'failover');
    expect(await woken).toBe('r-1');
    const erasure = { words: ['Pip Pear'], reason: 'asked', by: 'ann', at: new Date() };
    await expect(erasePerson(loginUrl(), erasure)).rejects.toMatchObject({
      code: 'config/invalid',
      message: expect.stringContaining('DATABASE_OWNER_URL'),
    });
    expect(await erasePerson(journal.url, erasure)).toEqual({ 'run:r-1': [1] });
  } finally {
    await queue.close();
    await own.close();
  }
});

test('tables that are older than the bot are said, with what to do, when its user may not change them', async () => {
  await journal.superuser.query(`CREATE TABLE kept AS SELECT * FROM kysely_migration WHERE name LIKE '0008%'`);
  await journal.superuser.query(`DELETE FROM kysely_migration WHERE name LIKE '0008%'`);
  try {
    await expect(openDatabase(loginUrl())).rejects.toMatchObject({
      code: 'journal/unavailable',
      message: expect.stringMatching(/lack 0008-incident-watch.*DATABASE_OWNER_URL/),
    });
  } finally {
    await journal.superuser.query('INSERT INTO kysely_migration SELECT * FROM kept');
    await journal.superuser.query('DROP TABLE kept');
  }
});

describe('doctor', () => {
  test('finds nothing wrong with a user that may add and read', async () => {
    expect(await lookAtLogin(loginUrl())).toEqual([
      { ok: true, what: `Database: ${login} may add to the audit trail and read it, no more` },
    ]);
  });

  test('says when it is a superuser, or owns the journal', async () => {
    expect(await lookAtLogin(journal.url)).toMatchObject([
      { ok: false, what: expect.stringContaining('is a superuser') },
    ]);
    expect(judgeLogin({ ...allRights, isSuperuser: false })).toMatchObject([
      {
        ok: false,
        what: expect.stringContaining('owns the journal'),
        advice: expect.stringContaining('DATABASE_OWNER_URL'),
      },
    ]);
  });

  test('names each right too many with the line that takes it away, and the line does', async () => {
    await journal.superuser.query(`GRANT UPDATE, TRUNCATE ON journal TO ${login}`);
    const found = await lookAtLogin(loginUrl());
    expect(found.map(({ what }) => what)).toEqual([
      `Database: ${login} has UPDATE on journal`,
      `Database: ${login} has TRUNCATE on journal`,
    ]);
    for (const { advice } of found) await journal.superuser.query(advice!.replace('As the owner: ', ''));
    expect((await lookAtLogin(loginUrl()))[0]!.ok).toBe(true);
  });

  test('says when it may not work as the application at all', () => {
    const found = judgeLogin({ ...allRights, isSuperuser: false, mayWork: false, user: 'guest' });
    expect(found).toMatchObject([{ ok: false, advice: 'As the owner: GRANT mayday_app TO "guest";' }]);
  });
});
