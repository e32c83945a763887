import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { kindsIn } from '../chaos/boundaries.ts';
import {
  approveRun,
  openRehearsal,
  type Rehearsal,
  rowsOf,
  startApproved,
  untilFinished,
} from '../support/rehearsal.ts';

/** G5: when the connection breaks in the midst of a commit, what the journal holds decides, and nothing is said twice. */
describe('when the connection to the journal is cut', { timeout: 180_000 }, () => {
  let rehearsal: Rehearsal;
  beforeAll(async () => {
    rehearsal = await openRehearsal({ postgresUrl: inject('databaseUrl'), speed: 60 });
    await rehearsal.start();
  }, 120_000);
  afterAll(() => rehearsal.close());

  const proxy = () => rehearsal.bots()[0]!.proxy;
  const about = (step: string, kind: 'acting' | 'succeeded') => (text: string) =>
    text.includes('"event":{') && kindsIn(text, step).has(kind);

  /** Cuts at that append of that step, before it came to the journal or after it was taken. */
  const cutAt = async (scope: string, step: string, kind: 'acting' | 'succeeded', hold: 'request' | 'answer') => {
    const watch = proxy().watch({ fits: about(step, kind), hold });
    const runId = await startApproved(rehearsal.world, 'dr-lead', '/failover', `omnimesh ${scope} it is slow`, [
      'dba',
      'vp-engineering',
    ]);
    await rehearsal.world.until(`the append about ${step}`, 60, async () =>
      watch.reached() && (hold === 'request' || watch.isAnswered()) ? true : undefined,
    );
    watch.cut();
    const rows = await untilFinished(rehearsal, runId);
    expect(rows.at(-1)!.data.event.outcome).toBe('succeeded');
    expect(rows.filter(({ type, data }) => type === `step.${kind}` && data.event.step === step)).toHaveLength(1);
  };

  it('after an intent was taken, it is not intended again, and done once', async () => {
    await cutAt('database', 'promote', 'acting', 'answer');
    expect((await rehearsal.world.get('/ledger')).counts['rds:PromoteReadReplica']).toBe(1);
  });
  it('before an intent was taken, it is intended anew, and done once', async () => {
    await cutAt('cache', 'grow-cache', 'acting', 'request');
    expect((await rehearsal.world.get('/ledger')).counts['elasticache:IncreaseReplicaCount']).toBe(1);
  });
  it('after an outcome was taken, it stands there once', () =>
    cutAt('storage', 'point-storage', 'succeeded', 'answer'));

  it('after a command was received, it is carried out once, whoever says it again', async () => {
    const { world, journal } = rehearsal;
    const carriers = new WeakSet();
    const watch = proxy().watch({
      // The receipt's own transaction: its rows, and then its commit.
      fits: (text, connection) => {
        if (text.includes('cut in the middle')) carriers.add(connection);
        return carriers.has(connection) && text.startsWith('Q') && text.includes('COMMIT');
      },
      hold: 'answer',
    });
    const said = world.post('/slack/command', {
      user: 'dr-lead',
      channel: 'general',
      command: '/failover',
      text: 'omnimesh application cut in the middle',
    });
    await world.until('the commit of the receipt', 30, async () => (watch.isAnswered() ? true : undefined));
    watch.cut();
    await said;
    const runId = await world.until('the run', 60, async () => {
      const { rows } = await journal.query(`SELECT id FROM runs WHERE scope = 'application'`);
      return rows[0]?.id as string | undefined;
    });
    await approveRun(world, runId, ['dba', 'vp-engineering']);
    expect((await untilFinished(rehearsal, runId)).at(-1)!.data.event.outcome).toBe('succeeded');
    const received = (await rowsOf(journal, 'system')).filter(
      ({ type, data }) => type === 'request.received' && JSON.stringify(data).includes('cut in the middle'),
    );
    expect(received).toHaveLength(1);
    const { rows } = await journal.query(`SELECT count(*)::int AS runs FROM runs WHERE scope = 'application'`);
    expect(rows[0].runs).toBe(1);
  });
});
