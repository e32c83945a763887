import { execFile } from 'node:child_process';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { cardOf, hasButton, type World, wholeText } from '../../src/cli/demo/world.ts';
import { needsRedis, startRedis } from '../support/redis.ts';
import { cleanEnvironment, cliPath, type RunningBot, runIdIn, startRunningBot, type } from '../support/running-bot.ts';

/** Types a failover of the cache and has it approved by the two who must. */
const approvedFailover = async (world: World, scope = 'database'): Promise<string> => {
  const runId = runIdIn(await type(world, 'dr-lead', '/failover', `omnimesh ${scope} the primary is gone`));
  const card = await world.until('the approval card', 20, async () => {
    const found = await cardOf(world, runId);
    return found && hasButton(found.message, 'run:approve') ? found : undefined;
  });
  for (const user of ['dba', 'vp-engineering'])
    await world.post('/slack/click', { user, channel: card.channel.id, ts: card.message.ts, actionId: 'run:approve' });
  return runId;
};

const success = (world: World, runId: string) =>
  world.until(`the success of ${runId}`, 60, async () => {
    const card = await cardOf(world, runId);
    if (card && /Failed|Aborted|human must/.test(card.message.text)) throw new Error(wholeText(card.message));
    return card?.message.text.startsWith('✅') ? card : undefined;
  });

describe('a run goes on', { timeout: 120_000 }, () => {
  let bot: RunningBot | undefined;
  afterEach(async () => {
    await bot?.close();
    bot = undefined;
  });

  it('after the bot was killed in the middle, without promoting twice', async () => {
    bot = await startRunningBot();
    const { world } = bot;
    const runId = await approvedFailover(world);
    await world.until('the promote', 20, async () =>
      (await world.get('/ledger')).counts['rds:PromoteReadReplica'] ? true : undefined,
    );
    await bot.kill('SIGKILL');
    await bot.start();
    await success(world, runId);
    const { counts } = await world.get('/ledger');
    expect(counts['rds:PromoteReadReplica']).toBe(1);
    expect(counts['kubernetes:PatchSecret']).toBe(1);
    const told = (await world.get('/slack/state')).channels.flatMap((channel: any) =>
      channel.messages.map((message: any) => JSON.stringify(message.metadata?.event_payload?.key ?? message.ts)),
    );
    expect(new Set(told).size).toBe(told.length);
    const journal = new pg.Pool({ connectionString: bot.databaseUrl, max: 1 });
    const { rows } = await journal.query(`SELECT type FROM journal WHERE stream = $1 AND type LIKE 'view.%'`, [
      `run:${runId}`,
    ]);
    await journal.end();
    expect(rows).toEqual([{ type: 'view.made' }]);
  });

  it('over Socket Mode as over HTTP', async () => {
    bot = await startRunningBot({ environment: (_, world) => world.get('/slack/socket-settings') });
    expect(bot.slackUrl).toBeUndefined();
    expect(await type(bot.world, 'dr-lead', '/dr', 'help')).toContain('/failover');
    await success(bot.world, await approvedFailover(bot.world));
  });

  it.runIf(needsRedis())('with wake-ups on Redis, also when Redis forgets everything', async () => {
    const redis = await startRedis();
    try {
      bot = await startRunningBot({ environment: () => ({ REDIS_URL: redis.url }) });
      expect(((await (await fetch(`${bot.webUrl}/health`)).json()) as { queue: string }).queue).toBe('redis');
      const runId = await approvedFailover(bot.world);
      await bot.world.until('the promote', 20, async () =>
        (await bot!.world.get('/ledger')).counts['rds:PromoteReadReplica'] ? true : undefined,
      );
      await redis.flush();
      await success(bot.world, runId);
    } finally {
      await redis.stop();
    }
  });

  it('says "nothing to do", with proof, when the command is typed twice', async () => {
    bot = await startRunningBot();
    await success(bot.world, await approvedFailover(bot.world));
    const answer = await type(bot.world, 'dba', '/failover', 'omnimesh database just to be sure');
    expect(answer).toMatch(/Nothing to do: database of OmniMesh production already runs in oregon.*available, primary/);
    expect((await bot.world.get('/ledger')).counts['rds:PromoteReadReplica']).toBe(1);
  });

  it('declares, updates and resolves an incident wherever it is told of', async () => {
    bot = await startRunningBot();
    const { world } = bot;
    expect(await type(world, 'dba', '/incident', 'declare P2 omnimesh queries are slow')).toContain('Declared P2');
    const channel = await world.until('the channel', 20, async () =>
      (await world.get('/slack/state')).channels.find((each: any) => each.name.startsWith('inc-')),
    );
    await world.until('the page', 20, async () =>
      (await world.get('/pagerduty/state')).incidents.length === 1 ? true : undefined,
    );
    expect(await type(world, 'dba', '/incident', 'update an index was dropped')).toContain('Said in the incident');
    await world.until('the words', 20, async () => {
      const found = (await world.get('/slack/state')).channels.find((each: any) => each.id === channel.id);
      return found.messages.some((message: any) => message.text.includes('an index was dropped')) ? true : undefined;
    });
    expect(await type(world, 'dba', '/incident', 'status')).toContain('P2');
    expect(await type(world, 'dba', '/incident', 'resolve the index is back')).toContain('Resolving');
    await world.until('the resolved page', 20, async () =>
      (await world.get('/pagerduty/state')).incidents[0].status === 'resolved' ? true : undefined,
    );
    expect(await type(world, 'dba', '/incident', 'status')).toContain('No incident is open');
  });

  it('ends within ten seconds of SIGTERM', async () => {
    bot = await startRunningBot();
    await approvedFailover(bot.world);
    const before = performance.now();
    await bot.kill('SIGTERM');
    expect(performance.now() - before).toBeLessThan(10_000);
  });
});

describe('the start', { timeout: 60_000 }, () => {
  const start = (environment: Record<string, string>): Promise<{ code: number | null; stderr: string }> =>
    new Promise((done) => {
      const child = execFile(
        process.execPath,
        [cliPath, 'start'],
        { env: { ...cleanEnvironment(), ...environment } },
        (_, __, stderr) => done({ code: child.exitCode, stderr }),
      );
    });

  it('names each missing setting and what it is for, and prints no value', async () => {
    const { code, stderr } = await start({ SLACK_BOT_TOKEN: 'xoxb-0123456789-secret' });
    expect(code).toBe(1);
    expect(stderr).toContain('SLACK_SIGNING_SECRET is missing: Mayday proves with it that a request comes from Slack');
    expect(stderr).toContain('PAGERDUTY_API_TOKEN is missing');
    expect(stderr).not.toContain('0123456789-secret');
  });
});
