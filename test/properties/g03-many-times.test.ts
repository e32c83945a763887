import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { cardOf, hasButton } from '../../src/cli/demo/world.ts';
import { openQueue } from '../../src/queue/queue.ts';
import { openRehearsal, type Rehearsal, rowsOf, startRunBy, untilFinished } from '../support/rehearsal.ts';

const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1_000_000));
const quiet = { info() {}, warn() {}, error() {} };

interface Flood {
  /** Whether Slack brings the command twice. */
  commandTwice: boolean;
  /** Who clicks, in which order, each as often as they stand here. */
  clicks: ('dba' | 'vp-engineering')[];
  clickTwice: boolean;
  /** Wake-ups beyond those that the bot sends itself. */
  jobs: { lane: 'recover' | 'tell' | 'look'; times: number }[];
}

const floods: fc.Arbitrary<Flood> = fc.record({
  commandTwice: fc.boolean(),
  clicks: fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }))
    .chain(([a, b]) =>
      fc.shuffledSubarray([...Array(a).fill('dba'), ...Array(b).fill('vp-engineering')], { minLength: a + b }),
    ),
  clickTwice: fc.boolean(),
  jobs: fc.array(
    fc.record({
      lane: fc.constantFrom('recover' as const, 'tell' as const, 'look' as const),
      times: fc.integer({ min: 1, max: 4 }),
    }),
    { minLength: 1, maxLength: 8 },
  ),
});

/** G3: whatever comes one to four times, in whatever order, has one effect. */
describe(`G3, seed ${seed}: commands, clicks and jobs that come many times`, { timeout: 240_000 }, () => {
  let rehearsal: Rehearsal;
  beforeAll(async () => {
    rehearsal = await openRehearsal({ postgresUrl: inject('databaseUrl'), speed: 60 });
    await Promise.all([rehearsal.start(), rehearsal.start()]);
  }, 120_000);
  afterAll(() => rehearsal.close());

  it.each([['storage'], ['cache']])('fail over %s once', async (scope) => {
    const [flood] = fc.sample(floods, { seed: seed + scope.length, numRuns: 1 });
    const { world, journal, databaseUrl } = rehearsal;
    const said = `seed ${seed}: ${JSON.stringify(flood)}`;
    const queue = await openQueue({ databaseUrl }, quiet);
    try {
      const before = (await world.get('/ledger')).entries.length;
      const command = {
        user: 'dr-lead',
        channel: 'general',
        command: '/failover',
        text: `omnimesh ${scope} it floods`,
      };
      if (flood!.commandTwice) await world.post('/slack/command', { ...command, redeliver: true });
      else await startRunBy(world, command.user, command.command, command.text);
      const runId = await world.until('the run', 60, async () => {
        const { rows } = await journal.query(`SELECT id FROM runs WHERE scope = $1`, [scope]);
        return rows[0]?.id as string | undefined;
      });
      await world.until('the card', 60, async () => {
        const found = await cardOf(world, runId);
        return found && hasButton(found.message, 'run:approve') ? found : undefined;
      });
      for (const { lane, times } of flood!.jobs) for (let i = 0; i < times; i += 1) queue.wake(runId, lane, 'failover');
      for (const user of flood!.clicks) {
        const card = (await cardOf(world, runId))!;
        const click = { user, channel: card.channel.id, ts: card.message.ts, actionId: 'run:approve' };
        // The button is gone as soon as enough have said yes.
        await world.post('/slack/click', { ...click, redeliver: flood!.clickTwice }).catch(() => undefined);
        for (const { lane, times } of flood!.jobs)
          for (let i = 0; i < times; i += 1) queue.wake(runId, lane, 'failover');
      }
      const rows = await untilFinished(rehearsal, runId);
      expect(rows.at(-1)!.data.event.outcome, said).toBe('succeeded');
      const people = rows.filter(({ type }) => type === 'approval.given').map(({ data }) => data.event.person);
      expect(new Set(people).size, said).toBe(people.length);
      const runs = await journal.query(`SELECT count(*)::int AS runs FROM runs WHERE scope = $1`, [scope]);
      expect(runs.rows[0].runs, said).toBe(1);
      const { entries } = await world.get('/ledger');
      const made = entries
        .slice(before)
        .filter(({ change }: any) => !/^(slack|pagerduty|statuspage|smtp):/.test(change))
        .map(({ change, resource }: any) => `${change} ${resource}`);
      expect(new Set(made).size, said).toBe(made.length);
      const letters = entries.flatMap(({ details }: any) => details.messageId ?? []);
      expect(new Set(letters).size, said).toBe(letters.length);
      const keys = (await world.get('/slack/state')).channels.flatMap((channel: any) =>
        channel.messages.flatMap((message: any) => message.metadata?.event_payload.key ?? []),
      );
      expect(new Set(keys).size, said).toBe(keys.length);
    } finally {
      await queue.close();
    }
  });

  it('an event that Slack repeats is taken once', async () => {
    const { world, journal } = rehearsal;
    const event = { type: 'app_home_opened', user: 'U0DBA0001', tab: 'home' };
    for (let i = 0; i < 4; i += 1) await world.post('/slack/event', { event, eventId: 'EvMANYTIMES' });
    // That the others were refused is on record as well, a moment later.
    const rows = (await rowsOf(journal, 'system')).filter(({ type }) => type === 'request.received');
    expect(rows.filter(({ data }) => JSON.stringify(data).includes('app_home_opened'))).toHaveLength(1);
  });
});
