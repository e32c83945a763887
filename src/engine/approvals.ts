import type { ApprovalRule } from '../define.ts';
import { MaydayError } from '../errors.ts';
import type { RunEvent, Via } from './events.ts';
import type { Approval, RunState } from './state.ts';

/**
 * Slots that nobody fills yet, when everybody who said yes is seated as well as possible. Each person fills one slot
 * at most: somebody who is on call *and* the VP leaves one of the two to another person (maximum bipartite matching,
 * by augmenting paths; rules have a handful of slots).
 */
export const missingSlots = (rule: ApprovalRule, given: readonly Pick<Approval, 'slots'>[]): number[] => {
  const seatOf = new Map<number, number>();
  const seat = (approver: number, tried: Set<number>): boolean => {
    for (const slot of given[approver]!.slots) {
      if (tried.has(slot)) continue;
      tried.add(slot);
      const sitting = seatOf.get(slot);
      if (sitting === undefined || seat(sitting, tried)) {
        seatOf.set(slot, approver);
        return true;
      }
    }
    return false;
  };
  for (const approver of given.keys()) seat(approver, new Set());
  return [...rule.slots.keys()].filter((slot) => !seatOf.has(slot));
};

export interface Approver {
  /** Who they are wherever they act: the same for the same human. */
  person: string;
  name: string;
  /** Slots of the rule whose live answer includes this person, and slots whose source did not answer. */
  slots: number[];
  unknownSlots: number[];
  typed: string | null;
  via: Via;
  proof?: { text: string; signature: string };
}

/** The open approval of a run, or why there is none. Throws `run/wrong-state`. */
export const openApproval = (state: RunState, now: Date): { step: string; rule: ApprovalRule; given: Approval[] } => {
  const step = state.created.graph.steps.find(
    (candidate) => candidate.uses === 'engine/approval' && state.steps[candidate.id]?.state === 'waiting',
  );
  const asked = step && state.approvals[step.id];
  if (!step || !asked)
    throw new MaydayError(
      'run/wrong-state',
      `Run ${state.created.run} is not waiting for approval (${say(state)}). Nothing was changed by this.`,
    );
  if (new Date(asked.expiresAt) <= now)
    throw new MaydayError(
      'run/wrong-state',
      `The question expired at ${asked.expiresAt}; running out of time never means yes. Type the command again to ask anew.`,
    );
  return { step: step.id, rule: step.input as unknown as ApprovalRule, given: asked.given };
};

const say = (state: RunState): string => state.outcome ?? (state.haltedAt ? 'it is halted' : 'it is running');

/** The events of a yes, or the refusal with its rule and who may (throws `authority/refused`). Hash: what was seen. */
export const approve = (state: RunState, approver: Approver, hash: string, now: Date): RunEvent[] => {
  const { step, rule, given } = openApproval(state, now);
  const names = rule.slots.map(({ name }) => name).join(' and ');
  const ruleText = `Rule "${rule.name}": ${names}${rule.requesterCounts ? '; the requester counts' : '; the requester does not count'}.`;
  if (hash !== state.created.graph.hash)
    throw new MaydayError(
      'authority/refused',
      'This card shows another version of the run than the one that would be carried out. Nothing was approved. Use the newest card.',
    );
  // Twenty clicks of one person are one yes.
  if (given.some(({ person }) => person === approver.person)) return [];
  if (approver.person === state.created.requester.person && !rule.requesterCounts)
    throw new MaydayError('authority/refused', `You asked for this run, so your own yes does not count. ${ruleText}`);
  if (rule.typedWord !== null && approver.typed?.trim() !== rule.typedWord)
    throw new MaydayError(
      'input/invalid',
      `The rule "${rule.name}" asks you to type ${rule.typedWord}. Nothing was approved.`,
    );
  if (approver.slots.length === 0) {
    if (approver.unknownSlots.length > 0)
      throw new MaydayError(
        'authority/refused',
        `Who is ${approver.unknownSlots.map((slot) => rule.slots[slot]!.name).join(' or ')} just now could not be looked up, and unknown means no. ${ruleText} Those named under "offline" may approve with \`mayday approve\`.`,
      );
    throw new MaydayError('authority/refused', `You are not among those who may approve this. ${ruleText}`);
  }
  const data = {
    step,
    person: approver.person,
    name: approver.name,
    slots: approver.slots,
    hash,
    typed: approver.typed,
    via: approver.via,
    ...(approver.proof && { proof: approver.proof }),
  };
  const before = missingSlots(rule, given).length;
  if (missingSlots(rule, [...given, { slots: approver.slots }]).length === before)
    throw new MaydayError(
      'authority/refused',
      `What you could say yes for is said already; missing: ${missingSlots(rule, given)
        .map((slot) => rule.slots[slot]!.name)
        .join(' and ')}. ${ruleText}`,
    );
  return [{ type: 'approval.given', data }];
};

export const reject = (state: RunState, person: string, reason: string, now: Date): RunEvent[] => {
  if (reason.trim() === '')
    throw new MaydayError(
      'input/invalid',
      'A rejection needs a reason, so that the others know what to change. Nothing was recorded.',
    );
  return [{ type: 'approval.rejected', data: { step: openApproval(state, now).step, person, reason } }];
};

/** An edited plan voids what was approved under the old one, before the last yes. */
export const voidIfEdited = (state: RunState, planDigest: string | undefined, now: Date): RunEvent[] => {
  if (planDigest === state.created.graph.planDigest) return [];
  const { step } = openApproval(state, now);
  return [
    {
      type: 'approval.voided',
      data: {
        step,
        why: 'the plan was edited since the card was posted; type the command again to see and approve what it says now',
      },
    },
  ];
};
