import { describe, expect, test } from 'vitest';
import { cadenceSeconds, followUps, mostReminders, nextMoment, reminderDue, tasksDue } from '../../src/incident/due.ts';
import { type Incident, type IncidentEvent, incidentAfter, incidentRow } from '../../src/incident/incident.ts';
import { postMortem } from '../../src/incident/post-mortem.ts';
import { timelineOf } from '../../src/incident/timeline.ts';

const at = (minutes: number): string => new Date(Date.parse('2026-03-01T12:00:00Z') + minutes * 60_000).toISOString();
const row = (minutes: number, event: IncidentEvent | { type: string; data: object }, actor = 'slack:U0PIP0001') => ({
  type: event.type,
  actor,
  data: { at: at(minutes), event: event.data },
});
const declared = (severity = 'P1') =>
  row(0, { type: 'incident.declared', data: { plan: 'orchard', title: 'Orchard: storm', severity, by: 'U0PIP0001' } });
const stateAfter = (...rows: ReturnType<typeof row>[]): Incident => incidentAfter([declared(), ...rows])!;
const by = { by: 'U0PIP0001' };

describe('the state', () => {
  test('a journal of before there were roles, pins and tasks still folds', () => {
    const old = [
      declared('P2'),
      row(1, { type: 'incident.recorded', data: { facts: { channel: 'C1' } } }),
      row(2, { type: 'incident.severity', data: { severity: 'P1', by: 'U1' } }),
      row(2, { type: 'incident.updated', data: { text: 'worse', by: 'U1' } }),
      row(9, { type: 'incident.resolved', data: { text: 'over', by: 'U1' } }),
    ];
    expect(incidentAfter(old)).toMatchObject({
      severity: 'P1',
      severityBefore: 'P2',
      status: 'resolved',
      facts: { channel: 'C1' },
      resolved_at: at(9),
      due: null,
      resolution: { text: 'over', checklist: null },
      roles: {},
      pinned: [],
      tasks: [],
    });
  });

  test('what a later version wrote, and what was erased, changes nothing else', () => {
    const rows = [
      declared(),
      row(1, { type: 'incident.painted', data: { colour: 'red' } }),
      { type: 'incident.severity', actor: 'x', data: { at: at(2), event: {}, erased: true } },
      row(3, { type: 'incident.role-given', data: { role: 'gardener', person: 'U1', name: 'Pip', ...by } }),
    ];
    expect(incidentAfter(rows)).toEqual(incidentAfter([declared()]));
  });

  test('its row has the columns of the table and nothing else', () => {
    expect(Object.keys(incidentRow('i-1', stateAfter())).sort()).toEqual(
      ['commander', 'declared_at', 'facts', 'id', 'plan', 'resolved_at', 'severity', 'status', 'title'].sort(),
    );
  });

  test('the commander of the row is who has the role, and a handing over keeps the others', () => {
    const give = (minutes: number, role: string, person: string) =>
      row(minutes, { type: 'incident.role-given', data: { role, person, name: person, ...by } });
    const incident = stateAfter(give(1, 'commander', 'U2'), give(2, 'commander', 'U3'), give(3, 'scribe', 'U1'));
    expect(incident.commander).toBe('U3');
    expect(incident.roles.scribe).toMatchObject({ person: 'U1', since: at(3) });
  });

  test('a message stays until the last who pinned it takes it off', () => {
    const message = { channel: 'C1', ts: '1772366400.000100' };
    const pin = (person: string) =>
      row(1, {
        type: 'incident.message-pinned',
        data: { ...message, author: 'U9', text: 'wet', link: null, by: person },
      });
    const off = (person: string) => row(2, { type: 'incident.message-unpinned', data: { ...message, by: person } });
    expect(stateAfter(pin('U1'), pin('U2'), pin('U2')).pinned).toMatchObject([
      { by: ['U1', 'U2'], at: '2026-03-01T12:00:00.000Z' },
    ]);
    expect(stateAfter(pin('U1'), pin('U2'), off('U1')).pinned).toHaveLength(1);
    expect(stateAfter(pin('U1'), pin('U2'), off('U1'), off('U2')).pinned).toEqual([]);
    expect(stateAfter(off('U1')).pinned).toEqual([]);
  });

  test('merged and resolved it waits for no word, reopened it does again', () => {
    expect(stateAfter(row(1, { type: 'incident.merged', data: { into: 'i-2', ...by } }))).toMatchObject({
      status: 'merged',
      mergedInto: 'i-2',
      due: null,
    });
    const reopened = stateAfter(
      row(1, { type: 'incident.resolved', data: { text: 'over', ...by } }),
      row(5, { type: 'incident.reopened', data: { reason: 'not', ...by } }),
    );
    expect(reopened).toMatchObject({ status: 'open', resolved_at: null, resolution: null, due: { at: at(35) } });
  });
});

