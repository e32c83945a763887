import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cardOf, hasButton, type World, wholeText } from '../../src/cli/demo/world.ts';
import { codeAt, counterAt } from '../../src/step-up/totp.ts';
import { cardSaying, clickOnCard, succeededCard } from '../support/card.ts';
import { type RunningBot, startedRun, startRunningBot, type } from '../support/running-bot.ts';

/** A made-up plan whose rules have alternatives, counts, severities, levels and a second proof. */
let bot: RunningBot;
let world: World;
beforeAll(async () => {
  bot = await startRunningBot({ plans: 'test/end-to-end/plans', plan: 'apiary', speed: 30 });
  world = bot.world;
}, 60_000);
afterAll(() => bot.close());

const changes = async (): Promise<any[]> =>
  (await world.get('/ledger')).entries.filter(
    ({ change }: { change: string }) => !/^(slack|pagerduty|smtp|service):/.test(change),
  );
const begin = (user: string, command: string, text: string) =>
  startedRun(world, () => type(world, user, command, text));
const ask = (user: string, text: string) => begin(user, '/failover', `apiary ${text}`);
const approvalCard = (runId: string) =>
  world.until('the card', 60, async () => {
    const card = await cardOf(world, runId);
    return card && hasButton(card.message, 'run:approve') ? card : undefined;
  });
const lastAnswer = async (user: string): Promise<string> => {
  const { responses, ephemeral } = await world.get('/slack/state');
  const mine = ephemeral.filter((each: any) => each.user === user).map((each: any) => each.text);
  return [...responses.map(({ body }: any) => body.text), ...mine].at(-1);
};
/** Fills in the form that Approve opens, and gives what Slack was answered. */
const approveWith = async (runId: string, user: string, values: Record<string, string>): Promise<any> => {
  const card = await approvalCard(runId);
  const clicked = await world.post('/slack/click', {
    user,
    channel: card.channel.id,
    ts: card.message.ts,
    actionId: 'run:approve',
  });
  expect(clicked.view, `a form for ${user}: ${clicked.said}`).not.toBeNull();
  // Whoever types a code sees once more what it is for.
  expect(JSON.stringify(clicked.view)).toMatch(/Expected loss: .*Your yes holds up to .*Cannot be taken back: /);
  const filled = Object.fromEntries(Object.entries(values).map(([id, value]) => [id, { value }]));
  return world.post('/slack/submit', { user, viewId: clicked.view.id, values: filled });
};
const mailsSent = async (): Promise<any[]> => (await world.get('/mail')).mails;
const directMessages = async (user: string): Promise<any[]> => {
  const { channels } = await world.get('/slack/state');
  return channels
    .filter(({ kind, name }: any) => kind === 'im' && name === user)
    .flatMap(({ messages }: any) => messages);
};

describe('who may', () => {
  it('is decided by severity: a P3 needs only who is on call at the second level of the policy', async () => {
    const runId = await ask('max', 'sign the sign hangs crooked');
    const card = await approvalCard(runId);
    expect(wholeText(card.message)).toContain('Rule “always, P3”: second-line');
    await clickOnCard(world, runId, 'ida', 'run:approve');
    await world.until('the refusal', 20, async () =>
      /not among those who may approve.*second-line/.test(await lastAnswer('U0IDA0001')) ? true : undefined,
    );
    await clickOnCard(world, runId, 'pim', 'run:approve');
    await succeededCard(world, runId);
  }, 60_000);

  it('is counted: two different operators; a yes can be taken back until the first change, and twenty clicks are one', async () => {
    const runId = await ask('max', 'hives the bees are gone');
    const card = await approvalCard(runId);
    expect(wholeText(card.message)).toContain('2 of 2 approvals missing');
    expect(wholeText(card.message)).toMatch(/Blast radius:\*? 1 changes? to 1 resource/);
    await Promise.all(
      Array.from({ length: 20 }, () =>
        world.post('/slack/click', {
          user: 'ida',
          channel: card.channel.id,
          ts: card.message.ts,
          actionId: 'run:approve',
        }),
      ),
    );
    await cardSaying(world, runId, /1 of 2 approvals missing/);
    await clickOnCard(world, runId, 'ida', 'run:withdraw', 'I misread the card');
    await cardSaying(world, runId, /2 of 2 approvals missing[\s\S]*took their yes back[\s\S]*I misread the card/);
    await clickOnCard(world, runId, 'ode', 'run:approve');
    await clickOnCard(world, runId, 'una', 'run:approve');
    await succeededCard(world, runId);
    const scaled = (await changes()).filter(({ change }) => change === 'kubernetes:PatchDeploymentScale');
    expect(scaled).toHaveLength(1);
    expect(await type(world, 'ode', '/dr', `run ${runId} withdraw too late`)).toMatch(/has ended \(succeeded\)/);
  }, 60_000);

  it('a yes counts no longer when its giver has left by the time of the next one', async () => {
    const runId = await begin('max', '/dr', 'recover apiary hives they swarm');
    await clickOnCard(world, runId, 'una', 'run:approve');
    await cardSaying(world, runId, /1 of 2 approvals missing/);
    await world.post('/slack/user', { id: 'U0UNA0001', deleted: true });
    await clickOnCard(world, runId, 'ode', 'run:approve');
    await cardSaying(
      world,
      runId,
      /1 of 2 approvals missing[\s\S]*Una Drone took their yes back[\s\S]*no longer among those who may/,
    );
    await world.post('/slack/user', { id: 'U0UNA0001', deleted: false });
    await clickOnCard(world, runId, 'max', 'run:cancel');
    await cardSaying(world, runId, /Cancelled[\s\S]*Nothing was changed/);
  }, 60_000);

  it('/dr who says who could approve now, and at another time', async () => {
    const said = await type(world, 'max', '/dr', 'who apiary failover sign');
    expect(said).toContain('rule "always, P3"');
    expect(said).toMatch(/second-line \(level 2 of the PagerDuty policy PAPIARYEP\): Pim Smoker/);
    expect(await type(world, 'max', '/dr', 'who apiary failover store at 2026-12-01T03:00Z')).toMatch(
      /at 2026-12-01T03:00Z[\s\S]*queen, or 2 different people of operators/,
    );
  });
});

