import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type OwnPostgres, startOwnPostgres } from '../support/own-postgres.ts';
import { healthOf, openRehearsal, type Rehearsal, startApproved, untilFinished } from '../support/rehearsal.ts';

/** G9: without its journal Mayday makes no new change, says so, loses nothing, and goes on when it is back. */
describe('while the journal', { timeout: 240_000 }, () => {
  let postgres: OwnPostgres;
  let rehearsal: Rehearsal;
  beforeAll(async () => {
    postgres = await startOwnPostgres();
    // The world's own databases are elsewhere: only the journal fails.
    rehearsal = await openRehearsal({ postgresUrl: inject('databaseUrl'), journalUrl: postgres.url, speed: 60 });
    await rehearsal.start();
  }, 120_000);
  afterAll(async () => {
    postgres.thaw();
    postgres.limitFiles('unlimited');
    await rehearsal.close();
    await postgres.close();
  });

  const changes = async (): Promise<number> =>
    (await rehearsal.world.get('/ledger')).entries.filter(({ change }: any) => !/^slack:/.test(change)).length;

  /** A last page with room would still take some events, and what is written down may be done. */
  const fillLastPage = async () => {
    const seen: number[] = [];
    for (let i = 1; ; i++) {
      const { rows } = await rehearsal.journal.query(
        `INSERT INTO journal VALUES ('filler', $1, '', 'filler', 'filler', 1, '', '', '', '', '')
         RETURNING (ctid::text::point)[0]::int AS page`,
        [1_000_000 + i],
      );
      seen.push(rows[0].page);
      // The page before was filled from empty by rows of this size, so it says how many fit into one.
      const of = (page: number) => seen.filter((each) => each === page).length;
      const page = rows[0].page as number;
      if (page - seen[0]! >= 2 && of(page) === of(page - 1)) return;
    }
  };

  /** Lets a run come to its first change, takes the journal away in the midst of it, and gives it back. */
  const survives = async (scope: string, call: string, takeAway: () => unknown, giveBack: () => unknown) => {
    const { world, sandbox } = rehearsal;
    const bot = rehearsal.bots()[0]!;
    const { id } = sandbox.context.holds.add({ call, when: 'after' });
    const runId = await startApproved(world, 'dr-lead', '/failover', `omnimesh ${scope} it is slow`, [
      'dba',
      'vp-engineering',
    ]);
    await world.until('the first change', 60, async () =>
      sandbox.context.holds.list().some((hold) => hold.id === id && hold.reached) ? true : undefined,
    );
    await takeAway();
    sandbox.context.holds.release('go', id);
    const health = await world.until('/health to say so', 60, async () => {
      const found = await healthOf(bot);
      return found.ok ? undefined : found;
    });
    expect(health.journal).toContain('no new change is made');
    // What was on its way already may still arrive.
    await new Promise((done) => setTimeout(done, 2_000));
    const before = await changes();
    // Long enough for several sweeps, and for every lease to end.
    await new Promise((done) => setTimeout(done, 4_000));
    expect(await changes()).toBe(before);
    await giveBack();
    expect((await untilFinished(rehearsal, runId)).at(-1)!.data.event.outcome).toBe('succeeded');
    const { entries } = await world.get('/ledger');
    const made = entries.filter(({ change }: any) => change === call).map(({ resource }: any) => resource);
    expect(made.length).toBeGreaterThan(0);
    expect(new Set(made).size).toBe(made.length);
    await world.until('/health to be well again', 60, async () => ((await healthOf(bot)).ok ? true : undefined));
  };

  it('does not answer', () =>
    survives(
      'cache',
      'elasticache:IncreaseReplicaCount',
      () => postgres.freeze(),
      () => postgres.thaw(),
    ));

  it('has no room to grow', async () => {
    // Grown beyond the size of its log's files, which have their room already; by rows so small that no event fits into
    // what they leave of a page. Before the run, for it takes longer than a call to the world is waited for.
    await rehearsal.journal.query(
      `INSERT INTO journal SELECT 'filler', i, '', 'filler', 'filler', 1, '', '', '', '', ''
       FROM generate_series(1, 250000) AS i`,
    );
    await survives(
      'database',
      'rds:PromoteReadReplica',
      async () => {
        await fillLastPage();
        const { rows } = await rehearsal.journal.query(`SELECT pg_relation_size('journal') AS bytes`);
        expect(Number(rows[0].bytes)).toBeGreaterThan(17_000_000);
        postgres.limitFiles(Number(rows[0].bytes));
      },
      () => postgres.limitFiles('unlimited'),
    );
  });

  it('was killed', () =>
    survives(
      'application',
      'kubernetes:PatchDeploymentScale',
      () => postgres.kill(),
      async () => {
        await postgres.restart();
        rehearsal.leadTo(postgres.url);
      },
    ));
});
