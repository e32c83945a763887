import type { ApprovalRule, StepUpWay } from '../define.ts';
import { MaydayError } from '../errors.ts';
import type { Step } from '../plan/graph.ts';
import { brokenBound, type MeasuredLoss } from './bounds.ts';
import type { RunEvent, Via } from './events.ts';
import type { Approval, ApprovalState, RunState } from './state.ts';

/**
 * Slots that nobody fills yet, when everybody who said yes is seated as well as possible. Each person fills one slot
 * at most: somebody who is on call *and* the VP leaves one of the two to another person (maximum bipartite matching,
 * by augmenting paths; rules have a handful of slots).
 */
const unfilled = (slots: readonly number[], given: readonly Pick<Approval, 'slots'>[]): number[] => {
  const wanted = new Set(slots);
  const seatOf = new Map<number, number>();
  const seat = (approver: number, tried: Set<number>): boolean => {
    for (const slot of given[approver]!.slots) {
      if (!wanted.has(slot) || tried.has(slot)) continue;
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
  return slots.filter((slot) => !seatOf.has(slot));
};

/** Each alternative of a rule as the slots that are still missing in it. One that is empty: approved. */
export const missingWays = (rule: ApprovalRule, given: readonly Pick<Approval, 'slots'>[]): number[][] =>
  (rule.ways ?? [[...rule.slots.keys()]]).map((way) => unfilled(way, given));

/** What is missing in the alternative that is nearest to being met; the first of several. */
export const missingSlots = (rule: ApprovalRule, given: readonly Pick<Approval, 'slots'>[]): number[] =>
  missingWays(rule, given).reduce((nearest, way) => (way.length < nearest.length ? way : nearest));

/** `on-call and two of operators`: slots of the same people are counted. */
const saySlots = (rule: ApprovalRule, slots: readonly number[]): string => {
  const names = slots.map((slot) => rule.slots[slot]!.name);
  return [...new Set(names)]
    .map((name) => {
      const count = names.filter((other) => other === name).length;
      return count === 1 ? name : `${count} different people of ${name}`;
    })
    .join(' and ');
};

/** Who must say yes, alternatives included. */
export const sayWho = (rule: ApprovalRule): string =>
  (rule.ways ?? [[...rule.slots.keys()]]).map((way) => saySlots(rule, way)).join(', or ');

/** Whose yes is still missing, alternatives included; one that asks for the same people as another is said once. */
export const sayMissing = (rule: ApprovalRule, given: readonly Pick<Approval, 'slots'>[]): string => {
  const ways = missingWays(rule, given);
  const asked = ways.map((way) =>
    way
      .map((slot) => rule.slots[slot]!.name)
      .sort()
      .join(),
  );
  return ways
    .filter((_, i) => asked.indexOf(asked[i]!) === i)
    .map((way) => saySlots(rule, way))
    .join(', or ');
};

export const sayRule = (rule: ApprovalRule): string =>
  `Rule "${rule.name}": ${sayWho(rule)}${rule.requesterCounts ? '; the requester counts' : '; the requester does not count'}.`;

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
  /** How they have proven a second time who they are. */
  stepUp?: StepUpWay | 'signature';
}

/** The open approval of a run, or why there is none. Throws `run/wrong-state`. */
export const openApproval = (
  state: RunState,
  now: Date,
): { step: string; rule: ApprovalRule; asked: ApprovalState; given: Approval[] } => {
  const step = waitingApproval(state);
  const asked = step && state.approvals[step.id];
  if (!step || !asked)
    throw new MaydayError(
      'run/wrong-state',
      `Run ${state.created.run} is not waiting for approval (${say(state)}). Nothing was changed by this.`,
    );
  if (new Date(asked.expiresAt) <= now)
    throw new MaydayError(
      'run/wrong-state',
      `The question expired at ${asked.expiresAt}; running out of time never means yes. Press Ask again on its card, or type the command again.`,
    );
  return { step: step.id, rule: step.input as unknown as ApprovalRule, asked, given: asked.given };
};

/** The approval that people are asked for now, if they are. */
export const waitingApproval = (state: RunState): Step | undefined =>
  state.created.graph.steps.find(
    (candidate) => candidate.uses === 'engine/approval' && state.steps[candidate.id]?.state === 'waiting',
  );

/** What a yes must name: what the card shows, or would show. */
export const hashToApprove = (state: RunState): string => {
  const step = waitingApproval(state);
  return (step && state.approvals[step.id]?.hash) ?? state.created.graph.hash;
};

const say = (state: RunState): string => state.outcome ?? (state.haltedAt ? 'it is halted' : 'it is running');

/** Why an approver must prove a second time who they are; null when they need not. */
export const stepUpFor = (state: RunState): { ways: StepUpWay[]; because: string } | null => {
  const step = state.created.graph.steps.find(({ uses }) => uses === 'engine/approval');
  const ways = (step?.input as unknown as ApprovalRule | undefined)?.stepUp;
  const oneWay = state.created.graph.steps.filter(({ effect, stays }) => effect === 'change' && stays !== undefined);
  if (!ways || oneWay.length === 0) return null;
  return { ways, because: `"${oneWay[0]!.title}" can never be taken back` };
};

/** The events of a yes, or the refusal with its rule and who may (throws `authority/refused`). Hash: what was seen. */
export const approve = (
  state: RunState,
  approver: Approver,
  hash: string,
  now: Date,
  measured?: readonly MeasuredLoss[],
): RunEvent[] => {
  const { step, rule, asked, given } = openApproval(state, now);
  const ruleText = sayRule(rule);
  if (hash !== asked.hash)
    throw new MaydayError(
      'authority/refused',
      'This card shows another version of the run than the one that would be carried out. Nothing was approved. Use the newest card.',
    );
  // Twenty clicks of one person are one yes.
  if (given.some(({ person }) => person === approver.person)) return [];
  if (approver.person === state.created.requester.person && !rule.requesterCounts)
    throw new MaydayError('authority/refused', `You asked for this run, so your own yes does not count. ${ruleText}`);
  if (approver.slots.length === 0) {
    if (approver.unknownSlots.length > 0)
      throw new MaydayError(
        'authority/refused',
        `Who is ${[...new Set(approver.unknownSlots.map((slot) => rule.slots[slot]!.name))].join(' or ')} just now could not be looked up, and unknown means no. ${ruleText} Those named under "offline" may approve with \`mayday approve\`.`,
      );
    throw new MaydayError('authority/refused', `You are not among those who may approve this. ${ruleText}`);
  }
  if (rule.typedWord !== null && approver.typed?.trim() !== rule.typedWord)
    throw new MaydayError(
      'input/invalid',
      `The rule "${rule.name}" asks you to type ${rule.typedWord}. Nothing was approved.`,
    );
  const again = stepUpFor(state);
  if (again && approver.stepUp === undefined)
    throw new MaydayError(
      'authority/refused',
      `The rule "${rule.name}" asks you to prove once more who you are (${again.ways.map(sayStepUp).join(' or ')}), because ${again.because}. Nothing was approved.`,
    );
  const before = missingWays(rule, given);
  const after = missingWays(rule, [...given, { slots: approver.slots }]);
  if (after.every((way, i) => way.length === before[i]!.length))
    throw new MaydayError(
      'authority/refused',
      `What you could say yes for is said already; missing: ${sayMissing(rule, given)}. ${ruleText}`,
    );
  const data = {
    step,
    person: approver.person,
    name: approver.name,
    slots: approver.slots,
    hash,
    typed: approver.typed,
    via: approver.via,
    ...(approver.proof && { proof: approver.proof }),
    ...(approver.stepUp && { stepUp: approver.stepUp }),
    ...(measured && measured.length > 0 && { measured: [...measured] }),
  };
  return [{ type: 'approval.given', data }];
};

export const sayStepUp = (way: StepUpWay | 'signature'): string =>
  ({ totp: 'a code of your authenticator app', link: 'a link that is mailed to you', signature: 'your SSH key' })[way];

export const reject = (state: RunState, person: string, reason: string, now: Date): RunEvent[] => {
  if (reason.trim() === '')
    throw new MaydayError(
      'input/invalid',
      'A rejection needs a reason, so that the others know what to change. Nothing was recorded.',
    );
  return [{ type: 'approval.rejected', data: { step: openApproval(state, now).step, person, reason } }];
};

/** Takes a yes back, until the first step that it guards has begun. The others' stay. Throws `run/wrong-state`. */
export const withdraw = (state: RunState, by: { person: string; name: string }, reason: string): RunEvent[] => {
  if (reason.trim() === '')
    throw new MaydayError(
      'input/invalid',
      'Say why you take your yes back: the others must know. Nothing was changed.',
    );
  const refuse = (why: string) =>
    new MaydayError('run/wrong-state', `Your yes to run ${state.created.run} cannot be taken back: ${why}.`);
  if (state.outcome !== null) throw refuse(`it has ended (${state.outcome})`);
  const mine = Object.entries(state.approvals).find(([, { given }]) =>
    given.some(({ person }) => person === by.person),
  );
  if (!mine) throw refuse('you have given none. Nothing was changed by this');
  const [step] = mine;
  const current = state.steps[step]!.state;
  if (current !== 'waiting' && current !== 'succeeded') throw refuse('the question is closed');
  const begun = guardedBy(state, step).find(({ id }) => state.steps[id]!.state !== 'pending');
  if (begun) throw refuse(`"${begun.title}" has begun. Abort the run to start nothing more`);
  return [{ type: 'approval.withdrawn', data: { step, ...by, reason } }];
};

/** What an approval lets begin: all that waits for it and changes something, directly or through others. */
export const guardedBy = (state: RunState, approval: string): Step[] => {
  const { steps } = state.created.graph;
  const reached = new Set([approval]);
  // Steps need not stand in the order in which they wait for each other.
  for (let grown = true; grown; ) {
    grown = false;
    for (const { id, needs } of steps)
      if (!reached.has(id) && needs.some((need) => reached.has(need))) {
        reached.add(id);
        grown = true;
      }
  }
  return steps.filter(({ id, effect }) => id !== approval && reached.has(id) && effect === 'change');
};

/** What people are asked for no longer holds: the plan was edited, or more would be lost than they were asked for. */
export const voidIfChanged = (
  state: RunState,
  planDigest: string | undefined,
  measured: readonly MeasuredLoss[],
  now: Date,
): RunEvent[] => {
  const { step, asked } = openApproval(state, now);
  const broken = brokenBound(asked.bounds, measured);
  const why =
    planDigest !== state.created.graph.planDigest
      ? 'the plan was edited since the card was posted'
      : broken === null
        ? undefined
        : broken;
  if (why === undefined) return [];
  return [
    { type: 'approval.voided', data: { step, why: `${why}; press Ask again to see and approve what holds now` } },
  ];
};