describe('when word is due', () => {
  test.each([
    ['P1', 1800],
    ['P2', 3600],
    ['P3', null],
    ['P4', null],
    ['P9', null],
  ])('%s: every %s seconds', (severity, seconds) => expect(cadenceSeconds(severity)).toBe(seconds));

  test('a word moves it, a person may set it, and worse means sooner but milder not later', () => {
    const said = (minutes: number, next?: string | null) =>
      row(minutes, { type: 'incident.updated', data: { text: 'x', ...by, ...(next !== undefined && { next }) } });
    const severity = (minutes: number, to: string) =>
      row(minutes, { type: 'incident.severity', data: { severity: to, ...by } });
    expect(stateAfter().due?.at).toBe(at(30));
    expect(stateAfter(said(10)).due?.at).toBe(at(40));
    expect(stateAfter(said(10, at(15))).due?.at).toBe(at(15));
    expect(stateAfter(said(10, null)).due).toBeNull();
    expect(stateAfter(severity(10, 'P2')).due?.at).toBe(at(30));
    expect(incidentAfter([declared('P2'), severity(10, 'P1')])!.due?.at).toBe(at(40));
    expect(incidentAfter([declared('P4'), severity(10, 'P1')])!.due?.at).toBe(at(40));
    expect(
      stateAfter(row(1, { type: 'incident.update-due', data: { at: null, why: 'dismissed', ...by } })).due,
    ).toBeNull();
  });

  test('it is reminded of three times at most, and what nobody lived to say is left out', () => {
    const now = (minutes: number) => new Date(at(minutes));
    const reminded = (number: number) => row(31, { type: 'incident.reminded', data: { due: at(30), number } });
    expect(reminderDue(stateAfter(), now(29.9))).toBeNull();
    expect(reminderDue(stateAfter(), now(30))).toEqual({ due: at(30), number: 1, isLast: false });
    expect(reminderDue(stateAfter(reminded(1)), now(39))).toBeNull();
    expect(reminderDue(stateAfter(reminded(1)), now(40))).toMatchObject({ number: 2 });
    expect(reminderDue(stateAfter(), now(400))).toEqual({ due: at(30), number: mostReminders, isLast: true });
    expect(reminderDue(stateAfter(reminded(mostReminders)), now(400))).toBeNull();
    expect(nextMoment(stateAfter(reminded(mostReminders)))).toBeNull();
    expect(nextMoment(stateAfter(reminded(1)))?.toISOString()).toBe(at(40));
    // Of a word that was due before a newer one was said, nobody is reminded any more.
    const newer = stateAfter(row(32, { type: 'incident.updated', data: { text: 'x', ...by } }), reminded(2));
    expect(newer.due).toEqual({ at: at(62), reminders: 0, said: '' });
  });

  test('a task is due once, unless it is done', () => {
    const task = row(1, {
      type: 'incident.task-added',
      data: { task: 't1', text: 'prune', owner: 'U1', due: at(60), ...by },
    });
    expect(tasksDue(stateAfter(task), new Date(at(59)))).toEqual([]);
    expect(tasksDue(stateAfter(task), new Date(at(60)))).toMatchObject([{ id: 't1' }]);
    const reminded = row(60, { type: 'incident.task-reminded', data: { task: 't1', due: at(60) } });
    expect(tasksDue(stateAfter(task, reminded), new Date(at(90)))).toEqual([]);
    const done = row(2, { type: 'incident.task-done', data: { task: 't1', ...by } });
    expect(tasksDue(stateAfter(task, done), new Date(at(90)))).toEqual([]);
  });

  test('after a P1 or P2 there are reviews within an hour, a day and a week, and no second set of them', () => {
    const made = followUps(stateAfter(), 'U1', at(0));
    expect(made.map(({ data }) => [data.task, data.due])).toEqual([
      ['r1', at(60)],
      ['r2', at(24 * 60)],
      ['r3', at(7 * 24 * 60)],
    ]);
    expect(followUps({ severity: 'P3', tasks: [] }, 'U1', at(0))).toEqual([]);
    const again = stateAfter(...made.map((event) => row(1, event)));
    expect(followUps(again, 'U1', at(9))).toEqual([]);
    // Over, not over, and over again: those that are done are made anew.
    const done = ['r1', 'r2', 'r3'].map((task) => row(2, { type: 'incident.task-done', data: { task, ...by } }));
    const third = stateAfter(...made.map((event) => row(1, event)), ...done);
    expect(followUps(third, 'U1', at(9)).map(({ data }) => data.task)).toEqual(['r4', 'r5', 'r6']);
  });
});

