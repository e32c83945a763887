import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRunStore } from '../../src/engine/run-store.ts';
import { erasePerson } from '../../src/journal/erase.ts';
import { noHead } from '../../src/journal/journal.ts';
import { indexAudit, searchAudit } from '../../src/journal/search.ts';
import { type CheckpointedJournal, openCheckpointedJournal } from '../support/checkpointed-journal.ts';
import { createWorld, startBot, step } from '../support/engine-world.ts';

let audit: CheckpointedJournal;
beforeEach(async () => {
  audit = await openCheckpointedJournal();
  const event = (data: object) => ({ type: 'approval.given', version: 1, actor: 'slack:U0PIP0001', data });
  await audit.journal.append([
    {
      stream: 'run:r-1',
      expected: noHead,
      events: [
        event({ at: '2026-03-01T12:00:00Z', event: { step: 'a', person: 'U0PIP0001', name: 'Pip "the pear"' } }),
        event({ at: '2026-03-01T12:00:01Z', event: { step: 'a', person: 'U0KIM0001', name: 'Kim' } }),
      ],
    },
    { stream: 'system', expected: noHead, events: [event({ text: 'call Pip "the pear" at once' })] },
  ]);
  await audit.checkpoint();
});
afterEach(() => audit.close());

const erase = () =>
  erasePerson(audit.url, {
    words: ['U0PIP0001', 'Pip "the pear"'],
    reason: 'request 17',
    by: 'command-line:ann',
    at: new Date(),
  });

test('what holds the person is blanked and on record, all else stays, and the chain and its checkpoints still fit', async () => {
  expect(await erase()).toEqual({ 'run:r-1': [1], system: [1] });
  const { rows } = await audit.superuser.query(`SELECT data FROM journal ORDER BY stream, seq`);
  expect(rows.map(({ data }) => data).join(' ')).not.toMatch(/Pip|U0PIP0001/);
  expect(rows[1].data).toContain('Kim');
  const [, record] = await audit.journal.read('system');
  expect(record).toMatchObject({
    type: 'audit.erased',
    actor: 'command-line:ann',
    data: { event: { by: 'command-line:ann', reason: 'request 17', rows: { 'run:r-1': [1], system: [1] } } },
  });
  expect((await audit.verifyLive()).report).toMatchObject({ bad: [], erased: 2 });
  expect((await audit.verifyFile()).report).toMatchObject({ bad: [], erased: 2 });
});

test('a second time there is nothing left to erase, and no record is written', async () => {
  await erase();
  expect(await erase()).toEqual({});
  expect(await audit.journal.read('system')).toHaveLength(2);
});

test('an erased row without a record is named, live and in an export', async () => {
  await audit.tamper(`UPDATE journal SET salt = '', data = '' WHERE stream = 'run:r-1' AND seq = 2`);
  const named = [{ stream: 'run:r-1', seq: 2, why: 'its data was erased, and no record says by whom and why' }];
  expect((await audit.verifyLive()).report.bad).toEqual(named);
  expect((await audit.verifyFile()).report.bad).toEqual(named);
});

test('a record that was erased itself covers nothing any more', async () => {
  await erase();
  await audit.tamper(`UPDATE journal SET salt = '', data = '' WHERE type = 'audit.erased'`);
  expect((await audit.verifyLive()).report.bad).toMatchObject([
    { stream: 'run:r-1', seq: 1 },
    { stream: 'system', seq: 1 },
    { stream: 'system', seq: 2 },
  ]);
});

test('the application may not erase, and its owner may blank but not edit', async () => {
  const { pool } = audit.database;
  await expect(pool.query(`UPDATE journal SET salt = '', data = ''`)).rejects.toMatchObject({ code: '42501' });
  for (const change of [
    `data = ''`,
    `salt = ''`,
    `salt = '', data = '', actor = ''`,
    `salt = '', data = '', hash = ''`,
    `salt = '', data = '{}'`,
  ])
    await expect(audit.superuser.query(`UPDATE journal SET ${change}`)).rejects.toMatchObject({ code: 'MD010' });
});

test('the search finds the person no more', async () => {
  const find = async (query: object) => {
    await indexAudit(audit.database.pool);
    return (await searchAudit(audit.database.pool, { limit: 10, ...query })).length;
  };
  expect(await find({ what: 'pear' })).toBe(2);
  expect(await find({ who: 'pip "the pear"' })).toBe(3);
  await erase();
  expect(await find({ what: 'pear' })).toBe(0);
  expect(await find({ who: 'pip "the pear"' })).toBe(0);
  expect(await find({ what: 'Kim' })).toBe(1);
});

test('a run that lost an entry waits for a human, one that lost its begin says so, and a finished one stays listed', async () => {
  const world = createWorld(() => bot.ports.clock);
  const bot = await startBot(audit.database, world.registry);
  try {
    const begun = await bot.start([step('a')]);
    await bot.untilQuiet(begun.created.run);
    const { run } = begun.created;
    await erasePerson(audit.url, { words: ['a is not set'], reason: 'test', by: 'ann', at: new Date() });
    const fresh = createRunStore(bot.ports);
    const state = (await fresh.open(run)).state();
    expect(state).toMatchObject({ outcome: 'succeeded', unknown: expect.stringContaining('erased') });
    expect((await audit.superuser.query('SELECT status FROM runs WHERE id = $1', [run])).rows[0].status).toBe(
      'succeeded',
    );

    await erasePerson(audit.url, { words: ['UREQUESTER'], reason: 'test', by: 'ann', at: new Date() });
    await expect(createRunStore(bot.ports).open(run)).rejects.toMatchObject({ code: 'run/wrong-state' });
    const { rows } = await audit.superuser.query('SELECT requester FROM runs WHERE id = $1', [run]);
    expect(rows[0].requester).toBe('erased');
  } finally {
    await bot.stop();
  }
});
