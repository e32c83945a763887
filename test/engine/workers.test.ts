import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { approve, hashToApprove } from '../../src/engine/approvals.ts';
import { runStream } from '../../src/engine/run-store.ts';
import { startRun } from '../../src/engine/start-run.ts';
import type { Database } from '../../src/journal/database.ts';
import { verifyJournal } from '../../src/journal/verify.ts';
import {
  approvalStep,
  type BotProcess,
  createdOf,
  createWorld,
  eventsOf,
  graphOf,
  startBot,
  step,
  type World,
} from '../support/engine-world.ts';
import { type JournalDatabase, openJournalDatabase } from '../support/journal-database.ts';

let database: JournalDatabase;
let world: World;
let first: BotProcess;
let second: BotProcess;
let secondDatabase: Database;

beforeEach(async () => {
  database = await openJournalDatabase();
  secondDatabase = await database.openAnother();
  world = createWorld(() => first.ports.clock);
  first = await startBot(database.database, world.registry);
  second = await startBot(secondDatabase, world.registry);
});
afterEach(async () => {
  await Promise.all([first.stop(), second.stop()]);
  await database.close();
});

/** As the operating system does it to a killed process: its connections are cut. */
const cutPresence = async (of: Database): Promise<void> => {
  const { pid } = await of.presence();
  await database.superuser.query('SELECT pg_terminate_backend($1, 5000)', [pid]);
};

test('two processes that are woken at once for the same runs give each act once', async () => {
  const chain = ['a', 'b', 'c', 'd'];
  const runs = await Promise.all(
    Array.from({ length: 8 }, (_, n) =>
      first.start(chain.map((id, i) => step(`${id}${n}`, { needs: i === 0 ? [] : [`${chain[i - 1]}${n}`] }))),
    ),
  );
  let working = true;
  const nag = async () => {
    while (working) {
      for (const { created } of runs)
        for (const bot of [first, second]) void bot.worker.process(created.run, 'recover').catch(() => {});
      await sleep(5);
    }
  };
  const nagging = nag();
  const ends = await Promise.all(runs.map(({ created }, n) => (n % 2 ? first : second).untilQuiet(created.run)));
  working = false;
  await nagging;
  expect(ends.map(({ outcome }) => outcome)).toEqual(Array(8).fill('succeeded'));
  expect([...world.accepted].sort()).toEqual([...new Set(world.accepted)].sort());
  expect(world.accepted).toHaveLength(32);
  expect(await verifyJournal(database.superuser)).not.toHaveProperty('firstBad');
}, 60_000);

test('fifty runs at once finish, each with its acts in order', async () => {
  const began = performance.now();
  const runs = await Promise.all(
    Array.from({ length: 50 }, (_, n) =>
      (n % 2 ? first : second).start([
        step(`promote-${n}`),
        step(`repoint-${n}`, { needs: [`promote-${n}`] }),
        step(`look-${n}`, { uses: 'world/says', needs: [`repoint-${n}`] }),
        step(`tell-${n}`, { uses: 'world/tell', after: [`promote-${n}`] }),
      ]),
    ),
  );
  const ends = await Promise.all(runs.map(({ created }) => first.untilQuiet(created.run)));
  expect(ends.map(({ outcome }) => outcome)).toEqual(Array(50).fill('succeeded'));
  for (const n of runs.keys())
    expect(world.accepted.indexOf(`promote-${n}`)).toBeLessThan(world.accepted.indexOf(`repoint-${n}`));
  expect(world.accepted).toHaveLength(150);
  expect(performance.now() - began).toBeLessThan(20_000);
  const { rows } = await database.superuser.query(
    'SELECT count(*)::int AS n FROM runs WHERE look_recover_at IS NOT NULL OR look_tell_at IS NOT NULL OR look_look_at IS NOT NULL',
  );
  expect(rows[0].n).toBe(0);
}, 60_000);

test('without a single wake-up a run completes all the same', async () => {
  await Promise.all([first.stop(), second.stop()]);
  const quiet = await startBot(database.database, world.registry, { wakes: false });
  const { created } = await quiet.start([
    step('a'),
    step('b', { needs: ['a'] }),
    step('c', { uses: 'world/tell', needs: ['b'] }),
  ]);
  expect((await quiet.untilQuiet(created.run)).outcome).toBe('succeeded');
  await quiet.stop();
});

test('the run of a killed worker is taken over at once, and what it had sent is not sent again', async () => {
  await second.stop();
  let hung = false;
  world.onHang = () => {
    hung = true;
  };
  world.fates.set('a', ['hangs']);
  const { created } = await first.start([step('a'), step('b', { needs: ['a'] })]);
  while (!hung) await sleep(5);
  const killedAt = performance.now();
  await cutPresence(database.database);
  second = await startBot(secondDatabase, world.registry);
  const state = await second.untilQuiet(created.run);
  expect(state.outcome).toBe('succeeded');
  // Far sooner than the lease's term after the last renewal would allow.
  expect(performance.now() - killedAt).toBeLessThan(2_500);
  expect(world.accepted).toEqual(['a', 'b']);
  const acts = (await eventsOf(second, created.run)).filter(({ type }) => type === 'step.acting');
  expect(acts).toHaveLength(2);
}, 30_000);

