import { expect, test } from 'vitest';
import {
  type Approver,
  approve,
  hashToApprove,
  openApproval,
  reject,
  voidIfChanged,
  withdraw,
} from '../../src/engine/approvals.ts';
import { expectLoss } from '../../src/engine/bounds.ts';
import type { RunEvent } from '../../src/engine/events.ts';
import { settle } from '../../src/engine/run-store.ts';
import type { RunState } from '../../src/engine/state.ts';
import { approvalStep, createdOf, graphOf, step } from '../support/engine-world.ts';

const now = new Date('2026-03-01T12:00:00Z');
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000);
const slot = (name: string) => ({ name, people: [], live: null, offline: [] });

const asking = (rule: Record<string, unknown> = {}): RunState => {
  const graph = graphOf([approvalStep('approve', rule as never), step('lamp', { needs: ['approve'] })]);
  return settle(null, [{ type: 'run.created', data: createdOf(graph) }], now, 'somebody', 0).state;
};
const after = (state: RunState, events: RunEvent[], at = now): RunState => settle(state, events, at, 'x', 10).state;
const person = (name: string, more: Partial<Approver> = {}): Approver => ({
  person: name,
  name,
  slots: [0],
  unknownSlots: [],
  typed: null,
  via: 'slack',
  ...more,
});
const yes = (state: RunState, approver: Approver, at = now) => approve(state, approver, hashToApprove(state), at);

test('one yes of somebody who may, for what the card showed, begins the work', () => {
  const state = after(asking(), yes(asking(), person('UPIP')));
  expect(state.steps['approve']).toMatchObject({ state: 'succeeded', seen: 'approved by UPIP' });
  expect(state.steps['lamp']!.state).toBe('looking');
});

test('who asked for the run does not count, unless the rule says so', () => {
  const state = asking();
  expect(() => yes(state, person('UREQUESTER'))).toThrow(/your own yes does not count\. Rule "always": on-call/);
  expect(yes(asking({ requesterCounts: true }), person('UREQUESTER'))).toHaveLength(1);
});

test('twenty clicks of one person are one yes', () => {
  const rule = { slots: [slot('on-call'), slot('on-call')] };
  const state = after(asking(rule), yes(asking(rule), person('UPIP', { slots: [0, 1] })));
  for (let click = 0; click < 20; click += 1) expect(yes(state, person('UPIP', { slots: [0, 1] }))).toEqual([]);
  expect(state.steps['approve']!.state).toBe('waiting');
  expect(after(state, yes(state, person('UROSE', { slots: [0, 1] }))).steps['approve']!.state).toBe('succeeded');
});

test('somebody who fills two slots leaves the other to another person, whoever comes first', () => {
  const rule = { slots: [slot('on-call'), slot('vp')] };
  const both = after(asking(rule), yes(asking(rule), person('UVP', { slots: [0, 1] })));
  expect(both.steps['approve']!.state).toBe('waiting');
  for (const slots of [[0], [1]])
    expect(after(both, yes(both, person('UPIP', { slots }))).steps['approve']!.state).toBe('succeeded');
});

test('a yes for a slot that is filled already is refused with what is missing', () => {
  const rule = { slots: [slot('on-call'), slot('vp')] };
  const state = after(asking(rule), yes(asking(rule), person('UPIP')));
  expect(() => yes(state, person('UROSE'))).toThrow(/said already; missing: vp/);
});

test('a word that the rule asks for must be typed as it stands', () => {
  const state = asking({ typedWord: 'FAILOVER' });
  for (const typed of [null, '', 'failover', 'FAILOVER now', 'FAIL OVER'])
    expect(() => yes(state, person('UPIP', { typed }))).toThrow(/asks you to type FAILOVER\. Nothing was approved/);
  expect(yes(state, person('UPIP', { typed: ' FAILOVER ' }))).toHaveLength(1);
});

test('a card that shows another version of the run cannot be approved', () => {
  const state = asking();
  expect(() => approve(state, person('UPIP'), 'another hash', now)).toThrow(/shows another version of the run/);
});

test('somebody who is not among those who may is refused with the rule; an unknown answer means no', () => {
  expect(() => yes(asking(), person('UMALLORY', { slots: [] }))).toThrow(
    /not among those who may approve.*Rule "always"/,
  );
  expect(() => yes(asking(), person('UPIP', { slots: [], unknownSlots: [0] }))).toThrow(/unknown means no.*offline/);
});

test('a question that nobody answered in time means no, and a late click is told so', () => {
  const state = asking({ expiresSeconds: 900 });
  expect(yes(state, person('UPIP'), later(899))).toHaveLength(1);
  for (const at of [900, 5000])
    expect(() => yes(state, person('UPIP'), later(at))).toThrow(/running out of time never means yes/);
  const expired = after(state, [], later(900));
  expect(expired).toMatchObject({ outcome: 'expired', steps: { lamp: { state: 'skipped' } } });
  expect(() => openApproval(expired, later(901))).toThrow(/is not waiting for approval \(expired\)/);
});

