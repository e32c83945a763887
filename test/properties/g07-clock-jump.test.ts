import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openRehearsal, type Rehearsal, startApproved, untilFinished } from '../support/rehearsal.ts';

/** G7: time-outs are measured, leases are the database's; what the machine's clock says is nobody's business. */
describe('a machine whose clock jumps an hour ahead and back', { timeout: 180_000 }, () => {
  let rehearsal: Rehearsal;
  beforeAll(async () => {
    const jumping = join(import.meta.dirname, '../support/jumping-date.mjs');
    rehearsal = await openRehearsal({
      postgresUrl: inject('databaseUrl'),
      speed: 60,
      environment: { NODE_OPTIONS: `--import ${jumping}` },
    });
    await rehearsal.start();
  }, 120_000);
  afterAll(() => rehearsal.close());

  it('neither loses a run nor does anything twice', async () => {
    const { world, sandbox } = rehearsal;
    const bot = rehearsal.bots()[0]!;
    const call = 'rds:PromoteReadReplica';
    const { id } = sandbox.context.holds.add({ call, when: 'after' });
    const runId = await startApproved(world, 'dr-lead', '/failover', 'omnimesh database it is slow', [
      'dba',
      'vp-engineering',
    ]);
    await world.until('the promote', 60, async () =>
      sandbox.context.holds.list().some((hold) => hold.id === id && hold.reached) ? true : undefined,
    );
    bot.signal('SIGUSR2');
    sandbox.context.holds.release('go', id);
    await world.until('the secret', 60, async () =>
      (await world.get('/ledger')).counts['kubernetes:PatchSecret'] ? true : undefined,
    );
    bot.signal('SIGUSR2');
    const rows = await untilFinished(rehearsal, runId);
    expect(rows.at(-1)!.data.event.outcome).toBe('succeeded');
    const { counts } = await world.get('/ledger');
    expect(counts[call]).toBe(1);
    expect(counts['kubernetes:PatchSecret']).toBe(1);
    expect(bot.log()).not.toMatch(/let go of the run|taken this run over/);
    // What it wrote is not an hour off either.
    const times = rows.map(({ data }) => Date.parse(data.at));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    // A clock that jumps does not make Slack's signatures too old or too new.
    await world.post('/slack/command', { user: 'dba', channel: 'general', command: '/dr', text: 'help' });
    bot.signal('SIGUSR2');
    const { status } = await world.post('/slack/command', {
      user: 'dba',
      channel: 'general',
      command: '/dr',
      text: 'help',
    });
    expect(status).toBe(200);
  });
});