test('a worker that was overtaken while its call was held appends nothing and lets the call go', async () => {
  await second.stop();
  world.fates.set('a', ['hangs']);
  let hung = false;
  world.onHang = () => {
    hung = true;
  };
  const { created } = await first.start([step('a')]);
  while (!hung) await sleep(5);
  await cutPresence(database.database);
  second = await startBot(secondDatabase, world.registry);
  await second.untilQuiet(created.run);
  await sleep(2_800);
  const handle = await first.store.open(created.run);
  expect((await handle.refresh()).outcome).toBe('succeeded');
  expect((await eventsOf(second, created.run)).map(({ type }) => type)).toEqual([
    'run.created',
    'step.started',
    'step.acting',
    'step.succeeded',
    'run.finished',
  ]);
}, 30_000);

test('a worker that was overtaken between its intent and its call sends nothing', async () => {
  await second.stop();
  let goOn = () => {};
  const stopped = new Promise<void>((reached) => {
    world.gate = () => {
      reached();
      return new Promise((resolve) => {
        goOn = resolve;
      });
    };
  });
  const { created } = await first.start([step('a')]);
  await stopped;
  world.gate = async () => {};
  await cutPresence(database.database);
  second = await startBot(secondDatabase, world.registry);
  expect((await second.untilQuiet(created.run)).outcome).toBe('succeeded');
  goOn();
  await sleep(300);
  expect(world.calls).toEqual(['a']);
}, 30_000);

test('a yes that comes while a worker gives the run back is not forgotten, even when no wake-up comes', async () => {
  await Promise.all([first.stop(), second.stop()]);
  const [worker, person] = [
    await startBot(database.database, world.registry, { wakes: false }),
    await startBot(secondDatabase, world.registry, { wakes: false, sweepMs: 1_000_000 }),
  ];
  // The yes falls between the worker's decision that there is nothing to do and its word on when to look again.
  const { dueAt } = worker.ports;
  let approved = false;
  const { created } = await person.start([approvalStep(), step('lamp', { needs: ['approve'] })]);
  worker.ports.dueAt = async (runId, lane, at, afterSeq) => {
    if (lane === 'recover' && at === null && !approved) {
      approved = true;
      const handle = await person.store.open(runId);
      const pip = { person: 'UPIP', name: 'Pip', slots: [0], unknownSlots: [], typed: null, via: 'slack' as const };
      await handle.commit((now) => approve(now, pip, hashToApprove(now), person.ports.clock.now()), { actor: 'UPIP' });
    }
    await dueAt(runId, lane, at, afterSeq);
  };
  await worker.worker.process(created.run, 'recover');
  expect(approved).toBe(true);
  const handle = await worker.store.open(created.run);
  for (let waited = 0; waited < 40 && (await handle.refresh()).outcome === null; waited += 1) await sleep(50);
  expect(handle.state().outcome).toBe('succeeded');
  await Promise.all([worker.stop(), person.stop()]);
});

test('what was approved and then left lying for longer than the approval is good for is not begun', async () => {
  await Promise.all([first.stop(), second.stop()]);
  const person = await startBot(database.database, world.registry, { wakes: false, sweepMs: 1_000_000 });
  const [held, soon] = await Promise.all(
    [1, 2].map(async (i) => {
      const { created } = await person.start([approvalStep(), step(`lamp-${i}`, { needs: ['approve'] })]);
      const handle = await person.store.open(created.run);
      const pip = { person: 'UPIP', name: 'Pip', slots: [0], unknownSlots: [], typed: null, via: 'slack' as const };
      await handle.commit((now) => approve(now, pip, hashToApprove(now), person.ports.clock.now()), { actor: 'UPIP' });
      return created.run;
    }),
  );
  // Nobody works on them: the world's clock runs a thousand seconds on, as it does while a process is away.
  const late = { ...person.ports.clock, now: () => new Date(person.ports.clock.now().getTime() + 1_000_000) };
  const worker = await startBot(secondDatabase, world.registry, { wakes: false, sweepMs: 1_000_000 });
  await worker.worker.process(soon!, 'recover');
  worker.ports.clock = late;
  await worker.worker.process(held!, 'recover');
  expect((await (await worker.store.open(soon!)).refresh()).outcome).toBe('succeeded');
  const state = await (await worker.store.open(held!)).refresh();
  expect(state.steps['lamp-1']).toMatchObject({ state: 'blocked' });
  expect(state.steps['lamp-1']!.message).toMatch(
    /approved, and then nothing was done for 16 min.*longer than the approval is good for \(15 min\)/,
  );
  expect(world.calls).toEqual(['lamp-2']);
  await Promise.all([person.stop(), worker.stop()]);
});

