import type { Directory } from '../authority/directory.ts';
import { type Eligibility, eligibility } from '../authority/eligibility.ts';
import type { ApprovalRule, Clock, Log, PersonView, RunOrder } from '../define.ts';
import {
  type Approver,
  approve,
  hashToApprove,
  missingSlots,
  openApproval,
  reject,
  sayMissing,
  voidIfChanged,
  withdraw,
} from '../engine/approvals.ts';
import type { MeasuredLoss } from '../engine/bounds.ts';
import {
  abort,
  allowWaiver,
  askWaiver,
  cancel,
  confirmDone,
  pause,
  refuseWaiver,
  resume,
  retry,
  ruleOf,
} from '../engine/controls.ts';
import type { RunEvent, Via } from '../engine/events.ts';
import type { RunStore } from '../engine/run-store.ts';
import { type Approval, type RunState, wasApproved } from '../engine/state.ts';
import { MaydayError, messageOf } from '../errors.ts';

/** Who gives an order, proven by Slack's signature or by their own. */
export interface Orderer {
  /** Slack user id: the same for the same person wherever they act. */
  person: string;
  name: string;
  via: Via;
}

/** What a person may tell a run to do. `hash` is what they saw, `typed` what the rule asks them to type. */
export type Order = { deed: 'approve'; hash: string; typed: string | null; stepUp?: Approver['stepUp'] } | RunOrder;

export interface Orders {
  /** Carries an order out, or throws one sentence with the rule and who may. Returns what to say to the person. */
  give(runId: string, order: Order, by: Orderer): Promise<string>;
  /** Throws what would be told to somebody who pressed Approve and may not; what only a form can say is not asked yet. */
  mayApprove(runId: string, by: Orderer): Promise<RunState>;
}

export interface OrdersOptions {
  store: RunStore;
  directory: Directory;
  clock: Clock;
  log: Log;
  /** Everybody whom a plan pins, by which a Slack user is known in PagerDuty. */
  people(plan: string): PersonView[];
  /**
   * Who may steer a run that asked nobody for approval, such as one that pays what a failover owes: the plan's own rule, or
   * nothing for a run that changes nothing. Throws when the plan is gone: then nobody may.
   */
  steeredBy(state: RunState): ApprovalRule | undefined;
  /** Digest of a plan as its file says it now; undefined when it is gone or broken. */
  planDigest(plan: string): string | undefined;
  /** Somebody has left: their account is deactivated. False where nobody can tell. */
  isGone?(person: string): Promise<boolean>;
  /** Somebody has taken their yes back: what was mailed to them for another one is no longer good. */
  withdrawn(person: string, runId: string): Promise<void>;
  /** What would be lost now of what the run leaves; nothing when it takes too long to say. */
  measure(state: RunState): Promise<MeasuredLoss[]>;
}

