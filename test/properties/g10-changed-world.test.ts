import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  approveRun,
  openRehearsal,
  type Rehearsal,
  rowsOf,
  startRunBy,
  untilEvent,
  untilFinished,
} from '../support/rehearsal.ts';
import { type } from '../support/running-bot.ts';

const both = ['dba', 'vp-engineering'];

/** G10: what has changed since somebody looked is noticed when acting, not only when approving. */
describe('when the world or the plan has changed', { timeout: 240_000 }, () => {
  let rehearsal: Rehearsal;
  const plans = mkdtempSync(join(tmpdir(), 'mayday-plans-'));
  beforeAll(async () => {
    cpSync('plans', plans, { recursive: true });
    rehearsal = await openRehearsal({ postgresUrl: inject('databaseUrl'), plans, speed: 60 });
    await rehearsal.start();
  }, 120_000);
  afterAll(async () => {
    await rehearsal.close();
    rmSync(plans, { recursive: true, force: true });
  });

  const count = async (change: string): Promise<number> => (await rehearsal.world.get('/ledger')).counts[change] ?? 0;
  const edit = () => appendFileSync(join(plans, 'omnimesh.yml'), '\n# edited\n');

  it('of two runs over the same component the second is refused with the name of the first', async () => {
    const { world } = rehearsal;
    const first = await startRunBy(world, 'dr-lead', '/failover', 'omnimesh database it is slow');
    expect(await type(world, 'dr-lead', '/failover', 'omnimesh region everything is slow')).toContain(first);
    await type(world, 'dr-lead', '/dr', `run ${first} abort it was only tried`);
    expect((await untilFinished(rehearsal, first)).at(-1)!.data.event.outcome).toBe('cancelled');
    expect(await count('rds:PromoteReadReplica')).toBe(0);
  });

  it('a plan edited after the last yes changes nothing of what was approved', async () => {
    const runId = await startRunBy(rehearsal.world, 'dr-lead', '/failover', 'omnimesh cache it is slow');
    await approveRun(rehearsal.world, runId, both);
    edit();
    expect((await untilFinished(rehearsal, runId)).at(-1)!.data.event.outcome).toBe('succeeded');
  });

  it('a plan edited before the last yes voids what was approved', async () => {
    const runId = await startRunBy(rehearsal.world, 'dr-lead', '/failover', 'omnimesh storage it is slow');
    await approveRun(rehearsal.world, runId, ['dba']);
    await untilEvent(rehearsal, runId, ({ type: kind }) => kind === 'approval.given', 'the first yes');
    edit();
    await approveRun(rehearsal.world, runId, ['vp-engineering']);
    expect((await untilFinished(rehearsal, runId)).at(-1)!.data.event.outcome).toBe('voided');
  });

  it('a replica that was deleted since is not promoted, and the run says so', async () => {
    const { world, sandbox, journal } = rehearsal;
    const runId = await startRunBy(world, 'dr-lead', '/failover', 'omnimesh database it is slow');
    const [created] = await rowsOf(journal, `run:${runId}`);
    const promote = created!.data.event.graph.steps.find(({ uses }: any) => uses === 'rds/promote-read-replica');
    await untilEvent(rehearsal, runId, ({ type: kind }) => kind === 'approval.requested', 'the question');
    const [, , replica] = promote.resources[0].split(':');
    await world.post('/instances/delete', { instance: replica });
    await world.until('the replica to be gone', 60, async () =>
      (await world.get('/world')).instances.some((one: any) => one.id === replica) ? undefined : true,
    );
    await approveRun(world, runId, both);
    const rows = await untilEvent(rehearsal, runId, ({ type: kind }) => kind === 'run.halted', 'the halt');
    // Noticed before the first change, which is the fence: nobody is cut off for a promote that cannot come.
    const stop = rows.find(({ type: kind }) => kind === 'step.failed' || kind === 'step.blocked');
    expect(rows.filter(({ type: kind }) => kind === 'step.acting').map(({ data }) => data.event.step)).not.toContain(
      'fence-database',
    );
    expect(JSON.stringify(stop?.data.event)).toMatch(/not found|does not exist|no instance|unknown/i);
    expect(await count('rds:PromoteReadReplica')).toBe(0);
    expect(sandbox.context.ledger.counts()['kubernetes:PatchSecret']).toBeUndefined();
  });
});