test('the same request in two processes starts one run', async () => {
  const created = createdOf(graphOf([step('a')], ['component:orchard/crates']));
  const results = await Promise.all(
    [first, second, first, second].map((bot) => startRun(bot.ports, bot.store, { created, actor: 'slack:UREQUESTER' })),
  );
  expect(results.filter(({ isNew }) => isNew)).toHaveLength(1);
  await first.untilQuiet(created.run);
  expect(world.accepted).toEqual(['a']);
});

test('of two runs that overlap one is refused with the name of the other, and may start when that one has ended', async () => {
  world.fates.set('a', [{ slowSeconds: 30 }]);
  const { created } = await first.start([step('a')], ['world:a', 'world:b']);
  await expect(second.start([step('b')], ['world:b', 'world:c'])).rejects.toMatchObject({
    code: 'claim/held',
    message: `world:b is held by ${created.run}.`,
  });
  await first.untilQuiet(created.run);
  const { created: after } = await second.start([step('b')], ['world:b', 'world:c']);
  expect((await second.untilQuiet(after.run)).outcome).toBe('succeeded');
  const { rows } = await database.superuser.query('SELECT * FROM claims');
  expect(rows).toEqual([]);
});

test('runs and steps that speak of one incident at once all have their say', async () => {
  const declared = createdOf(graphOf([step('a', { record: { name: 'channel', from: 'value' } })]));
  const about = (run: string) => ({ ...createdOf(graphOf([]), run), incident: declared.incident });
  await startRun(first.ports, first.store, {
    created: declared,
    actor: 'slack:U1',
    incidentEvents: [
      { type: 'incident.declared', data: { plan: 'orchard', title: 'storm', severity: 'P2', by: 'U1' } },
    ],
  });
  await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      startRun((n % 2 ? first : second).ports, (n % 2 ? first : second).store, {
        created: about(`r-about-${n}`),
        actor: 'slack:U1',
        incidentEvents: [{ type: 'incident.updated', data: { text: `${n}`, by: 'U1' } }],
      }),
    ),
  );
  await first.untilQuiet(declared.run);
  const types = (await first.ports.journal.read(`incident:${declared.incident}`)).map(({ type }) => type);
  expect(types.filter((type) => type === 'incident.updated')).toHaveLength(12);
  expect(types.filter((type) => type === 'incident.recorded')).toHaveLength(1);
  const { rows } = await database.superuser.query('SELECT facts, severity FROM incidents');
  expect(rows).toEqual([{ facts: { channel: 'on' }, severity: 'P2' }]);
});

test('a commit whose answer was lost is found again and not repeated', async () => {
  await second.stop();
  const { append } = first.ports.journal;
  let losses = 0;
  first.ports.journal.append = async (appends, options) => {
    const heads = await append(appends, options);
    if (appends.some(({ events }) => events.some(({ type }) => type !== 'run.created'))) {
      losses += 1;
      const { MaydayError } = await import('../../src/errors.ts');
      throw new MaydayError('journal/unavailable', 'the connection was cut during COMMIT', { effect: 'maybe-made' });
    }
    return heads;
  };
  const { created } = await first.start([step('a'), step('b', { needs: ['a'] })]);
  expect((await first.untilQuiet(created.run)).outcome).toBe('succeeded');
  expect(losses).toBeGreaterThan(2);
  expect(world.accepted).toEqual(['a', 'b']);
  const types = (await eventsOf(first, created.run)).map(({ type }) => type);
  expect(types.filter((type) => type === 'step.succeeded')).toHaveLength(2);
  expect(types.filter((type) => type === 'step.acting')).toHaveLength(2);
});

test('a run whose journal holds what this version does not know is left to a human', async () => {
  await Promise.all([first.stop(), second.stop()]);
  const { created } = await first.start([step('a')]);
  const head = (await first.ports.journal.read(runStream(created.run))).at(-1)!;
  await first.ports.journal.append([
    {
      stream: runStream(created.run),
      expected: { seq: head.seq, hash: head.hash },
      events: [{ type: 'step.teleported', version: 1, actor: 'tomorrow', data: { at: head.data.at, event: {} } }],
    },
  ]);
  first = await startBot(database.database, world.registry);
  const state = await first.untilQuiet(created.run);
  expect(state.unknown).toMatch(/step\.teleported/);
  await sleep(300);
  expect(world.calls).toEqual([]);
});

test('stopping lets what is under way be recorded, starts nothing new, and leaves the rest to the next process', async () => {
  await second.stop();
  world.fates.set('a', [{ slowSeconds: 6 }]);
  const { created } = await first.start([step('a'), step('b', { needs: ['a'] })]);
  while (!world.accepted.includes('a')) await sleep(5);
  const began = performance.now();
  await first.stop();
  expect(performance.now() - began).toBeLessThan(1_500);
  second = await startBot(secondDatabase, world.registry);
  expect((await second.untilQuiet(created.run)).outcome).toBe('succeeded');
  expect(world.accepted).toEqual(['a', 'b']);
});