test('a rejection needs a reason and ends the run', () => {
  const state = asking();
  expect(() => reject(state, 'UPIP', '  ', now)).toThrow(/needs a reason/);
  expect(after(state, reject(state, 'UPIP', 'wrong Region', now))).toMatchObject({
    outcome: 'rejected',
    rejected: { person: 'UPIP', reason: 'wrong Region' },
    steps: { lamp: { state: 'skipped' } },
  });
});

test('an edit of the plan before the last yes voids what was approved; a plan that is gone does too', () => {
  const state = asking();
  expect(voidIfChanged(state, 'digest', [], now)).toEqual([]);
  for (const digest of ['other', undefined])
    expect(after(state, voidIfChanged(state, digest, [], now))).toMatchObject({ outcome: 'voided' });
});

const reading = (upperBoundSeconds: number | null) => ({
  component: 'database',
  seconds: upperBoundSeconds,
  upperBoundSeconds,
  sourceAnswers: false,
  lastSeenAliveAt: null,
  lastReplayedAt: null,
  because: 'as it is',
});
/** A run that waits for approval, after a preview that read this loss; its step has this limit of the plan, if any. */
const losing = (seconds: number | null, limitSeconds?: number, rule: Record<string, unknown> = {}): RunState => {
  const preview = step('preview', { uses: 'engine/preview', kind: 'engine', effect: 'read', input: { losses: [] } });
  const require = limitSeconds
    ? [{ uses: 'engine/loss-below', version: 1, input: { component: 'database', limitSeconds } }]
    : [];
  const graph = graphOf([
    preview,
    { ...approvalStep('approve', rule as never), needs: ['preview'] },
    step('promote', { needs: ['approve'], require, stays: 'it is one-way' } as never),
  ]);
  const begun = settle(null, [{ type: 'run.created', data: createdOf(graph) }], now, 'somebody', 0).state;
  const output = { changes: [], losses: [reading(seconds)], stoppedAt: now.toISOString() };
  return after(begun, [
    { type: 'step.succeeded', data: { step: 'preview', seen: 'read', changed: false, output: output as never } },
  ]);
};
const boundOf = (state: RunState) => state.approvals['approve']!.bounds[0];

test.each([
  ['the limit of the plan', 4, 60, { seconds: 60, from: 'plan' }],
  [
    'more than the plan allows, with room, when more is to be expected already',
    200,
    60,
    { seconds: 400, from: 'seen' },
  ],
  ['the objective, where the plan sets no limit', 4, undefined, { seconds: 60, from: 'plan' }],
  ['what is to be expected, with room, when that is more', 100, undefined, { seconds: 200, from: 'seen' }],
  ['nothing, when nobody knows', null, 60, { seconds: null, from: 'seen' }],
])('what may be lost is bound to %s', (_, seconds, limit, bound) => {
  expect(boundOf(losing(seconds, limit))).toEqual({ component: 'database', ...bound });
});

test('of what is caught up before it takes over nothing is lost, however far behind it is; the rest is read', async () => {
  const loss = {
    component: 'database',
    from: 'west',
    to: 'east',
    aliveCheck: 'up',
    replayed: { uses: 'x', input: {} },
  };
  const read = async () => reading(4000);
  const signal = new AbortController().signal;
  const expected = (caughtUp: boolean) => expectLoss('mill', { ...loss, written: {}, caughtUp }, read, signal);
  expect(await expected(true)).toMatchObject({
    seconds: 0,
    upperBoundSeconds: 0,
    because: expect.stringContaining('east takes over only when'),
  });
  expect(await expected(false)).toMatchObject({ upperBoundSeconds: 4000 });
});

test('what was measured stands beside an approval and is no part of its hash; expiry and bounds are', () => {
  const one = losing(4, 60);
  const [same, wider] = [losing(5, 60), losing(5, 120)];
  expect(one.approvals['approve']!.hash).not.toBe(one.created.graph.hash);
  // The same graph, asked for at the same time under the same bound, with another loss measured.
  const hashOf = (state: RunState, seconds: number) =>
    after(
      {
        ...state,
        steps: { ...state.steps, approve: { ...state.steps['approve']!, state: 'pending' as const } },
        approvals: {},
      },
      [
        {
          type: 'step.succeeded',
          data: {
            step: 'preview',
            seen: 'read',
            changed: false,
            output: { changes: [], losses: [reading(seconds)], stoppedAt: '' } as never,
          },
        },
      ],
    ).approvals['approve']!.hash;
  expect(hashOf(one, 9)).toBe(hashOf(one, 3));
  expect(hashOf(wider, 9)).not.toBe(hashOf(same, 9));
  const later_ = settle(
    { ...one, steps: { ...one.steps, approve: { ...one.steps['approve']!, state: 'pending' } }, approvals: {} },
    [],
    later(60),
    'x',
    10,
  ).state;
  expect(later_.approvals['approve']!.hash).not.toBe(hashOf(one, 4));
});

