import { describe, expect, test } from 'vitest';
import { commands } from '../../commands/index.ts';
import { takeMoment } from '../../commands/moment.ts';
import { oneOf, placeOf, reasonOf, wordsOf } from '../../commands/words.ts';
import type { CommandContext, IncidentSummary, StartFlow } from '../../src/define.ts';

describe('words', () => {
  test.each([
    ['  orchard   crates\tnow \n', ['orchard', 'crates', 'now']],
    ['orchard “crates” ‘now’ «x» „y”', ['orchard', '"crates"', "'now'", '"x"', '"y"']],
    ['orchard\u200b crates\ufeff \u2060now', ['orchard', 'crates', 'now']],
    // Left to be refused as a name; taken out of what is only read.
    ['now\u202e', ['now\u202e']],
    ['orchard\u00a0crates\u3000now', ['orchard', 'crates', 'now']],
    ['crates — because', ['crates', '—', 'because']],
    ['crates –reason', ['crates', '--reason']],
    ['\u0000orchard\u0007 \u001b[31mcrates', ['orchard', '[31mcrates']],
    ['', []],
    ['\u200b \u200d', []],
  ])('%j is read as %j', (text, words) => expect(wordsOf(text)).toEqual(words));
});

describe('one of a few', () => {
  const pick = (text: string) => oneOf(wordsOf(text), ['orchard', 'mill'], 'plan', '/failover <plan>');

  test.each(['orchard', 'Orchard', '"orchard"', '“orchard”', '`orchard`', "'ORCHARD'"])('%s is taken', (text) =>
    expect(pick(text)).toBe('orchard'),
  );

  test('a slip of the finger is answered with the nearest name and a line to copy', () => {
    expect(() => pick('orchrad')).toThrow(
      'There is no plan "orchrad". Did you mean "orchard"? Like this: `/failover <plan>`. Nothing was started.',
    );
    expect(() => pick('')).toThrow(
      'Say which plan: orchard, mill. Like this: `/failover <plan>`. Nothing was started.',
    );
  });

  test('a name in letters that only look alike is not taken', () => {
    expect(() => pick('оrchard')).toThrow(
      /There is no plan "оrchard"\. It contains characters that look like others.*U\+043E.* Did you mean "orchard"/,
    );
  });

  test.each(['constructor', '__proto__', 'toString'])('%s is no name', (text) =>
    expect(() => pick(text)).toThrow(/There is no plan/),
  );

  test('a place is taken only behind "to"', () => {
    const words = wordsOf('TO South it rains');
    expect(placeOf(words, ['north', 'south'], 'usage')).toBe('south');
    expect(words).toEqual(['it', 'rains']);
    expect(placeOf(['it', 'rains'], ['north', 'south'], 'usage')).toBeUndefined();
    expect(() => placeOf(['to', 'souht'], ['north', 'south'], 'usage')).toThrow(
      /There is no place "souht"\. Did you mean "south"/,
    );
  });
});

describe('a reason', () => {
  const reason = (text: string) => reasonOf(wordsOf(text), '/failover orchard crates');

  test.each([
    ['the Region is dark', 'the Region is dark'],
    ['— the Region is dark', 'the Region is dark'],
    ['because the Region is dark', 'the Region is dark'],
    ['reason: “the Region is dark”', 'the Region is dark'],
    ['-- because: dark', 'dark'],
  ])('%j', (text, said) => expect(reason(text)).toBe(said));

  test.each(['', '   ', '\u200b\u200b\u200b', '--', '""', 'x', '“”', 'because'])('%j is none', (text) =>
    expect(() => reason(text)).toThrow(
      'Say why, so that those who approve and those who audit know: `/failover orchard crates <reason>`. Nothing was started.',
    ),
  );

  test('a very long one is cut, and never in the middle of a character', () => {
    const said = reason(`x${'🍎'.repeat(600)}`);
    expect(said.length).toBeLessThanOrEqual(500);
    expect(said.isWellFormed()).toBe(true);
  });
});

