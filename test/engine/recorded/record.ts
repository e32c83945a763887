import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cardOf } from '../../../src/cli/demo/world.ts';
import { startEmbeddedPostgres } from '../../../src/journal/embedded-postgres.ts';
import {
  approveRun,
  openRehearsal,
  type Rehearsal,
  rowsOf,
  startRunBy,
  untilEvent,
  untilFinished,
} from '../../support/rehearsal.ts';
import { essentials, foldRows } from './essentials.ts';

/**
 * node test/engine/recorded/record.ts [name …]: runs the bot through a story and keeps the run's journal beside this
 * file, its last line what it came to. Record anew under a NEW name (v2-…) when events have changed; what an earlier commit recorded stays as it is,
 * because that is what lies in people's databases.
 */
const stories: Record<string, (rehearsal: Rehearsal) => Promise<string>> = {
  async 'failover-region'(rehearsal) {
    const { world } = rehearsal;
    await world.post('/faults', { kind: 'region-down', region: 'us-east-1' });
    const run = await startRunBy(world, 'dr-lead', '/failover', 'omnimesh region Virginia is gone');
    await approveRun(world, run, ['dba', 'vp-engineering']);
    return run;
  },
  async restore(rehearsal) {
    const { world } = rehearsal;
    const run = await startRunBy(world, 'cto', '/restore', 'omnimesh database 10m ago a table was dropped');
    await approveRun(world, run, ['dba', 'dr-lead']);
    return run;
  },
  async aborted(rehearsal) {
    const { world } = rehearsal;
    const run = await startRunBy(world, 'dr-lead', '/failover', 'omnimesh database the primary is slow');
    await approveRun(world, run, ['dba', 'vp-engineering']);
    await untilEvent(
      rehearsal,
      run,
      ({ type, data }) => type === 'step.acting' && data.event.step === 'promote',
      'the promote',
    );
    await world.post('/slack/command', {
      user: 'dr-lead',
      channel: 'general',
      command: '/dr',
      text: `run ${run} abort the primary is back`,
    });
    return run;
  },
  async rejected(rehearsal) {
    const { world } = rehearsal;
    const run = await startRunBy(world, 'dr-lead', '/failover', 'omnimesh cache it is slow');
    const card = await world.until('the card', 60, () => cardOf(world, run));
    const click = { user: 'dba', channel: card.channel.id, ts: card.message.ts, actionId: 'run:reject' };
    const { view } = await world.until('the form', 60, async () => {
      const answer = await world.post('/slack/click', click).catch(() => ({ view: null }));
      return answer.view ? answer : undefined;
    });
    await world.post('/slack/submit', {
      user: 'dba',
      viewId: view.id,
      values: { field: { value: 'it only blinked' } },
    });
    return run;
  },
};

const folder = mkdtempSync(join(tmpdir(), 'mayday-record-'));
chmodSync(folder, 0o755);
const postgres = await startEmbeddedPostgres({ folder, keepRunning: false });
try {
  const names = process.argv.slice(2);
  for (const [name, story] of Object.entries(stories)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const rehearsal = await openRehearsal({ postgresUrl: await postgres.database('postgres'), speed: 60 });
    try {
      await rehearsal.start();
      const run = await story(rehearsal);
      await untilFinished(rehearsal, run);
      const rows = await rowsOf(rehearsal.journal, `run:${run}`);
      const lines = rows.map(({ seq, actor, type, version, data }) =>
        JSON.stringify({ seq, actor, type, version, data }),
      );
      lines.push(JSON.stringify({ essentials: essentials(foldRows(rows)) }));
      writeFileSync(join(import.meta.dirname, `${name}.jsonl`), `${lines.join('\n')}\n`);
      process.stdout.write(`${name}: ${rows.length} events of ${run}\n`);
    } finally {
      await rehearsal.close();
    }
  }
} finally {
  await postgres.close();
  rmSync(folder, { recursive: true, force: true });
}
