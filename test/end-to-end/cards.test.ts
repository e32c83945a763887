import { afterEach, expect, it } from 'vitest';
import { cardOf, wholeText } from '../../src/cli/demo/world.ts';
import { cardSaying, clickOnCard, succeededCard } from '../support/card.ts';
import { type RunningBot, runIdIn, startRunningBot, type } from '../support/running-bot.ts';

let bot: RunningBot;
afterEach(() => bot.close());

const changes = 500;

it('a card is right after hundreds of changes, while Slack has enough of us, and when the bot dies meanwhile', {
  timeout: 300_000,
}, async () => {
  bot = await startRunningBot({ plans: 'test/end-to-end/plans', plan: 'bakery', speed: 60 });
  const { world } = bot;
  await world.post('/faults', { kind: 'error', change: 'route53:ChangeResourceRecordSets' });
  const runId = runIdIn(await type(world, 'ann', '/failover', 'bakery shopfront the ovens are cold'));
  for (const user of ['ben', 'dan']) await clickOnCard(world, runId, user, 'run:approve');
  const { message } = await cardSaying(world, runId, /A human must decide/);
  const step = message
    .blocks!.flatMap(({ elements }) => elements ?? [])
    .map(({ action_id: id }) => /^run:skip:(.+)$/.exec(id ?? '')?.[1])
    .find(Boolean);

  // Hundreds of answers: asked for more often than people look.
  const order = async (user: string, text: string) => {
    const answered = (await world.get('/ledger/calls'))['slack:response_url'].ok;
    await world.post('/slack/command', { user, channel: 'general', command: '/dr', text });
    while ((await world.get('/ledger/calls'))['slack:response_url'].ok === answered)
      await new Promise((done) => setTimeout(done, 5));
  };
  for (let i = 0; i < changes / 2; i += 1) {
    await order('ann', `run ${runId} skip ${step} wish number ${i}`);
    if (i < changes / 2 - 1) await order('ben', `run ${runId} refuse ${step} not yet`);
  }
  const asked = await cardSaying(world, runId, new RegExp(`wish number ${changes / 2 - 1}\\b`));
  expect(wholeText(asked.message)).not.toContain('wish number 1:');
  const { edits } = (await cardOf(world, runId))!.message as unknown as { edits: number };
  expect(edits).toBeGreaterThan(50);

  await type(world, 'ben', '/dr', `run ${runId} refuse ${step} it works again`);
  await world.clearFaults();
  await type(world, 'ann', '/dr', `run ${runId} retry it works again`);
  await world.post('/faults', { kind: 'service', service: 'slack', how: '429', retryAfterSeconds: 1 });
  await world.until('the switch', 60, async () =>
    (await world.get('/ledger')).counts['route53:ChangeResourceRecordSets'] >= 1 ? true : undefined,
  );
  await bot.kill('SIGKILL');
  await bot.start();
  await new Promise((done) => setTimeout(done, 3_000));
  expect((await cardOf(world, runId))!.message.text).not.toMatch(/^✅/);
  await world.clearFaults();
  await succeededCard(world, runId);
  const { channels } = await world.get('/slack/state');
  const cards = channels
    .flatMap(({ messages }: any) => messages)
    .filter(({ blocks, thread_ts }: any) => !thread_ts && JSON.stringify(blocks ?? []).includes(`${runId}|`));
  expect(cards).toHaveLength(1);
  const { refusals } = await world.get('/ledger');
  expect(refusals.filter(({ code }: any) => code === 'ratelimited')).toEqual([]);
});
