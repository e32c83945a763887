import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import type { World } from '../../src/cli/demo/world.ts';
import { mayday } from '../support/mayday-command.ts';
import { hasSshKeygen, plansWithKeys } from '../support/pinned-keys.ts';
import { type RunningBot, runIdIn, startRunningBot } from '../support/running-bot.ts';

describe.runIf(hasSshKeygen())('with nothing but the command line', { timeout: 240_000 }, () => {
  let bot: RunningBot;
  afterEach(() => bot.close());

  const { plans, keys } = plansWithKeys('omnimesh', ['dr-lead', 'dba', 'vp-engineering', 'network']);
  const as = (...people: string[]) => people.flatMap((person) => ['--as', person, '--key', keys[person]!]);
  const run = (args: string[], more: Record<string, string> = {}) => mayday(args, { ...bot.settings, ...more });
  const start = (speed = 60) => startRunningBot({ plans, speed });
  const failover = ['run', 'start', 'failover', 'omnimesh', 'database', '--reason', 'Slack is down too'];

  const promoted = async (world: World) => (await world.get('/ledger')).counts['rds:PromoteReadReplica'];
  const texts = async (world: World): Promise<string[]> =>
    (await world.get('/slack/state')).channels.flatMap(({ messages }: any) => messages.map(({ text }: any) => text));

  it('a run is started, approved and carried out while Slack and PagerDuty are down, and all is told afterwards', async () => {
    // Slow enough that a quarter of an hour, after which a question expires, is time to type.
    bot = await start(15);
    const { world } = bot;
    for (const service of ['slack', 'pagerduty', 'statuspage'])
      await world.post('/faults', { kind: 'service', service, how: '500' });

    const unsigned = await run([...failover, '--as', 'dba']);
    expect(unsigned).toMatchObject({ code: 1, stderr: expect.stringContaining('needs a signature') });
    const started = await run([...failover, ...as('dr-lead')]);
    expect(started.code, started.stderr).toBe(0);
    const runId = runIdIn(started.stdout);
    const approve = (person: string, key = keys[person]!) => run(['approve', runId, '--as', person, '--key', key]);

    // Who is on call cannot be asked, so those count whom the plan names for that; the others do not.
    await world.until('the question', 30, async () =>
      (await run(['run', 'show', runId])).stdout.includes('waiting for approval') ? true : undefined,
    );
    expect((await approve('dba', keys['network']!)).stderr).toContain('not a signature of Dmitri Banks');
    expect((await approve('network')).stderr).toMatch(/could not be looked up, and unknown means no/);
    expect((await approve('dba')).stdout).toContain('Still missing: vp-engineering');
    expect(await promoted(world)).toBeUndefined();
    const last = await approve('vp-engineering');
    expect(last.stdout, last.stderr).toContain('the last one needed');
    await world.until('the promote', 60, async () => ((await promoted(world)) === 1 ? true : undefined));
    await world.until('the end of recovery', 90, async () => {
      const { steps } = JSON.parse((await run(['run', 'show', runId, '--json'])).stdout);
      const work = steps.filter(({ effect, phase }: any) => effect !== 'notice' && phase !== 'unwind');
      return work.every(({ state }: any) => state === 'succeeded') ? true : undefined;
    });
    expect(await texts(world)).toEqual([]);
    const mails = async () =>
      (await world.get('/mail')).mails.map(({ subject, to }: any) => `${to} ${subject}`).join('\n');
    await world.until('the mail to those who stand in', 60, async () =>
      /dba@omnimesh.com/.test(await mails()) ? true : undefined,
    );

    await world.clearFaults();
    await world.until('the card', 60, async () =>
      (await texts(world)).some((text) => text.startsWith('✅ failover of database')) ? true : undefined,
    );
    await world.until('the last word', 60, async () =>
      (await texts(world)).some((text) => text.includes('Nobody could be paged')) ? true : undefined,
    );
    // Once each, and what was asked for before how it ended, however long both had to wait.
    const { channels } = await world.get('/slack/state');
    const said = channels.find(({ name }: any) => name.startsWith('inc-')).messages.map(({ text }: any) => text);
    const first = said.findIndex((text: string) => text.includes('asked for it'));
    const end = said.findIndex((text: string) => /recovered|is done|✅ \*|:white_check_mark:/.test(text));
    expect(first).toBeGreaterThanOrEqual(0);
    if (end >= 0) expect(first).toBeLessThan(end);
    expect(said.filter((text: string) => text.includes('asked for it'))).toHaveLength(1);
    expect(await promoted(world)).toBe(1);
  });

  it('two operators break the glass without Slack, bot and database; the next start takes it in and tells everybody', async () => {
    bot = await start();
    const { world } = bot;
    await bot.kill('SIGKILL');
    await world.post('/faults', { kind: 'service', service: 'slack', how: 'hang' });
    const gone = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' };

    const alone = await run([...failover, '--break-glass', ...as('dba')], gone);
    expect(alone.stderr).toContain('takes two different operators');
    const stranger = await run([...failover, '--break-glass', ...as('dba', 'network')], gone);
    expect(stranger.stderr).toMatch(/Noor Walsh may not break the glass. Rule: those who may approve failover/);
    expect(await promoted(world)).toBeUndefined();

    const done = await run([...failover, '--break-glass', ...as('dba', 'dr-lead')], gone);
    expect(done.code, done.stderr + done.stdout).toBe(0);
    expect(await promoted(world)).toBe(1);
    const runId = runIdIn(done.stdout);
    const folder = join(bot.settings['MAYDAY_DATA']!, 'break-glass');
    expect(readdirSync(folder)).toEqual([`${runId}.jsonl`]);

    await world.clearFaults();
    await bot.start();
    expect(readdirSync(folder)).toEqual([`${runId}.jsonl.merged`]);
    await world.until('the loud notice', 60, async () =>
      (await texts(world)).some((text) => text.includes('The glass was broken')) ? true : undefined,
    );
    await world.until('the mails', 60, async () => {
      const { mails } = await world.get('/mail');
      const told = mails
        .filter(({ text }: any) => text.includes('breaking the glass'))
        .map(({ to }: any) => String(to));
      return ['cto@omnimesh.com', 'ceo@omnimesh.com', 'vp-eng@omnimesh.com'].every((one) =>
        told.some((to: string) => to.includes(one)),
      )
        ? true
        : undefined;
    });
    expect(await promoted(world)).toBe(1);
    const verified = await run(['audit', 'verify', '--json']);
    expect(JSON.parse(verified.stdout.trim().split('\n').at(-1)!)).toMatchObject({ verified: true });
    const pool = new pg.Pool({ connectionString: bot.databaseUrl, max: 1 });
    const { rows } = await pool.query(
      `SELECT data FROM journal WHERE type IN ('break-glass.merged', 'approval.given')`,
    );
    await pool.end();
    expect(rows.map(({ data }) => data).join()).toMatch(/BEGIN SSH SIGNATURE/);
    expect(rows).toHaveLength(3);
  });
});