describe('moments', () => {
  const now = new Date('2026-03-01T12:00:00Z');
  const read = (text: string) => {
    const words = wordsOf(text);
    return {
      at: takeMoment(words, now, '/restore orchard crates <moment> <reason>').toISOString(),
      rest: words.join(' '),
    };
  };

  test.each([
    ['10m ago rows are gone', '2026-03-01T11:50:00.000Z'],
    ['10 minutes ago rows are gone', '2026-03-01T11:50:00.000Z'],
    ['2 Hours ago rows are gone', '2026-03-01T10:00:00.000Z'],
    ['-10m ago rows are gone', '2026-03-01T11:50:00.000Z'],
    ['1h30m AGO rows are gone', '2026-03-01T10:30:00.000Z'],
    ['09:50 rows are gone', '2026-03-01T09:50:00.000Z'],
    ['9:50 rows are gone', '2026-03-01T09:50:00.000Z'],
    ['09:50:30Z rows are gone', '2026-03-01T09:50:30.000Z'],
    ['9:50:30 rows are gone', '2026-03-01T09:50:30.000Z'],
    ['2026-02-28T09:50 rows are gone', '2026-02-28T09:50:00.000Z'],
    ['2026-02-28T09:50Z rows are gone', '2026-02-28T09:50:00.000Z'],
    ['2026-02-28 09:50 rows are gone', '2026-02-28T09:50:00.000Z'],
    ['2026-02-28 09:50Z rows are gone', '2026-02-28T09:50:00.000Z'],
    ['2026-02-28T09:50+02:00 rows are gone', '2026-02-28T07:50:00.000Z'],
    ['2026-02-28T09:50-0500 rows are gone', '2026-02-28T14:50:00.000Z'],
  ])('%j', (text, at) => expect(read(text)).toEqual({ at, rest: 'rows are gone' }));

  test.each([
    '',
    'yesterday',
    '10m rows are gone',
    '10 ago',
    '25:99',
    '2026-02-30T09:50',
    '2026-13-01T09:50',
    '2026-02-28',
    '2026-02-29 09:50',
    '24:00',
  ])('%j is none, and the answer shows how', (text) =>
    expect(() => read(text)).toThrow(
      /^Say to which moment, such as `10m ago` or `2026-03-01T12:00Z` \(UTC\)\. Like this: `\/restore/,
    ),
  );

  test.each(['12:01', '2026-03-02T00:00', '2026-03-01T12:30+00:00'])('%j lies ahead', (text) =>
    expect(() => read(text)).toThrow(/lies ahead; now it is 2026-03-01T12:00:00.000Z/),
  );
});

describe('commands', () => {
  const type = async (
    name: string,
    text: string,
    more: { open?: IncidentSummary[]; ofChannel?: IncidentSummary; plans?: string[] } = {},
  ) => {
    const started: StartFlow[] = [];
    const replies: string[] = [];
    const controls: unknown[] = [];
    const orders: unknown[] = [];
    const context: CommandContext = {
      caller: { team: 'T1', user: 'U0PIP0001', name: 'pip', channel: 'C1' },
      receivedAt: new Date('2026-03-01T12:00:00Z'),
      reply: async (said) => void replies.push(said),
      async start(request) {
        started.push(request);
        return { runId: 'r-23456789', incident: 'i-23456789', isNew: true };
      },
      checklists: {
        show: async (id) => `lists of ${id}`,
        tick: async (_, list, number) => `${list} ${number}`,
      },
      planTools: { names: () => ['graph'], run: async (tool, plan, words) => `${tool} of ${plan} ${words.join(' ')}` },
      plans: {
        names: () => more.plans ?? ['orchard', 'mill'],
        find: (plan) => ({
          name: plan,
          title: 'Orchard',
          places: ['north', 'south'],
          situations: ['flood'],
          scopes: () => ['crates', 'everything'],
        }),
      },
      runs: {
        list: async () => [],
        describe: async (id) => `run ${id}`,
        result: async (id) => `result of ${id}`,
        proposal: async () => null,
        async control(...given) {
          controls.push(given);
          return 'done';
        },
      },
      incidents: {
        open: async () => more.open ?? [],
        recent: async () => [],
        ofChannel: async () => more.ofChannel,
        find: async () => more.ofChannel,
        notePinned: async () => {},
        pinnedIn: async () => [],
        async give(...given) {
          orders.push(given);
          return 'done';
        },
        ask: async () => false,
        timeline: async (id) => `timeline of ${id}`,
        postMortem: async (id) => `draft of ${id}`,
      },
      stepUp: async () => '',
      abilities: async () => ({ noOrders: null, approves: [] }),
      propose: async () => 'proposed',
      commands,
    };
    const command = commands.find((each) => each.name === name)!;
    const refusal = await command.run(text, context).then(
      () => undefined,
      (error: Error) => error,
    );
    return { started, replies, controls, orders, refusal };
  };
  const incident = (id: string, more: Partial<IncidentSummary> = {}): IncidentSummary => ({
    id,
    plan: 'orchard',
    title: 'storm',
    severity: 'P2',
    status: 'open',
    channel: null,
    declaredAt: '2026-03-01T11:00:00Z',
    ...more,
  });

  test('a failover says what was understood', async () => {
    const { started, replies } = await type('/failover', 'Orchard “crates” to South — the primary doesn’t answer');
    expect(started).toEqual([
      { flow: 'failover', plan: 'orchard', scope: 'crates', to: 'south', reason: "the primary doesn't answer" },
    ]);
    expect(replies[0]).toMatch(/Started run `r-23456789`: failover of crates of Orchard/);
  });

  test.each(['--anyway', '—anyway'])('%s says that the cool-down is known of', async (flag) => {
    const { started } = await type('/failover', `orchard crates ${flag} it must go again`);
    expect(started).toMatchObject([{ reason: 'it must go again', anyway: true }]);
  });

  test.each([
    ['/failover', '', /Say which plan: orchard, mill/],
    ['/failover', 'orchid crates x y z', /There is no plan "orchid"\. Did you mean "orchard"/],
    ['/failover', 'orchard cartes it is dark', /There is no scope of orchard "cartes"\. Did you mean "crates"/],
    ['/failover', 'orchard crates', /Say why.*`\/failover orchard crates <reason>`/],
    ['/failover', 'orchard crates to south', /Say why.*`\/failover orchard crates to south <reason>`/],
    ['/failover', 'orchard crates to souht it is dark', /There is no place "souht"\. Did you mean "south"/],
    ['/restore', 'orchard crates rows are gone', /Say to which moment/],
    ['/restore', 'orchard crates 10m ago', /Say why/],
    ['/incident', 'declear orchard it rains', /There is no subcommand "declear"\. Did you mean "declare"/],
    ['/incident', 'declare P9 orchard it rains', /There is no severity P9; valid are P1, P2, P3, P4/],
    ['/incident', 'declare P1 orchard', /Say it in a few words/],
    ['/incident', 'update it rains more', /No incident is open\. Declare one/],
    ['/dr', 'stauts orchard', /There is no subcommand "stauts"\. Did you mean "status"/],
    ['/dr', 'run r-1 abrot enough', /There is no deed "abrot"\. Did you mean "abort"/],
    ['/dr', 'run r-1 abort', /Say why: `\/dr run r-1 abort <reason>`\. Nothing was done/],
  ])('%s %s is refused with one clear sentence, and nothing is started', async (name, text, why) => {
    const { started, controls, refusal } = await type(name, text);
    expect(refusal?.message).toMatch(why);
    expect(refusal).toMatchObject({ code: 'input/invalid' });
    expect([started, controls]).toEqual([[], []]);
  });

  test('a restore names the moment in UTC', async () => {
    const { started, replies } = await type('/restore', 'orchard crates 10m ago rows were deleted');
    expect(started[0]).toMatchObject({
      flow: 'restore',
      scope: 'crates',
      time: new Date('2026-03-01T11:50:00Z'),
      reason: 'rows were deleted',
    });
    expect(replies[0]).toContain('2026-03-01T11:50:00.000Z');
  });

  test('with one plan its name may be left out of what is declared', async () => {
    const { started } = await type('/incident', 'declare p3 checkout is slow', { plans: ['orchard'] });
    expect(started).toEqual([{ flow: 'declare', plan: 'orchard', reason: 'checkout is slow', severity: 'P3' }]);
  });

  test('an incident that is open already is not declared again', async () => {
    const { started, replies } = await type('/incident', 'declare P1 orchard it rains', {
      open: [incident('i-1', { channel: 'C9' })],
    });
    expect(started).toEqual([]);
    expect(replies[0]).toMatch(/<#C9> is open for orchard already/);
  });

  test('an update goes to the incident of its channel, or to the only one; among several it asks which', async () => {
    const open = [incident('i-1'), incident('i-2', { channel: 'C2' })];
    expect((await type('/incident', 'update P1 it rains more', { open, ofChannel: open[1] })).started[0]).toMatchObject(
      {
        flow: 'update',
        incident: 'i-2',
        severity: 'P1',
        text: 'it rains more',
      },
    );
    expect((await type('/incident', 'resolve the sun is out', { open: [open[0]!] })).started[0]).toMatchObject({
      flow: 'resolve',
      incident: 'i-1',
    });
    expect((await type('/incident', 'update more rain', { open })).refusal?.message).toMatch(
      /Several incidents are open.*`i-1`, <#C2>/,
    );
  });

  const deeds: [string, object][] = [
    ['role commander', { deed: 'role', role: 'commander', person: null }],
    ['role Scribe <@U0ROSE001|rose>', { deed: 'role', role: 'scribe', person: 'U0ROSE001' }],
    ['update in 5m', { deed: 'due', inSeconds: 300 }],
    ['update in 20 minutes', { deed: 'due', inSeconds: 1200 }],
    ['snooze 1h', { deed: 'snooze', seconds: 3600 }],
    ['snooze', { deed: 'snooze', seconds: 900 }],
    ['dismiss', { deed: 'dismiss' }],
    [
      'task <@U0ROSE001> in 2 days prune the roses',
      { deed: 'task', owner: 'U0ROSE001', text: 'prune the roses', dueSeconds: 172_800 },
    ],
    ['task prune in spring', { deed: 'task', owner: null, text: 'prune in spring', dueSeconds: 86_400 }],
    ['task done T2', { deed: 'task-done', task: 't2' }],
    ['merge into <#C0OTHER01|inc-x>', { deed: 'merge', into: 'C0OTHER01' }],
    ['merge i-2345abcd', { deed: 'merge', into: 'i-2345abcd' }],
    ['reopen it rains again', { deed: 'reopen', reason: 'it rains again' }],
  ];
  test.each(deeds)('an incident is told: %s', async (words, order) => {
    const { orders, refusal } = await type('/incident', words, { ofChannel: incident('i-1') });
    expect(refusal).toBeUndefined();
    expect(orders).toEqual([['i-1', order]]);
  });

  test.each([
    ['role gardener', /There is no role "gardener"/],
    ['role scribe @rose', /Slack knows nobody called @rose/],
    ['merge into #inc-x', /Slack knows no channel called #inc-x/],
    ['merge', /Say into which/],
    ['update in 20 it rains', /Say the unit/],
    ['severity P1', /Say it in a few words/],
    ['severity', /Say how bad it is/],
    ['resolve', /Say it in a few words/],
  ])('%s is refused with one clear sentence, and nothing is done', async (words, why) => {
    const { orders, started, refusal } = await type('/incident', words, { ofChannel: incident('i-1') });
    expect(refusal?.message ?? '').toMatch(why);
    expect([orders, started]).toEqual([[], []]);
  });

  test.each([
    [
      'P1 in 20m payments fail',
      { severity: 'P1', text: 'payments fail', nextUpdate: new Date('2026-03-01T12:20:00Z') },
    ],
    ['in the morning it rains', { text: 'in the morning it rains' }],
  ])('an update may say how bad it is and when the next one comes: %s', async (words, request) => {
    const { started } = await type('/incident', `update ${words}`, { ofChannel: incident('i-1') });
    expect(started).toMatchObject([{ flow: 'update', incident: 'i-1', ...request }]);
  });

  test('an incident may belong to no plan, but a slip of the finger is not taken for that', async () => {
    const without = { flow: 'declare', plan: undefined, reason: 'the lights are off', severity: 'P2' };
    expect((await type('/incident', 'declare none the lights are off')).started).toEqual([without]);
    expect((await type('/incident', 'declare the lights are off')).started).toEqual([without]);
    const { started, refusal } = await type('/incident', 'declare P1 orchrad it rains');
    expect(refusal?.message).toMatch(/no plan "orchrad". Did you mean "orchard"\?.*declare P2 none/);
    expect(started).toEqual([]);
  });

  test('a message is put onto the timeline only from the channel in which it was asked for', async () => {
    const { orders } = await type('/incident', 'declare P2 orchard it rains --about=C1/1700000000.000100');
    expect(orders).toEqual([['i-23456789', { deed: 'pin', channel: 'C1', ts: '1700000000.000100' }]]);
    const elsewhere = await type('/incident', 'declare P2 orchard it rains --about=C2/1700000000.000100');
    expect(elsewhere.orders).toEqual([]);
    expect(elsewhere.started).toMatchObject([{ reason: 'it rains' }]);
  });

  const ordered: [string, object][] = [
    ['abort the Region is back', { deed: 'abort', reason: 'the Region is back' }],
    ['pause lunch', { deed: 'pause', reason: 'lunch' }],
    ['resume we are back', { deed: 'resume', reason: 'we are back' }],
    ['retry the quota was raised', { deed: 'retry', reason: 'the quota was raised' }],
    ['retry step grow it works now', { deed: 'retry', step: 'grow', reason: 'it works now' }],
    ['skip grow not tonight', { deed: 'skip', step: 'grow', reason: 'not tonight' }],
    ['force raise we know', { deed: 'force', step: 'raise', reason: 'we know' }],
    ['allow raise', { deed: 'allow', step: 'raise', typed: null }],
    ['allow raise ACCEPT DATA LOSS', { deed: 'allow', step: 'raise', typed: 'ACCEPT DATA LOSS' }],
    ['refuse raise too early', { deed: 'refuse', step: 'raise', reason: 'too early' }],
  ];
  test.each(ordered)('a run is told: %s', async (words, order) => {
    const { controls } = await type('/dr', `run r-23456789 ${words}`);
    expect(controls).toEqual([['r-23456789', order]]);
  });

  test.each(['abort', 'skip', 'skip grow', 'retry step grow', 'pause', 'allow'])(
    'an order without its step or reason is refused with its usage: %s',
    async (words) => {
      const { refusal, controls } = await type('/dr', `run r-23456789 ${words}`);
      expect(refusal?.message).toMatch(/Say .*`\/dr run r-23456789 .*Nothing was done/);
      expect(controls).toEqual([]);
    },
  );

  test('help names every command with an example that it would itself understand', async () => {
    const { replies } = await type('/dr', 'help');
    for (const command of commands) {
      expect(replies[0]).toContain(`*${command.name}*`);
      for (const example of command.examples) expect(example.startsWith(`${command.name} `)).toBe(true);
    }
  });
});
