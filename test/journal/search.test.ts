import { afterAll, beforeAll, expect, test } from 'vitest';
import { noHead } from '../../src/journal/journal.ts';
import { type AuditQuery, indexAudit, searchAudit } from '../../src/journal/search.ts';
import { type CheckpointedJournal, openCheckpointedJournal } from '../support/checkpointed-journal.ts';
import { type BotProcess, createWorld, startBot, step } from '../support/engine-world.ts';

let audit: CheckpointedJournal;
let bot: BotProcess;
let run: string;
beforeAll(async () => {
  audit = await openCheckpointedJournal();
  const world = createWorld(() => bot.ports.clock);
  bot = await startBot(audit.database, world.registry);
  run = (await bot.start([step('promote'), step('tell', { uses: 'world/tell' })])).created.run;
  await bot.untilQuiet(run);
  const odd = {
    type: 'request.received',
    version: 1,
    actor: 'slack:U0PIP0001',
    data: { kind: 'command', text: 'odd \u0000 pear' },
  };
  await audit.journal.append([{ stream: 'system', expected: noHead, events: [odd] }]);
  await indexAudit(audit.database.pool);
});
afterAll(async () => {
  await bot.stop();
  await audit.close();
});

const find = (query: Partial<AuditQuery>) => searchAudit(audit.database.pool, { limit: 100, ...query });

test('entries are found by who, by a name that was told, by what, by run and incident, the newest first', async () => {
  expect((await find({ who: 'U0PIP0001' })).map(({ stream, notes }) => [stream, notes])).toEqual([
    ['system', 'odd \ufffd pear'],
  ]);
  expect((await find({ who: 'Rita' })).map(({ type }) => type)).toContain('run.created');
  expect((await find({ what: 'promote done' })).length).toBe(0);
  expect((await find({ what: 'step succeeded promote' })).map(({ description }) => description)).toEqual([
    'step promote done, changed something',
  ]);
  const ofRun = await find({ run });
  expect(ofRun.length).toBeGreaterThan(5);
  expect(ofRun[0]!.description).toBe('run ended: succeeded');
  expect(await find({ incident: ofRun[0]!.incident! })).toEqual(ofRun);
  expect(await find({ run, limit: 2 })).toEqual(ofRun.slice(0, 2));
});

test('a span of time leaves out what is before and behind it', async () => {
  const [last] = await find({ run });
  expect((await find({ since: last!.at })).map(({ at }) => at >= last!.at)).not.toContain(false);
  expect(await find({ since: '2999-01-01T00:00:00Z' })).toEqual([]);
  expect(await find({ until: '2000-01-01T00:00:00Z' })).toEqual([]);
});

test('the index takes in what came since, once, whoever asks', async () => {
  await audit.say('run:late', 5_000);
  const taken = await Promise.all([indexAudit(audit.database.pool), indexAudit(audit.database.pool)]);
  await indexAudit(audit.database.pool);
  expect(taken.reduce((a, b) => a + b)).toBeLessThanOrEqual(5_000);
  const { rows } = await audit.superuser.query(
    'SELECT (SELECT count(*) FROM audit_index) AS index, (SELECT count(*) FROM journal) AS journal',
  );
  expect(rows[0].index).toBe(rows[0].journal);
  expect(await indexAudit(audit.database.pool)).toBe(0);
});

test('the view tells in plain words what happened, how long it took and whether it went well', async () => {
  const { rows } = await audit.database.pool.query('SELECT * FROM audit WHERE run = $1 ORDER BY seq', [run]);
  expect(Object.keys(rows[0])).toEqual([
    'type',
    'description',
    'who',
    'at',
    'duration',
    'success',
    'metrics',
    'notes',
    'run',
    'incident',
    'stream',
    'seq',
  ]);
  expect(rows.map(({ type }) => type)).not.toContain('step.started');
  expect(rows[0]).toMatchObject({ type: 'run.created', who: 'Rita', notes: 'a storm', success: null });
  expect(rows.find(({ type, notes }) => type === 'step.succeeded' && notes === 'promote is on')).toMatchObject({
    description: 'step promote done, changed something',
    success: true,
    metrics: { value: 'on' },
  });
  expect(Number(rows.find(({ type }) => type === 'step.succeeded').duration)).toBeGreaterThanOrEqual(0);
  expect(rows.at(-1)).toMatchObject({ type: 'run.finished', success: true });
});
