import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Database } from '../../src/journal/database.ts';
import { createLeases, leaseTermSeconds } from '../../src/journal/leases.ts';
import { type JournalDatabase, openJournalDatabase } from '../support/journal-database.ts';

let database: JournalDatabase;
let other: Database;
beforeEach(async () => {
  database = await openJournalDatabase();
  other = await database.openAnother();
});
afterEach(() => database.close());

const backends = async (): Promise<number> => {
  const { rows } = await database.superuser.query(
    `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'mayday'`,
  );
  return rows[0].n;
};

test('a second holder is refused while the first one holds it, and each taking has a higher epoch', async () => {
  const ours = createLeases(database.database);
  const theirs = createLeases(other);
  const first = (await ours.take('r-1', 'recover'))!;
  expect(await theirs.take('r-1', 'recover')).toBeUndefined();
  expect(await theirs.take('r-1', 'tell')).toMatchObject({ lane: 'tell' });
  await ours.release(first);
  const second = (await theirs.take('r-1', 'recover'))!;
  expect(second.epoch).toBe(first.epoch + 1);
  expect(await ours.renew(first)).toBe(false);
  await ours.release(first);
  expect(await theirs.renew(second)).toBe(true);
});

test('a lease whose term is over may be taken, and its late holder is told on renewing', async () => {
  const ours = createLeases(database.database);
  const theirs = createLeases(other);
  const lease = (await ours.take('r-1', 'recover'))!;
  await sleep(leaseTermSeconds * 1000 + 100);
  expect(await theirs.take('r-1', 'recover')).toMatchObject({ epoch: lease.epoch + 1 });
  expect(await ours.renew(lease)).toBe(false);
});

test('a lease is free at once when the backend that stands for its holder is gone', async () => {
  const ours = createLeases(database.database);
  const theirs = createLeases(other);
  await ours.take('r-1', 'recover');
  const { pid } = await database.database.presence();
  await database.superuser.query('SELECT pg_terminate_backend($1, 5000)', [pid]);
  expect(await theirs.take('r-1', 'recover')).toMatchObject({ epoch: 2 });
  // The process that lost its connection, but lives, comes back under a new one.
  expect(await ours.take('r-2', 'recover')).toMatchObject({ epoch: 1 });
});

test('a lease that was given back cannot be brought back to life by a renewal that comes late', async () => {
  const ours = createLeases(database.database);
  const lease = (await ours.take('r-1', 'recover'))!;
  await ours.release(lease);
  expect(await ours.renew(lease)).toBe(false);
  expect(await createLeases(other).take('r-1', 'recover')).toBeDefined();
});

test('many takings at once share one presence, and closing leaves no connection behind', async () => {
  const ours = createLeases(other);
  const before = await backends();
  const leases = await Promise.all(Array.from({ length: 30 }, (_, n) => ours.take(`r-${n}`, 'recover')));
  expect(leases.every((lease) => lease?.epoch === 1)).toBe(true);
  const { rows } = await database.superuser.query('SELECT count(DISTINCT backend_pid)::int AS n FROM leases');
  expect(rows[0].n).toBe(1);
  expect(await backends()).toBeLessThanOrEqual(before + 13);
  await other.close();
  await sleep(100);
  expect(await backends()).toBeLessThanOrEqual(before);
});

test('steps of one lane that renew its lease in the same moment all hear that they hold it', async () => {
  const leases = createLeases(database.database);
  const lease = (await leases.take('r-many-steps', 'tell'))!;
  expect(await Promise.all([1, 2, 3, 4, 5].map(() => leases.renew(lease)))).toEqual([true, true, true, true, true]);
});