test('a broken bound voids the question, whoever may have answered; a reading that is missing does not', () => {
  const state = losing(4, 60);
  const measured = (upperBoundSeconds: number | null) => [{ component: 'database', upperBoundSeconds, because: '' }];
  for (const fine of [[], measured(60), measured(null), [{ component: 'other', upperBoundSeconds: 999, because: '' }]])
    expect(voidIfChanged(state, 'digest', fine, now)).toEqual([]);
  const voided = after(state, voidIfChanged(state, 'digest', measured(61), now));
  expect(voided).toMatchObject({ outcome: 'voided', steps: { promote: { state: 'skipped' } } });
  expect(voided.steps['approve']!.message).toMatch(
    /could lose up to 61 s now, and what was asked for was at most 60 s; press Ask again/,
  );
  expect(voidIfChanged(losing(null, 60), 'digest', measured(9_999), now)).toEqual([]);
});

test('a yes can be taken back until the first change has begun, and then it must be given again', () => {
  const two = asking({ slots: [slot('on-call'), slot('on-call')] });
  const one = after(two, yes(two, person('UPIP', { slots: [0, 1] })));
  expect(() => withdraw(one, { person: 'UROSE', name: 'Rose' }, 'no')).toThrow(/you have given none/);
  expect(() => withdraw(one, { person: 'UPIP', name: 'Pip' }, ' ')).toThrow(/Say why/);
  const back = after(one, withdraw(one, { person: 'UPIP', name: 'Pip' }, 'I misread it'));
  expect(back.approvals['approve']).toMatchObject({
    given: [],
    withdrawn: [{ person: 'UPIP', reason: 'I misread it' }],
  });
  expect(yes(back, person('UPIP', { slots: [0, 1] }))).toHaveLength(1);

  // Approved, and held back by a pause: nothing has begun, so the question is open again, with its old expiry.
  const paused = after(asking(), [{ type: 'run.paused', data: { person: 'UROSE', reason: 'wait' } }]);
  const approved = after(paused, yes(paused, person('UPIP')));
  expect(approved.steps).toMatchObject({ approve: { state: 'succeeded' }, lamp: { state: 'pending' } });
  const reopened = after(approved, withdraw(approved, { person: 'UPIP', name: 'Pip' }, 'I misread it'));
  expect(reopened.steps['approve']!.state).toBe('waiting');
  expect(after(reopened, [{ type: 'run.resumed', data: { person: 'UROSE', reason: 'go' } }]).steps['lamp']!.state).toBe(
    'pending',
  );
  expect(after(reopened, [], later(900)).outcome).toBe('expired');

  const begun = after(asking(), yes(asking(), person('UPIP')));
  expect(() => withdraw(begun, { person: 'UPIP', name: 'Pip' }, 'too late')).toThrow(
    /"lamp" has begun\. Abort the run/i,
  );
});

test('a question that is open again is watched again, and silence is still answered', () => {
  const inTime = { kind: 'engine', effect: 'read', uses: 'engine/in-time', lane: 'tell', optional: true } as const;
  const graph = graphOf([
    approvalStep('approve'),
    step('lamp', { needs: ['approve'] }),
    step('if-silent', { ...inTime, input: { step: 'approve', seconds: 100 } }),
    step('reminder', { uses: 'world/tell', after: ['if-silent'], onFailure: true }),
    step('mentioned', { uses: 'world/tell', needs: ['reminder'] }),
  ]);
  const asked = settle(null, [{ type: 'run.created', data: createdOf(graph) }], now, 'somebody', 0).state;
  const paused = after(asked, [{ type: 'run.paused', data: { person: 'UROSE', reason: 'wait' } }]);
  const answered = after(paused, [
    ...yes(paused, person('UPIP')),
    { type: 'step.succeeded', data: { step: 'if-silent', seen: 'done in time', changed: false, output: {} } },
  ]);
  expect(answered.steps).toMatchObject({ reminder: { state: 'skipped' }, mentioned: { state: 'skipped' } });
  const back = after(answered, withdraw(answered, { person: 'UPIP', name: 'Pip' }, 'I misread it'), later(30));
  // By its own clock: what has passed of the time counts.
  expect(back.steps['if-silent']).toMatchObject({ state: 'waiting', startedAt: now.toISOString() });
  const missed = { step: 'if-silent', message: 'not done', code: 'system/unavailable', effect: 'not-made' } as const;
  const silent = after(back, [{ type: 'step.failed', data: missed }], later(100));
  expect(silent.steps['reminder']!.state).toBe('looking');
});

test('where something can never be taken back and the rule says so, a yes needs a second proof', () => {
  const state = losing(4, 60, { stepUp: ['totp', 'link'] });
  expect(() => yes(state, person('UPIP'))).toThrow(
    /prove once more who you are \(a code of your authenticator app or a link that is mailed to you\), because "promote" can never be taken back/i,
  );
  expect(yes(state, person('UPIP', { stepUp: 'totp' }))).toMatchObject([{ data: { stepUp: 'totp' } }]);
  // What can be taken back needs none.
  expect(yes(asking({ stepUp: ['totp'] }), person('UPIP'))).toHaveLength(1);
});