describe('before what can never be taken back', () => {
  let runId: string;
  let secret: Buffer;
  const enrol = async (user: string, id: string): Promise<Buffer> => {
    await type(world, user, '/dr', 'step-up enrol');
    const [message] = (await directMessages(id)).filter(({ text }) => text.includes('authenticator'));
    const key = /`([A-Z2-7]{4}(?: [A-Z2-7]{4}){7})`/.exec(message.text)![1]!.replaceAll(' ', '');
    const bytes = fromBase32(key);
    expect(await type(world, user, '/dr', 'step-up confirm 000000')).toMatch(/wrong, too old, or was used/);
    const code = codeAt(bytes, counterAt(new Date()));
    expect(await type(world, user, '/dr', `step-up confirm ${code}`)).toContain('is enrolled');
    // The message that shows the secret is taken away, and who has the Slack account cannot replace it.
    expect((await directMessages(id)).filter(({ text }) => text.includes(key.slice(0, 4)))).toEqual([]);
    expect(await type(world, user, '/dr', 'step-up enrol')).toMatch(/enrolled already/);
    return bytes;
  };

  it('a yes is bound to what may be lost: past that the question is void, and Ask again asks for what holds now', async () => {
    secret = await enrol('ida', 'U0IDA0001');
    const first = await ask('max', 'store the honey is stuck');
    expect(wholeText((await approvalCard(first)).message)).toMatch(/at most [\d.]+ s\. Your yes holds up to \*2 min\*/);
    await world.post('/lag', { seconds: 1500 });
    // Withheld from now on: the copy falls behind by a second each second.
    await sleep(6_000);
    await clickOnCard(world, first, 'queen', 'run:approve');
    const void_ = await cardSaying(
      world,
      first,
      /Void:\*? store could lose up to \d+ s now, and what was asked for was at most 120 s/,
    );
    expect(wholeText(void_.message)).toContain('Nothing was changed');
    await world.post('/lag', { seconds: 4 });
    await clickOnCard(world, first, 'max', 'run:again');
    runId = await world.until(
      'the new run',
      20,
      async () => /Asked again as run `(r-[a-z0-9]+)`/.exec(await lastAnswer('U0MAX0001'))?.[1],
    );
  }, 60_000);

  it('a code of the app is asked for, enrolled by direct message and never kept readable', async () => {
    const said = wholeText((await approvalCard(runId)).message);
    expect(said).toMatch(/Cannot be taken back:\*? /);
    expect(said).toContain('Rule “always, store”: queen, or 2 different people of operators');
    expect(await approveWith(runId, 'ode', { code: '123456' })).toMatchObject({
      body: { errors: { code: expect.stringContaining('no authenticator enrolled') } },
    });
    // Whoever stole una's session cannot enrol an authenticator for what waits already.
    const late = await enrol('una', 'U0UNA0001');
    const stolen = await approveWith(runId, 'una', { code: codeAt(late, counterAt(new Date()) + 1) });
    expect(stolen.body.errors.code).toMatch(/enrolled after this was asked for/);

    const wrong = await approveWith(runId, 'ida', { code: '000000' });
    expect(wrong.body.errors.code).toMatch(/wrong, too old, or was used before/);
    await approveWith(runId, 'ida', { code: codeAt(secret, counterAt(new Date()) + 1) });
    await cardSaying(world, runId, /Ida Comb.*\(proven by a code\)/);
    expect((await changes()).filter(({ change }) => change.startsWith('rds:'))).toEqual([]);
  }, 60_000);

  it('a mailed link does as well: opening it approves nothing, it is good once, and it is nobody else’s', async () => {
    const before = (await mailsSent()).length;
    const answer = await approveWith(runId, 'ode', {});
    expect(JSON.stringify(answer)).toContain('A link was mailed to o…@apiary.example');
    const mails = await world.until('the mail', 20, async () => {
      const all = await mailsSent();
      return all.length > before ? all : undefined;
    });
    const mail = mails.at(-1);
    expect(mail.recipients).toEqual(['ode@apiary.example']);
    const link = /http:\/\/\S+\/approve\/\S+/.exec(mail.text)![0];
    const opened = await fetch(link);
    expect(opened.status).toBe(200);
    expect(opened.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await opened.text()).toMatch(/failover of store: Apiary honey[\s\S]*Expected loss/);
    expect((await changes()).filter(({ change }) => change.startsWith('rds:'))).toEqual([]);
    const forged = link.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    expect((await fetch(forged, { method: 'POST' })).status).toBe(403);
    const approved = await fetch(link, { method: 'POST', body: new URLSearchParams() });
    expect(await approved.text()).toContain('it was the last one needed');
    expect(await (await fetch(link, { method: 'POST' })).text()).toContain('used before');
    await succeededCard(world, runId);
    expect((await changes()).filter(({ change }) => change === 'rds:PromoteReadReplica')).toHaveLength(1);
  }, 60_000);

  it('tells the owners by every way, as the rule asks', async () => {
    await world.until('the owners', 30, async () => {
      const mails = await mailsSent();
      const told = ['quinn@apiary.example', 'max@apiary.example'].every((address) =>
        mails.some(({ recipients, text }: any) => recipients.includes(address) && text.includes('the honey is stuck')),
      );
      return told && (await directMessages('U0MAX0001')).length > 0 ? true : undefined;
    });
  });
});

