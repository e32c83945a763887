import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/journal/database.ts';
import { migrations } from '../../src/journal/migrate.ts';
import { openJournalDatabase } from '../support/journal-database.ts';

test('the list of migrations equals the folder', () => {
  const folder = join(import.meta.dirname, '../../src/journal/migrations');
  expect(Object.keys(migrations)).toEqual(
    readdirSync(folder)
      .sort()
      .map((file) => file.replace(/\.ts$/, '')),
  );
});

test('several processes that start at once bring the schema up to date together', async () => {
  const { url, superuser, close } = await openJournalDatabase();
  await superuser.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  try {
    const opened = await Promise.allSettled(Array.from({ length: 4 }, () => openDatabase(url)));
    await Promise.all(opened.map((each) => (each.status === 'fulfilled' ? each.value.close() : undefined)));
    expect(opened.map(({ status }) => status)).toEqual(Array(4).fill('fulfilled'));
  } finally {
    await close();
  }
});