/** The one way in which people's orders reach a run, from Slack as from the command line. */
export const createOrders = (options: OrdersOptions): Orders => {
  const { store, clock, log } = options;
  const mayBy = (rule: ApprovalRule, state: RunState, by: Orderer): Promise<Eligibility> =>
    eligibility(rule, by.person, options.people(state.created.graph.plan), options.directory, log, {
      offline: by.via === 'command-line',
    });

  /** Those who said yes and may no longer, asked once more as the next one says it. Where nobody can tell, their yes stands. */
  const goneSince = async (
    rule: ApprovalRule,
    state: RunState,
    given: readonly Approval[],
    by: Orderer,
  ): Promise<Approval[]> => {
    const judged = given
      .filter(({ person }) => person !== by.person)
      .map(async (each) => {
        const { slots, unknownSlots } = await mayBy(rule, state, { ...each, via: each.via });
        const isOut = slots.length === 0 && unknownSlots.length === 0;
        return isOut || (await options.isGone?.(each.person)) ? [each] : [];
      });
    return (await Promise.all(judged)).flat();
  };

  const eventsOf = async (state: RunState, order: Order, by: Orderer): Promise<(now: RunState) => RunEvent[]> => {
    if (order.deed === 'approve') {
      const { rule, step, given: earlier } = openApproval(state, clock.now());
      const [may, measured, gone] = await Promise.all([
        mayBy(rule, state, by),
        options.measure(state),
        goneSince(rule, state, earlier, by),
      ]);
      const { typed, stepUp } = order;
      const approver = { ...by, ...may, typed, ...(stepUp && { stepUp }) };
      const digest = options.planDigest(state.created.graph.plan);
      return (now) => {
        // Who may not approve may not make an approval void either.
        const left = gone.filter(({ person }) => now.approvals[step]?.given.some((each) => each.person === person));
        const withdrawn = left.map(
          ({ person, name }): RunEvent => ({
            type: 'approval.withdrawn',
            data: { step, person, name, reason: 'no longer among those who may' },
          }),
        );
        const given = approve(withoutYesOf(now, step, left), approver, order.hash, clock.now(), measured);
        const voided = voidIfChanged(now, digest, measured, clock.now());
        return voided.length > 0 ? voided : [...withdrawn, ...given];
      };
    }
    const rule = ruleOf(state) ?? options.steeredBy(state);
    const stops = order.deed === 'abort' || order.deed === 'cancel' || order.deed === 'pause';
    const asked = rule && stops ? { ...rule, slots: [...rule.slots, ...(rule.mayAbort ?? [])] } : rule;
    const may = asked ? await mayBy(asked, state, by) : { slots: [], unknownSlots: [] };
    if (order.deed === 'allow') {
      const { stepUp } = order;
      const approver = { ...by, ...may, typed: order.typed, ...(stepUp && { stepUp }) };
      const asker = state.steps[order.step]?.waiver?.person;
      const { slots } = rule && asker ? await mayBy(rule, state, { ...by, person: asker }) : { slots: [] };
      return (now) => allowWaiver(now, order.step, approver, rule, slots);
    }
    // Who asked for the run steers it when the plan names them: whoever operates a recovery must be able to stop it. Somebody whom
    // the plan does not know may call it off until somebody has said yes, and ask; the rest is for those who may approve it.
    const isNamed = options.people(state.created.graph.plan).some(({ slack }) => slack === by.person);
    const isOwn =
      state.created.requester.person === by.person && (isNamed || isFree.has(order.deed) || !wasApproved(state));
    if (rule && may.slots.length === 0 && order.deed !== 'withdraw' && !(isOwn && order.deed !== 'reject'))
      throw new MaydayError('authority/refused', mayNot(order, asked!, may));
    const { person } = by;
    switch (order.deed) {
      case 'withdraw':
        return (now) => withdraw(now, { person, name: by.name }, order.reason);
      case 'reject':
        return (now) => reject(now, person, order.reason, clock.now());
      case 'pause':
        return (now) => pause(now, person, order.reason);
      case 'resume':
        return (now) => resume(now, person, order.reason);
      case 'cancel':
        return (now) => cancel(now, person, order.reason);
      case 'abort':
        return (now) => abort(now, person, order.reason);
      case 'retry':
        return (now) => retry(now, order.reason, order.step);
      case 'done':
        return (now) => confirmDone(now, order.step, { person, name: by.name }, order.reason);
      case 'refuse':
        return (now) => refuseWaiver(now, order.step, by, order.reason);
      default: {
        const { deed, step, reason } = order;
        return (now) => askWaiver(now, deed, step, { person, name: by.name }, reason);
      }
    }
  };

  return {
    async mayApprove(runId, by) {
      const handle = await store.open(runId);
      const state = await handle.refresh();
      const { rule } = openApproval(state, clock.now());
      const [may, measured] = await Promise.all([mayBy(rule, state, by), options.measure(state)]);
      approve(state, { ...by, ...may, typed: rule.typedWord, stepUp: 'totp' }, hashToApprove(state), clock.now());
      const digest = options.planDigest(state.created.graph.plan);
      const voided = (now: RunState) => voidIfChanged(now, digest, measured, clock.now());
      if (voided(state).length === 0) return state;
      const after = await handle.commit(voided, { actor: `${by.via}:${by.person}` });
      throw new MaydayError('run/wrong-state', answer(after, { deed: 'approve', hash: '', typed: null }));
    },
    async give(runId, order, by) {
      const handle = await store.open(runId);
      const make = await eventsOf(await handle.refresh(), order, by);
      const after = await handle.commit(make, { actor: `${by.via}:${by.person}` });
      if (order.deed === 'withdraw')
        await options.withdrawn(by.person, runId).catch((error) => log.warn({ run: runId }, messageOf(error)));
      return answer(after, order);
    },
  };
};

