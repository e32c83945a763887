import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { intentOf } from '../chaos/boundaries.ts';
import { holderOf, openRehearsal, type Rehearsal, rowsOf, startApproved, untilFinished } from '../support/rehearsal.ts';

const approvers = ['dba', 'vp-engineering'];

/** G4, with two bots on one journal: whoever dies is replaced, and whoever only slept is refused. */
describe('of two bots at work', { timeout: 240_000 }, () => {
  let rehearsal: Rehearsal;
  beforeAll(async () => {
    rehearsal = await openRehearsal({ postgresUrl: inject('databaseUrl'), speed: 30 });
    await Promise.all([rehearsal.start(), rehearsal.start()]);
  }, 120_000);
  afterAll(() => rehearsal.close());

  const outcomeOf = async (runId: string): Promise<string> =>
    (await untilFinished(rehearsal, runId)).at(-1)!.data.event.outcome;
  const accepted = async (change: string): Promise<number> =>
    (await rehearsal.world.get('/ledger')).counts[change] ?? 0;
  const held = (id: number) =>
    rehearsal.world.until('the call to be held', 60, async () =>
      rehearsal.sandbox.context.holds.list().some((hold) => hold.id === id && hold.reached) ? true : undefined,
    );
  const takenOver = (runId: string, from: number) =>
    rehearsal.world.until(`another one at work on ${runId}`, 60, async () => {
      const holder = await holderOf(rehearsal, runId, 'recover');
      return holder && holder.pid !== from ? holder : undefined;
    });

  it('another one goes on when the one at work is killed, and nothing is done twice', async () => {
    const { id } = rehearsal.sandbox.context.holds.add({ call: 'elasticache:IncreaseReplicaCount', when: 'after' });
    const runId = await startApproved(rehearsal.world, 'dr-lead', '/failover', 'omnimesh cache it is slow', approvers);
    await held(id);
    const atWork = (await holderOf(rehearsal, runId, 'recover'))!;
    const killedAt = performance.now();
    await atWork.kill('SIGKILL');
    await takenOver(runId, atWork.pid);
    console.info(`take-over after kill -9: ${Math.round(performance.now() - killedAt)} ms`);
    rehearsal.sandbox.context.holds.release('drop', id);
    expect(await outcomeOf(runId)).toBe('succeeded');
    expect(await accepted('elasticache:IncreaseReplicaCount')).toBe(1);
    await rehearsal.start();
  });

  it('one that slept past its term, between its intent and its call, finds that it may not send it any more', async () => {
    const watches = rehearsal
      .bots()
      .map((bot) => ({ bot, watch: bot.proxy.watch({ ...intentOf('promote'), hold: 'answer' }) }));
    const runId = await startApproved(
      rehearsal.world,
      'dr-lead',
      '/failover',
      'omnimesh database it is slow',
      approvers,
    );
    const { bot: sleeper } = await rehearsal.world.until('the intent', 60, async () =>
      watches.find(({ watch }) => watch.reached() && watch.isAnswered()),
    );
    sleeper.signal('SIGSTOP');
    await rehearsal.attend(rehearsal.bots().find((bot) => bot !== sleeper)!);
    for (const { watch } of watches) watch.release();
    await takenOver(runId, sleeper.pid);
    await rehearsal.world.until('the promote by the other one', 60, async () =>
      (await accepted('rds:PromoteReadReplica')) > 0 ? true : undefined,
    );
    sleeper.signal('SIGCONT');
    expect(await outcomeOf(runId)).toBe('succeeded');
    expect(await accepted('rds:PromoteReadReplica')).toBe(1);
    await rehearsal.world.until('the sleeper to say that it let go', 30, async () =>
      /taken this run over|let go of the run|not held any more/.test(sleeper.log()) ? true : undefined,
    );
  });

  it('a call that a sleeper had sent already is caught by looking, and by the service', async () => {
    const call = 'kubernetes:PatchConfigMap';
    const before = await accepted(call);
    const { id } = rehearsal.sandbox.context.holds.add({ call, when: 'before', contains: ['s3-config'] });
    const runId = await startApproved(
      rehearsal.world,
      'dr-lead',
      '/failover',
      'omnimesh storage it is slow',
      approvers,
    );
    await held(id);
    const sleeper = (await holderOf(rehearsal, runId, 'recover'))!;
    sleeper.signal('SIGSTOP');
    await rehearsal.attend(rehearsal.bots().find((bot) => bot !== sleeper)!);
    expect(await outcomeOf(runId)).toBe('succeeded');
    // Now the first one's request arrives, and its sender awakes.
    rehearsal.sandbox.context.holds.release('go', id);
    sleeper.signal('SIGCONT');
    await rehearsal.world.until('the sleeper to answer again', 30, async () =>
      (await fetch(`${sleeper.webUrl}/health`)).ok ? true : undefined,
    );
    const { entries } = await rehearsal.world.get('/ledger');
    const toStorage = entries.filter(({ change, resource }: any) => change === call && resource.endsWith('s3-config'));
    expect(toStorage).toHaveLength(1);
    expect(await accepted(call)).toBe(before + 1);
    const rows = await rowsOf(rehearsal.journal, `run:${runId}`);
    const ends = rows.filter(({ type, data }) => type === 'step.succeeded' && data.event.step === 'point-storage');
    expect(ends).toHaveLength(1);
  });

  it('a single one that was killed goes on when it is started again', async () => {
    for (const bot of rehearsal.bots().slice(1)) await bot.kill();
    const { id } = rehearsal.sandbox.context.holds.add({ call: 'kubernetes:PatchDeploymentScale', when: 'after' });
    const runId = await startApproved(
      rehearsal.world,
      'dr-lead',
      '/failover',
      'omnimesh application it is slow',
      approvers,
    );
    await held(id);
    await Promise.all(rehearsal.bots().map((bot) => bot.kill()));
    rehearsal.sandbox.context.holds.release('drop', id);
    const startedAt = performance.now();
    const again = rehearsal.start();
    await rehearsal.world.until('the new one at work', 60, async () => holderOf(rehearsal, runId, 'recover'));
    console.info(`at work after a restart: ${Math.round(performance.now() - startedAt)} ms`);
    await again;
    expect(await outcomeOf(runId)).toBe('succeeded');
  });
});
