import { expect, test } from 'vitest';
import {
  type Approver,
  approve,
  hashToApprove,
  openApproval,
  reject,
  voidIfChanged,
} from '../../src/engine/approvals.ts';
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