const withoutYesOf = (state: RunState, step: string, left: readonly Approval[]): RunState => {
  const asked = state.approvals[step];
  if (!asked || left.length === 0) return state;
  const given = asked.given.filter(({ person }) => !left.some((each) => each.person === person));
  return { ...state, approvals: { ...state.approvals, [step]: { ...asked, given } } };
};

/** What another person must allow before anything comes of it, and what who asked has often done with their own hands. */
const isFree: ReadonlySet<string> = new Set(['skip', 'force', 'done']);

const mayNot = ({ deed }: Order, rule: ApprovalRule, { unknownSlots }: Eligibility): string => {
  const names = [...new Set(rule.slots.map(({ name }) => name))].join(', ');
  const what = deed === 'done' ? 'say that a step of it is done' : `${deed} it`;
  const unknown =
    unknownSlots.length > 0
      ? ` Who is ${[...new Set(unknownSlots.map((slot) => rule.slots[slot]!.name))].join(' or ')} could not be looked up, and unknown means no.`
      : '';
  const asker = deed === 'done' ? 'who asked for the run and ' : '';
  return `Only ${asker}those who may approve it (${names}) may ${what}. Rule "${rule.name}".${unknown} Nothing was done.`;
};

const answer = (state: RunState, order: Order): string => {
  const run = `Run \`${state.created.run}\``;
  switch (order.deed) {
    case 'approve': {
      const voided = Object.values(state.steps).find(({ code }) => code === 'voided');
      if (voided) return `Not approved: ${voided.message}.`;
      const rule = ruleOf(state);
      const given = Object.values(state.approvals).flatMap((approval) => approval.given);
      return !rule || missingSlots(rule, given).length === 0
        ? `Your yes is recorded, and it was the last one needed.${state.paused ? ' The run is paused: nothing begins before somebody who may approve it resumes it.' : ''}`
        : `Your yes is recorded. Still missing: ${sayMissing(rule, given)}.`;
    }
    case 'withdraw':
      return `Your yes to run \`${state.created.run}\` is taken back, and it waits for another one.`;
    case 'reject':
      return `${run} is rejected. Nothing was changed.`;
    case 'pause':
      return `${run} is paused: nothing more is started, and what is under way is watched to its end.`;
    case 'resume':
      return `${run} goes on.`;
    case 'cancel':
    case 'abort':
      return state.created.graph.unwind?.includes('aborted')
        ? `${run}: nothing more is started, and what was done is taken back as the plan says.`
        : `${run}: nothing more is started.`;
    case 'retry':
      return `Trying again in run \`${state.created.run}\`.`;
    case 'skip':
    case 'force':
      return `Asked. ${ruleOf(state)?.requesterCounts ? 'Whoever' : 'Somebody else who'} may approve the run must allow it: on the card, or \`/dr run ${state.created.run} allow ${order.step}\`.`;
    case 'allow':
      return `Allowed${state.paused ? '' : `: ${run} goes on`}.`;
    case 'done':
      return `Noted: "${order.step}" is done.`;
    case 'refuse':
      return `Refused: "${order.step}" stays as it is.`;
  }
};
