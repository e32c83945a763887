import { describe, expect, it } from 'vitest';
import { runIdIn } from '../support/running-bot.ts';
import type { Quay } from './quay.ts';

/**
 * What Slack has proven and Mayday still refuses, whichever way it came: wrong people, wrong clicks, wrong words. The same
 * for HTTP and Socket Mode.
 */
export const proven = (given: () => Quay, how: 'http' | 'socket'): void => {
  const rule = /Rule: only (full members|people) of this workspace/;
  const nobody = { ada: 'U0ADA0001', other: 'T0ELSEWHERE' };

  /** Each way in which somebody can ask for something, as that person or with that said otherwise. */
  const tries = (quay: Quay, user: string, altered: { command?: object; payload?: object; event?: object } = {}) => ({
    command: () => quay.command(user, '/failover quay door it squeaks', altered.command),
    mention: () =>
      quay.answer(() =>
        quay.world.post('/slack/event', {
          event: {
            type: 'app_mention',
            user,
            channel: generalOf(quay),
            ts: `${Date.now() / 1000}`,
            text: '<@U0MAYDAYBT> failover quay door it squeaks',
          },
          altered: altered.event ?? {},
        }),
      ),
  });
  let general = '';
  const generalOf = (_: Quay) => general;

  describe('13–17 people who may not', () => {
    it('13 another workspace, or another Enterprise organisation', async () => {
      const quay = given();
      general = (await quay.state()).channels.find(({ name }: any) => name === 'general').id;
      const before = await quay.runs();
      const elsewhere = { team_id: nobody.other };
      const enterprise = { id: 'E0OTHERORG', name: 'Other' };
      for (const answer of [
        await tries(quay, 'ada', { command: elsewhere }).command(),
        await tries(quay, 'ada', { command: { enterprise_id: 'E0OTHERORG', enterprise_name: 'Other' } }).command(),
        await tries(quay, 'U0ADA0001', { event: elsewhere }).mention(),
        await tries(quay, 'U0ADA0001', { event: { enterprise_id: 'E0OTHERORG' } }).mention(),
        await quay.command('ada', '/dr status quay', elsewhere),
      ])
        expect(answer).toMatch(/another (workspace|Enterprise organisation)\. Rule: only/);
      const run = await quay.start('ada', '/failover quay door it squeaks');
      await quay.cardWith(run, 'run:approve');
      for (const altered of [
        { team: { id: nobody.other } },
        { user: { team_id: nobody.other } },
        { enterprise },
        { team: { enterprise_id: 'E0OTHERORG' } },
      ]) {
        for (const button of ['run:approve', 'run:cancel', 'run:details', 'run:reject'])
          expect(await quay.answer(() => quay.click(run, 'mia', button, { altered }))).toMatch(/another .*Rule: only/);
        expect(
          await quay.answer(() =>
            quay.world.post('/slack/shortcut', { user: 'ada', callbackId: 'command:failover', altered }),
          ),
        ).toMatch(/another .*Rule: only/);
      }
      expect(await quay.runs()).toBe(before + 1);
      await quay.answer(() => quay.click(run, 'ada', 'run:cancel'));
      await quay.saying(run, /Cancelled/);
    });

    it.each([
      ['14 a guest', 'U0GUEST001', /guest/],
      ['15 a stranger of Slack Connect', 'U0STRANGER', /another workspace/],
      ['16 somebody who has left', 'U0LEFT0001', /deactivated/],
      ['17 a bot', 'U0OTHERBOT', /Bots may not/],
    ])('%s', async (_, user, why) => {
      const quay = given();
      const before = await quay.runs();
      const run = await quay.start('ada', '/failover quay gate it squeaks');
      await quay.cardWith(run, 'run:approve');
      const all = tries(quay, user);
      for (const answer of [
        await all.command(),
        // Slack lets nobody who has left be written to, and no bot in private.
        ...(user === 'U0LEFT0001' ? [] : [await all.mention()]),
        ...(['U0LEFT0001', 'U0OTHERBOT'].includes(user)
          ? []
          : [await quay.answer(() => quay.world.post('/slack/shortcut', { user, callbackId: 'command:failover' }))]),
        // Not even a form is opened.
        await quay.command(user, '/failover'),
        await quay.command(user, '/incident declare P3 quay it leaks'),
        await quay.command(user, `/dr run ${run} abort no`),
        await quay.answer(() => quay.click(run, user, 'run:approve')),
        await quay.answer(() => quay.click(run, user, 'run:cancel')),
        await quay.answer(() => quay.click(run, user, 'run:reject')),
      ]) {
        expect(answer).toMatch(why);
        expect(answer).toMatch(rule);
      }
      expect(await quay.runs()).toBe(before + 1);
      await quay.answer(() => quay.click(run, 'ada', 'run:cancel'));
      await quay.saying(run, /Cancelled/);
      const recorded = (await quay.journal('request.refused')).filter(({ actor }) => actor === `slack:${user}`);
      expect(recorded.length).toBeGreaterThanOrEqual(5);
      expect(recorded.map(({ data }) => data.what)).toContain('/failover');
      expect(recorded[0]!.data).toMatchObject({ code: 'authority/refused', text: expect.stringMatching(rule) });
    });
  });

  describe('18–25 approvals', () => {
    it('18–20, 23–25 only the right people, each once, and only what they saw', async () => {
      const quay = given();
      const run = await quay.start('ada', '/failover quay door it squeaks');
      const other = await quay.start('ben', '/failover quay gate it squeaks');
      const approve = (user: string, forge?: object, of = run) =>
        quay.answer(() => quay.click(of, user, 'run:approve', forge ? { forge } : {}));
      // 18 The requester, and whoever the rule does not name.
      expect(await approve('ada')).toMatch(/your own yes does not count|may not approve|does not count/i);
      expect(await approve('U0EMPLOYEE')).toMatch(/not among those who may approve.*Rule/s);
      // 23 Forged ids and values.
      const hash = '0'.repeat(64);
      expect(await approve('ben', { actionId: 'run:approve', value: `${run}|${hash}` })).toMatch(/another version/);
      expect(await approve('ben', { actionId: 'run:approve', value: 'r-nosuchid|x' })).toMatch(/There is no run/);
      for (const value of [
        '',
        '|',
        '__proto__|constructor|toString',
        `${run}\u0000|x`,
        `${run}';--|x`,
        'x'.repeat(1999),
      ])
        expect(await approve('ben', { actionId: 'run:approve', value })).toMatch(/There is no run|another version/);
      for (const actionId of [
        'run:approve-all',
        'run:constructor',
        'run:',
        'nothing:here',
        'incident:no-such',
        'proposal:no',
      ])
        expect(await approve('ben', { actionId })).toMatch(/no such button|answered already/);
      // 24 A button from another run: its value names that one and its graph.
      const card = await quay.cardWith(other, 'run:approve');
      const foreign = card.message.blocks!.flatMap(({ elements }) => elements ?? []) as any[];
      const [, otherHash] = foreign.find(({ action_id }) => action_id === 'run:approve').value.split('|');
      expect(await approve('ben', { actionId: 'run:approve', value: `${run}|${otherHash}` })).toMatch(
        /another version/,
      );
      // 25 Somebody who has been taken out of the group since.
      await quay.world.post('/slack/usergroup', { id: 'S0CREW001', users: ['U0ADA0001'] });
      expect(await approve('ben')).toMatch(/not among those who may approve.*Rule/s);
      await quay.world.post('/slack/usergroup', { id: 'S0CREW001', users: ['U0ADA0001', 'U0BEN0001'] });
      // 20 Twenty clicks at once are one yes; 19 and the same person counts in one place only.
      const { channel, message } = await quay.cardWith(run, 'run:approve');
      const click = { user: 'ben', channel: channel.id, ts: message.ts, actionId: 'run:approve', wait: false };
      const answered = (await quay.state()).responses.length;
      await Promise.all(Array.from({ length: 20 }, () => quay.world.post('/slack/click', click)));
      await quay.world.until('an answer to each', 40, async () =>
        (await quay.state()).responses.length >= answered + 20 ? true : undefined,
      );
      await quay.saying(run, /1 of 2 approvals missing/);
      await quay.world.post('/slack/usergroup', { id: 'S0MASTERS', users: ['U0BEN0001'] });
      await quay.answer(() => quay.click(run, 'ben', 'run:approve'));
      await quay.saying(run, /1 of 2 approvals missing/);
      await quay.world.post('/slack/usergroup', { id: 'S0MASTERS', users: ['U0MIA0001'] });
      // A reason that is none, or no text at all.
      for (const value of ['  ', '\u200b\u202e']) {
        const { view } = await quay.click(run, 'mia', 'run:reject', { wait: true });
        const answer = await quay.world.post('/slack/submit', {
          user: 'mia',
          viewId: view.id,
          values: { field: { value } },
        });
        expect(JSON.stringify(answer.body)).toMatch(/needs a reason/);
        await quay.world.post('/slack/close', { user: 'mia', viewId: view.id });
      }
      for (const state of [{}, { values: { field: { value: { value: ['a', 1] } } } }, { values: [] }]) {
        const { view } = await quay.click(run, 'U0EMPLOYEE', 'run:reject', { wait: true });
        await quay.world.post('/slack/submit', {
          user: 'U0EMPLOYEE',
          viewId: view.id,
          values: { field: { value: 'it only blinked' } },
          altered: { view: { state, private_metadata: `${run}|${hash}|__proto__` } },
        });
        await quay.world.post('/slack/close', { user: 'U0EMPLOYEE', viewId: view.id }).catch(() => {});
      }
      await quay.answer(() => quay.click(run, 'ada', 'run:cancel'));
      await quay.answer(() => quay.click(other, 'ben', 'run:cancel'));
      await Promise.all([quay.saying(run, /Cancelled/), quay.saying(other, /Cancelled/)]);
      expect(await quay.changes()).toEqual([]);
    });

    it('21 a click after the expiry', async () => {
      const quay = given();
      const run = await quay.start('ada', '/dr recover quay gate it squeaks');
      await quay.saying(run, /Expired/);
      // The card has no button any more; somebody kept the old one, whose value follows from the run.
      const { channel, message } = await quay.cardWith(run, 'run:details');
      const answer = await quay.answer(async () =>
        quay.world.post('/slack/click', {
          user: 'mia',
          channel: channel.id,
          ts: message.ts,
          actionId: 'run:details',
          wait: false,
          forge: { actionId: 'run:approve', value: `${run}|${await quay.hashOf(run)}` },
        }),
      );
      expect(answer).toMatch(/expired|not waiting|has ended/i);
      expect(await quay.changes()).toEqual([]);
    });

    it('22 a click after the plan changed', async () => {
      const quay = given();
      const { readFileSync, writeFileSync } = await import('node:fs');
      const file = `${quay.bot.settings['MAYDAY_PLANS']}/quay.yml`;
      const text = readFileSync(file, 'utf8');
      const run = await quay.start('ada', '/failover quay door it squeaks');
      await quay.cardWith(run, 'run:approve');
      try {
        writeFileSync(file, text.replace('vale: 192.0.2.2 }', 'vale: 192.0.2.66 }'));
        expect(await quay.answer(() => quay.click(run, 'ben', 'run:approve'))).toMatch(/Not approved|changed/);
        await quay.saying(run, /Void/);
      } finally {
        writeFileSync(file, text);
      }
      expect(await quay.changes()).toEqual([]);
    });
  });

  describe('26–38 words', () => {
    /** What nobody may write in somebody else's name: mentions, links behind other words, marks that reorder. */
    const harmful = /<!(channel|here|everyone|subteam)|<https?:\/\/evil|<@U0BEN0001>(?=!)|[\u202a-\u202e\u2066-\u2069]/;
    const everythingShown = async (quay: Quay): Promise<string> => {
      const { channels, ephemeral, responses, views, homes } = await quay.state();
      const mine = channels.map(({ topic, name, bookmarks, messages }: any) => ({
        topic,
        name,
        bookmarks,
        messages: messages.filter(({ user }: any) => user === 'U0MAYDAYBT'),
      }));
      // What people filled in is their own; what Mayday drew is not.
      const drawn = [...views, ...homes].map(({ view: { state: _, ...view } }: any) => view);
      return JSON.stringify([mine, ephemeral, responses, drawn]);
    };
    const shown = JSON.stringify;
    /** What stands around the first harmful thing that anybody was shown. */
    const harm = async (quay: Quay): Promise<string | undefined> => {
      const all = await everythingShown(quay);
      const at = all.search(harmful);
      return at < 0 ? undefined : all.slice(Math.max(0, at - 150), at + 100);
    };

    it.each([
      ['26 a mention of everybody', 'it is dark <!channel> <!here> <!subteam^S0CREW001> <@U0BEN0001>!'],
      [
        '27 the same as entities',
        'it is dark &lt;!here&gt; &amp;lt;!channel&amp;gt; &lt;https://evil.example|status&gt;',
      ],
      [
        '28 a link behind another word',
        'it is dark <https://evil.example|status.quay.example> [status](https://evil.example)',
      ],
      ['29 an override of the direction', 'it is \u202edark\u202c and \u2067quiet\u2069'],
      ['30 zero-width characters and smart quotes', 'it\u200b is \u201cdark\u201d \u2018now\u2019 \ufeff\u2060'],
      ['31 NUL and lone surrogates', 'it is\u0000 dark \ud800 \udfff \\u0000'],
      ['32 what a shell or SQL would run', "it is dark $(touch /tmp/x); `id` -- '); DROP TABLE journal; -- | cat"],
      ['38 more than a section holds', `it is dark ${'very '.repeat(700)}`],
    ])('%s, in a reason that everybody reads', async (_, words) => {
      const quay = given();
      const run = await quay.start('ada', `/failover quay door ${words}`);
      await quay.cardWith(run, 'run:approve');
      const { view } = await quay.click(run, 'ben', 'run:reject', { wait: true });
      await quay.world.post('/slack/submit', {
        user: 'ben',
        viewId: view.id,
        values: { field: { value: 'No' } },
        altered: { view: { state: { values: { field: { value: { value: `No: ${words}` } } } } } },
      });
      await quay.saying(run, /Rejected/);
      expect(await harm(quay)).toBe(undefined);
      expect(await quay.refusedBySlack()).toEqual([]);
      expect(await quay.changes()).toEqual([]);
    });

    it('26–32 in an incident: title, channel, topic, updates, tasks, pins, notes, post-mortem, Details and App Home', async () => {
      const quay = given();
      const words =
        '\u202eit leaks\u202c <!channel> &lt;!here&gt; <https://evil.example|status> <@U0BEN0001>! \u200b*now*';
      // What people call themselves is theirs to write as well.
      const called = (name: string) => quay.world.post('/slack/user', { id: 'U0ADA0001', real_name: name });
      await called('Ada <!channel> \u202eeloM\u202c <https://evil.example|x>');
      await quay.command('ada', `/incident declare P3 none ${words}`);
      const channel = await quay.world.until('the channel', 20, async () =>
        (await quay.state()).channels.find(
          ({ name, messages }: any) => name.startsWith('inc-') && shown(messages).includes('it leaks'),
        ),
      );
      expect(channel.name).toMatch(/^[a-z0-9_-]{1,80}$/);
      const here = async (line: string) => {
        const [command, ...rest] = line.split(' ');
        return quay.answer(() =>
          quay.world.post('/slack/command', { user: 'ada', channel: channel.id, command, text: rest.join(' ') }),
        );
      };
      await here(`/incident update in 30m ${words}`);
      await here(`/incident task in 2h ${words}`);
      await here('/incident role commander');
      await quay.world.post('/slack/join', { user: 'ben', channel: channel.id });
      const pinned = await quay.world.post('/slack/say', { user: 'ben', channel: channel.id, text: words });
      await quay.world.post('/slack/react', { user: 'ada', channel: channel.id, ts: pinned.ts, name: 'pushpin' });
      await here('/incident timeline');
      await here('/incident postmortem');
      await here(`/incident resolve ${words}`);
      await quay.world.post('/slack/home', { user: 'ada' });
      await quay.world.until('the end', 20, async () =>
        /resolved/i.test((await everythingShown(quay)).slice(0)) ? true : undefined,
      );
      await called('Ada Mole');
      expect(await harm(quay)).toBe(undefined);
      expect(await quay.refusedBySlack()).toEqual([]);
    });

    it('29, 32 a name that only looks like one, is turned round, or is a command of a shell', async () => {
      const quay = given();
      const before = await quay.runs();
      for (const [line, sentence] of [
        ['/failover qu\u0430y door it squeaks', /no plan.*look like others.*U\+0430/],
        ['/failover quay do\u043er it squeaks', /look like others.*U\+043E/],
        ['/failover \u202eyauq\u202c door it squeaks', /look like others.*U\+202E/],
        ['/failover quay door to v\u0430le it squeaks', /look like others/],
        ['/failover quay d\uff4for it squeaks', /look like others/],
        ['/dr run r-\u043erun', /look like others/],
        ['/dr run r-abcdefgh skip tur\u0438 no', /look like others/],
        ['/dr status $(id)', /There is no plan/],
        ['/failover quay;rm door it squeaks', /There is no plan/],
        ['/failover --help door it squeaks', /There is no plan/],
        ['/failover ../../etc/passwd door it squeaks', /There is no plan/],
        ['/failover __proto__ door it squeaks', /There is no plan/],
        ['/failover quay constructor it squeaks', /There is no scope/],
        ['/dr run constructor', /There is no run/],
        ['/dr plan __proto__ quay', /There is no tool/],
        ['/incident role __proto__', /no role|role/],
      ] as const)
        expect([line, await quay.command('ada', line)]).toEqual([
          line,
          expect.stringMatching(new RegExp(sentence, 's')),
        ]);
      expect(await quay.runs()).toBe(before);
    });

    it.each([
      ['/failover quya door it is dark', /Did you mean "quay"\?/],
      ['/failover quay dor it is dark', /Did you mean "door"\?/],
      ['/failover quay door to vael it is dark', /Did you mean "vale"\?/],
      ['/failover quay door', /Say why/],
      ['/dr stauts quay', /Did you mean "status"\?/],
      ['/dr run r-nosuchid', /There is no run/],
      ['/incident declare P9 quay something', /There is no severity P9/],
    ])('a slip of the finger starts nothing and says what was meant: %s', async (line, sentence) => {
      const quay = given();
      const before = await quay.runs();
      expect(await quay.command('ada', line)).toMatch(sentence);
      expect(await quay.runs()).toBe(before);
    });

    it('of two who ask for the same at once one has it, and the other hears which run holds it', async () => {
      const quay = given();
      const before = (await quay.state()).responses.length;
      const ask = (user: string) =>
        quay.world.post('/slack/command', {
          user,
          channel: 'general',
          command: '/failover',
          text: 'quay door it squeaks',
        });
      await Promise.all([ask('ada'), ask('ben')]);
      const answers: string[] = await quay.world.until('both answers', 15, async () => {
        const { responses } = await quay.state();
        const texts = responses.slice(before).map(({ body }: any) => body.text);
        return texts.length >= 2 ? texts : undefined;
      });
      const run = runIdIn(answers.find((text) => text.startsWith('Started run'))!);
      expect(answers.filter((text) => text.startsWith('Started run'))).toHaveLength(1);
      expect(answers.find((text) => !text.startsWith('Started run'))).toContain(run);
      const { requester } = (await quay.pool.query('SELECT requester FROM runs WHERE id = $1', [run])).rows[0];
      await quay.answer(() => quay.click(run, requester, 'run:cancel'));
      await quay.saying(run, /Cancelled/);
    });

    it('30 a name with what phones put in is taken for what it is', async () => {
      const quay = given();
      const run = runIdIn(await quay.command('ada', '/failover \u201cquay\u201d \u200bdoor it squeaks'));
      await quay.answer(() => quay.click(run, 'ada', 'run:cancel'));
      await quay.saying(run, /Cancelled/);
    });

    it('37 a check of this very machine is not made', async () => {
      const quay = given();
      expect(await quay.command('ada', '/dr check quay')).toMatch(/the machine that Mayday runs on; it was not asked/);
    });
  });

  it(`after all that over ${how}: the same process, no fault of its own, and a journal that verifies`, async () => {
    const quay = given();
    expect(quay.bot.pid()).toBe(quay.pid);
    expect(await (await fetch(`${quay.bot.webUrl}/health`)).json()).toMatchObject({ ok: true });
    expect(quay.bot.log().match(/"level":50.*|front door failed.*|Unhandled.*/g) ?? []).toEqual([]);
    expect(JSON.parse(await quay.cli(['audit', 'verify', '--json'])).verified).toBe(true);
    expect(await quay.changes()).toEqual([]);
    for (const { data } of await quay.journal('request.refused'))
      expect(data).toEqual({ what: expect.any(String), code: expect.any(String), text: expect.any(String), ...data });
  });
};
