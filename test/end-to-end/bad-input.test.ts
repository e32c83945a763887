import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cardOf, hasButton, wholeText } from '../../src/cli/demo/world.ts';
import { cliPath, type RunningBot, runIdIn, startRunningBot, type } from '../support/running-bot.ts';

describe('what is refused changes nothing and says why', { timeout: 60_000 }, () => {
  let bot: RunningBot;
  beforeAll(async () => {
    bot = await startRunningBot();
  });
  afterAll(() => bot?.close());

  const refusedSoFar = async () =>
    Number(/mayday_slack_requests_refused (\d+)/.exec(await (await fetch(`${bot.webUrl}/metrics`)).text())![1]);
  const changes = async () =>
    (await bot.world.get('/ledger')).entries.filter(
      (entry: { change: string }) => !/^(slack|pagerduty|smtp|service):/.test(entry.change),
    );
  const runs = async () => JSON.parse(await cli(['run', 'list', '--json']));
  const cli = (args: string[]): Promise<string> =>
    new Promise((done) => {
      execFile(process.execPath, [cliPath, ...args], { env: bot.settings }, (_, stdout) => done(stdout));
    });
  const approvalCard = (runId: string) =>
    bot.world.until('the approval card', 20, async () => {
      const card = await cardOf(bot.world, runId);
      return card && hasButton(card.message, 'run:approve') ? card : undefined;
    });
  const click = async (runId: string, user: string, actionId: string, forge?: object) => {
    const card = await approvalCard(runId);
    const before = (await bot.world.get('/slack/state')).responses.length;
    const clicked = await bot.world.post('/slack/click', {
      user,
      channel: card.channel.id,
      ts: card.message.ts,
      actionId,
      ...(forge ? { forge } : {}),
    });
    if (clicked.view) return { view: clicked.view, text: '' };
    const text = await bot.world.until('an answer to the click', 10, async () => {
      const { responses } = await bot.world.get('/slack/state');
      return responses.length > before ? (responses.at(-1).body.text as string) : undefined;
    });
    return { view: undefined, text };
  };
  const ended = (runId: string, words: string) =>
    bot.world.until(`run ${runId} ${words}`, 30, async () => {
      const card = await cardOf(bot.world, runId);
      return card && wholeText(card.message).includes(words) ? card : undefined;
    });

  it('answers requests that Slack did not sign, or signed long ago or in the future, with 401 and counts them', async () => {
    const before = await refusedSoFar();
    for (const tamper of ['unsigned', 'wrong', 'stale', 'future', 'v1']) {
      const answer = await bot.world.post('/slack/command', {
        user: 'dr-lead',
        channel: 'general',
        command: '/dr',
        text: 'help',
        tamper,
      });
      expect(answer.status, tamper).toBe(401);
    }
    expect(await refusedSoFar()).toBe(before + 5);
  });

  it('runs a replayed request once', async () => {
    const before = (await bot.world.get('/slack/state')).responses.length;
    const answer = await bot.world.post('/slack/command', {
      user: 'dr-lead',
      channel: 'general',
      command: '/dr',
      text: 'help',
      tamper: 'replay',
    });
    expect(answer.status).toBe(401);
    await bot.world.until('the one answer', 10, async () =>
      (await bot.world.get('/slack/state')).responses.length > before ? true : undefined,
    );
    expect((await bot.world.get('/slack/state')).responses.length).toBe(before + 1);
  });

  it.each([
    ['/failover', 'omnimehs region it is dark', 'Did you mean "omnimesh"?'],
    ['/failover', 'omnimesh regoin it is dark', 'Did you mean "region"?'],
    ['/failover', 'omnimesh region to orgeon it is dark', 'Did you mean "oregon"?'],
    ['/failover', 'omnimesh region', 'Say why'],
    ['/restore', 'omnimesh database yesterday rows are gone', 'Say to which moment'],
    ['/restore', 'omnimesh database 2030-01-01T00:00Z rows are gone', 'lies ahead'],
    ['/restore', 'omnimesh databse 10m ago rows are gone', 'Did you mean "database"?'],
    ['/dr', 'stauts omnimesh', 'Did you mean "status"?'],
    ['/dr', 'run r-nosuchid', 'There is no run'],
    ['/incident', 'declare P9 omnimesh something', 'There is no severity P9'],
  ])('%s %s → %s', async (command, text, answer) => {
    const before = (await runs()).length;
    expect(await type(bot.world, 'dr-lead', command, text)).toContain(answer);
    expect((await runs()).length).toBe(before);
  });

  it.each([
    ['U0GUEST001', 'You are a guest here.'],
    ['U0LEFT0001', 'This account is deactivated.'],
    ['U0STRANGER', 'You belong to another workspace.'],
    ['U0OTHERBOT', 'Bots may not give orders.'],
  ])('%s may not start anything', async (user, why) => {
    expect(await type(bot.world, user, '/failover', 'omnimesh region it is dark')).toContain(why);
  });

  it('starts one run of two that overlap, and tells the other who holds it', async () => {
    const [one, other] = await Promise.all([
      bot.world.post('/slack/command', {
        user: 'dr-lead',
        channel: 'general',
        command: '/failover',
        text: 'omnimesh database the primary is gone',
      }),
      bot.world.post('/slack/command', {
        user: 'dba',
        channel: 'general',
        command: '/failover',
        text: 'omnimesh region everything is gone',
      }),
    ]);
    expect([one.status, other.status]).toEqual([200, 200]);
    const answers = await bot.world.until('both answers', 20, async () => {
      const texts = (await bot.world.get('/slack/state')).responses.map(
        (response: { body: { text: string } }) => response.body.text,
      );
      const found = texts.filter((text: string) => /^Started run|Not started/.test(text.replace(/^\W+/, '')));
      return found.length >= 2 ? (found as string[]) : undefined;
    });
    expect(answers.filter((text) => text.includes('Started run'))).toHaveLength(1);
    const refused = answers.find((text) => text.includes('Not started'))!;
    const started = runIdIn(answers.find((text) => text.includes('Started run'))!);
    expect(refused).toContain(`held by run ${started}`);
    const { text } = await click(started, 'dr-lead', 'run:cancel');
    expect(text).toMatch(/nothing more is started|Only who asked/);
    if (text.includes('Only who asked')) await click(started, 'dba', 'run:cancel');
    await ended(started, 'Cancelled');
    expect(await changes()).toEqual([]);
  });

  it('lets only the right people approve, each once, and only what they saw', async () => {
    const runId = runIdIn(
      await type(
        bot.world,
        'dr-lead',
        '/failover',
        'omnimesh database the primary is gone <!channel> <https://evil.example|status>',
      ),
    );
    expect(wholeText((await approvalCard(runId)).message)).not.toMatch(/<!channel>|<https:\/\/evil/);
    expect((await click(runId, 'dr-lead', 'run:approve')).text).toContain('your own yes does not count');
    expect((await click(runId, 'U0EMPLOYEE', 'run:approve')).text).toContain(
      'You are not among those who may approve this. Rule',
    );
    expect((await click(runId, 'U0GUEST001', 'run:approve')).text).toContain('You are a guest');
    expect(
      (await click(runId, 'dba', 'run:approve', { actionId: 'run:approve', value: `${runId}|${'0'.repeat(64)}` })).text,
    ).toContain('another version of the run');
    const card = await approvalCard(runId);
    await Promise.all(
      Array.from({ length: 20 }, () =>
        bot.world.post('/slack/click', {
          user: 'dba',
          channel: card.channel.id,
          ts: card.message.ts,
          actionId: 'run:approve',
        }),
      ),
    );
    await ended(runId, '1 of 2 approvals missing');
    const { view } = await click(runId, 'vp-engineering', 'run:reject');
    const empty = await bot.world.post('/slack/submit', {
      user: 'vp-engineering',
      viewId: view.id,
      values: { field: { value: '  ' } },
    });
    expect(JSON.stringify(empty)).toContain('A rejection needs a reason');
    const card2 = await approvalCard(runId);
    const again = await bot.world.post('/slack/click', {
      user: 'vp-engineering',
      channel: card2.channel.id,
      ts: card2.message.ts,
      actionId: 'run:reject',
    });
    await bot.world.post('/slack/submit', {
      user: 'vp-engineering',
      viewId: again.view.id,
      values: { field: { value: 'it only blinked' } },
    });
    const rejected = await ended(runId, 'Rejected');
    expect(wholeText(rejected.message)).toContain('it only blinked');
    expect(await changes()).toEqual([]);
  });

  it('expires unharmed when nobody answers', async () => {
    const runId = runIdIn(await type(bot.world, 'dba', '/failover', 'omnimesh cache it is slow'));
    await approvalCard(runId);
    const expired = await bot.world.until('the expiry', 50, async () => {
      const card = await cardOf(bot.world, runId);
      return card && wholeText(card.message).includes('Expired') ? card : undefined;
    });
    expect(wholeText(expired.message)).toContain('Nothing was changed');
    expect(await changes()).toEqual([]);
  });

  it('voids an approval when the plan was edited after the card was posted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mayday-plans-'));
    cpSync('plans', folder, { recursive: true });
    const own = await startRunningBot({ plans: folder });
    try {
      const runId = runIdIn(await type(own.world, 'dr-lead', '/failover', 'omnimesh cache it is slow'));
      const card = await own.world.until('the card', 20, async () => {
        const found = await cardOf(own.world, runId);
        return found && hasButton(found.message, 'run:approve') ? found : undefined;
      });
      const file = join(folder, 'omnimesh.yml');
      writeFileSync(
        file,
        readFileSync(file, 'utf8').replace(
          'replicas: 2 }\n          within: 15m',
          'replicas: 3 }\n          within: 15m',
        ),
      );
      await own.world.post('/slack/click', {
        user: 'dba',
        channel: card.channel.id,
        ts: card.message.ts,
        actionId: 'run:approve',
      });
      await own.world.until('the void run', 20, async () => {
        const found = await cardOf(own.world, runId);
        return found && wholeText(found.message).includes('Void') ? true : undefined;
      });
    } finally {
      await own.close();
    }
  });

  it('keeps a journal that verifies through all of that', async () => {
    expect(JSON.parse(await cli(['audit', 'verify', '--json'])).verified).toBe(true);
  });
});