describe('silence', () => {
  it('names, calls and mails, asks the next level, and then ends unharmed; Ask again asks what holds now', async () => {
    const runId = await begin('max', '/dr', 'recover apiary hives they are gone again');
    await approvalCard(runId);
    const channel = (await cardOf(world, runId))!.channel.name;
    await world.until('the expiry', 60, async () => {
      const card = await cardOf(world, runId);
      return card && wholeText(card.message).includes('Expired') && hasButton(card.message, 'run:again')
        ? true
        : undefined;
    });
    const { channels } = await world.get('/slack/state');
    const texts = channels.find(({ name }: any) => name === channel).messages.map(({ text }: any) => text);
    const inRun = texts.filter((text: string) => text.includes(runId));
    expect(
      inRun.find((text: string) => /Still waiting for a yes[\s\S]*<@U0IDA0001>[\s\S]*<@U0ODE0001>/.test(text)),
    ).toBeDefined();
    expect(inRun.find((text: string) => /second-line is asked now/.test(text))).toBeDefined();
    const { incidents } = await world.get('/pagerduty/state');
    const called = incidents.flatMap(({ responderRequests }: any) =>
      responderRequests.flatMap(({ targets }: any) => targets),
    );
    expect(called).toContain('PPIM001');
    expect(called).toContain('PIDA001');
    const mails = await mailsSent();
    expect(
      mails.some(
        ({ recipients, text }: any) =>
          recipients.includes('pim@apiary.example') && text.includes('waits for your approval'),
      ),
    ).toBe(true);
    const before = await changes();

    // Pressed three times it is asked once.
    const card = (await cardOf(world, runId))!;
    for (let press = 0; press < 3; press += 1)
      await world.post('/slack/click', {
        user: 'max',
        channel: card.channel.id,
        ts: card.message.ts,
        actionId: 'run:again',
      });
    const again = await world.until(
      'the new run',
      20,
      async () => /Asked again as run `(r-[a-z0-9]+)`/.exec(await lastAnswer('U0MAX0001'))?.[1],
    );
    await approvalCard(again);
    await clickOnCard(world, again, 'ode', 'run:reject', 'they came back by themselves');
    await cardSaying(world, again, /they came back by themselves/);
    expect(await changes()).toEqual(before);
  }, 90_000);
});

const fromBase32 = (text: string): Buffer => {
  const bits = [...text].map((letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  );
  return Buffer.from((bits.join('').match(/.{8}/g) ?? []).map((eight) => Number.parseInt(eight, 2)));
};