describe('the timeline', () => {
  const graph = {
    flow: 'failover',
    scope: 'crates',
    steps: [
      { id: 'raise', title: 'Raise the wall', effect: 'change' },
      { id: 'say', title: 'Say it', effect: 'notice' },
      { id: 'look', title: 'Look', effect: 'look' },
    ],
  };
  const run = [
    row(2, {
      type: 'run.created',
      data: { run: 'r-1', graph, reason: 'wet', requester: { person: 'U2', name: 'Rose' } },
    }),
    row(3, { type: 'step.started', data: { step: 'raise' } }, 'mayday'),
    row(4, { type: 'step.succeeded', data: { step: 'raise', seen: 'it stands', changed: true } }, 'mayday'),
    row(5, { type: 'step.succeeded', data: { step: 'look', seen: 'dry', changed: false } }, 'mayday'),
    row(6, { type: 'run.finished', data: { outcome: 'succeeded' } }, 'mayday'),
  ];
  const own = [
    declared(),
    row(8, { type: 'incident.resolved', data: { text: 'dry', checklist: [{ item: 'Seen', answer: 'no' }], ...by } }),
    row(7, {
      type: 'incident.message-pinned',
      data: {
        channel: 'C1',
        ts: String(Date.parse(at(1)) / 1000),
        author: 'U3',
        text: 'water in row two',
        link: 'https://x/y',
        ...by,
      },
    }),
  ];

  test('holds what was decided, done and said, in its order, and neither looks nor bookkeeping', () => {
    expect(timelineOf([own, run]).map(({ at: when, who, text }) => [when, who, text])).toEqual([
      [at(0), 'U0PIP0001', 'Declared P1: Orchard: storm'],
      [at(1), 'U3', 'water in row two'],
      [at(2), 'U2', 'Asked for failover of crates (r-1): wet'],
      [at(4), null, 'Raise the wall: done, it stands'],
      [at(6), null, 'failover of crates (r-1) ended: succeeded'],
      [at(8), 'U0PIP0001', 'Resolved: dry; ✗ no: Seen'],
    ]);
  });

  test('takes the time of a message by the clock of the world', () => {
    const [, second] = timelineOf([own], (written) => new Date(Date.parse(written) + 60_000).toISOString());
    expect(second).toMatchObject({ at: at(2), kind: 'message', link: 'https://x/y' });
  });

  test('becomes a draft in which nothing that people wrote is read as Markdown or HTML', () => {
    const nasty = [
      row(0, {
        type: 'incident.declared',
        data: { plan: null, title: 'a | b\n# <script> *x* [y](z)', severity: 'P1', by: 'U0PIP0001' },
      }),
      ...own.slice(1),
    ];
    const draft = postMortem('i-1', incidentAfter(nasty)!, timelineOf([nasty]), (person) => `${person}|name`);
    expect(draft.split('\n')[0]).toBe('# Post-mortem: a | b # &lt;script&gt; \\*x\\* \\[y\\](z)');
    expect(draft).toContain('| plan | none |');
    expect(draft).toContain('by U0PIP0001\\|name |');
    expect(draft).toContain('- [ ] Seen (said no to)');
    expect(draft).toContain('| resolved | 2026-03-01 12:08 UTC, after 8 min |');
    expect(draft).not.toContain('<script>');
  });
});
