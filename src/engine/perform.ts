import {
  type Action,
  type Answer,
  type ApprovalRule,
  type Check,
  fenceStepId,
  type GroupView,
  type Json,
  type LookContext,
  type LossInput,
  type StepContext,
  sayUnfenced,
  type WhenUnreachable,
} from '../define.ts';
import { MaydayError, messageOf } from '../errors.ts';
import { sayDuration } from '../plan/duration.ts';
import { graphHash, type Requirement, type Step } from '../plan/graph.ts';
import { substitute } from '../plan/references.ts';
import type { Registry } from '../plan/registry.ts';
import { missingWays } from './approvals.ts';
import { type AssessInput, assess } from './assess.ts';
import { approvalHash, approvedBound } from './bounds.ts';
import { acceptance } from './controls.ts';
import type { RunEvent } from './events.ts';
import { inTime, within } from './in-time.ts';
import { pollSeconds, retrySeconds } from './poll.ts';
import type { EnginePorts, LossReading } from './ports.ts';
import { preview } from './preview.ts';
import { hasEnded, type RunState, type StepState } from './state.ts';

/** What one look at a step came to: events to record, or only a time to look again. */
export type Performed = { events: RunEvent[] } | { lookAgainAt: Date };

export interface PerformOptions {
  ports: EnginePorts;
  registry: Registry;
  state: RunState;
  step: Step;
  /** Fires when the lease is lost or the process stops. */
  signal: AbortSignal;
  /** Makes the intent to act durable, unless a person has said otherwise meanwhile: then nothing may be changed. */
  intend(intent: Intent): Promise<'intended' | 'aborted' | 'paused'>;
  beforeChange(): Promise<AbortSignal>;
}

export interface Intent {
  seen: string;
  facts: Json;
  /** For the undo, when the graph has one; null leaves what an earlier act found. */
  before: Json;
}

/** A step is given up after so many passing faults in a row, and after so many recorded intents. */
const mostFaults = 6;
const mostActs = 3;

/**
 * World seconds in which an act whose answer was lost may still show its effect. Only after them, and readings that
 * agree, is "not done" believed.
 */
const settleSeconds = 30;

/** Observe, act, observe: one turn of it. Never throws for what the world does; only `lease/lost` passes through. */
export const perform = async (options: PerformOptions): Promise<Performed> => {
  const { state, step, registry } = options;
  try {
    if (step.kind === 'engine') return await performEngineStep(options);
    const input = substitute(step.input, ({ $step, $output }) => {
      const output = state.steps[$step]?.output as Record<string, Json> | null | undefined;
      const value = output?.[$output];
      if (value === undefined) throw new MaydayError('plan/invalid', `the output of "${$step}" has no "${$output}"`);
      return value;
    });
    const action = registry.actions.get(step.uses);
    const check = registry.checks.get(step.uses);
    const version = (action ?? check)?.version;
    if (version !== step.version)
      throw new MaydayError(
        'internal',
        `this run was approved with ${step.uses} version ${step.version}, but this Mayday has ${version ?? 'none'}; nothing was changed`,
      );
    if (check) return await performCheck(options, check, check.input.parse(input));
    const deed = step.takesBack
      ? undoingOf(action!, step.takesBack.before)
      : step.undoes === undefined
        ? action!
        : undoingOf(action!, state.steps[step.undoes]!.before);
    return await performAction(options, deed, action!.input.parse(input));
  } catch (error) {
    if (error instanceof MaydayError && error.code === 'lease/lost') throw error;
    return failed(step, error);
  }
};

const performAction = async (options: PerformOptions, action: Action, input: unknown): Promise<Performed> => {
  const { step } = options;
  const current = options.state.steps[step.id]!;
  const context = stepContext(options);

  const known = await knownToBeSilent(options);
  if (known) return known;
  // Asked beside the look at the world: what is not needed in the end costs less than a second of outage.
  const requirements = step.unless || current.acts > 0 ? undefined : readRequirements(options);
  // A notice that was never sent cannot be found anywhere; looking for it would only cost a call.
  const first = step.effect === 'notice' && current.acts === 0;
  let observed: Observed | { performed: Performed } = first
    ? ({ state: 'todo', seen: 'not sent yet' } as const)
    : await observe(options, action, input, context);
  if ('performed' in observed) return observed.performed;
  if (observed.state === 'unreachable') return await unreachable(options, observed.seen);
  const judged = judge(options, observed, current);
  if (judged) return judged;

  const already = await alreadySo(options);
  if (already) return already;
  const required = await (requirements ?? readRequirements(options));
  if ('stop' in required) return required.stop;
  if (current.acts >= mostActs)
    return failed(
      step,
      new MaydayError(
        'system/refused',
        `it was tried ${current.acts} times${current.message ? ` (${current.message})` : ''}, and the world still says: ${observed.seen}`,
        // What cannot be looked for may have been done each time.
        { effect: action.repeat === 'by-look' ? 'not-made' : 'maybe-made' },
      ),
    );
  const stale = approvalIsStale(options);
  if (stale !== undefined) return { events: [{ type: 'step.blocked', data: { step: step.id, message: stale } }] };
  const before = await readBefore(options, action, input, context);
  if ('performed' in before) return before.performed;
  const intended = await options.intend({ seen: observed.seen, facts: required.facts, before: before.found });
  if (intended === 'paused')
    return { events: [{ type: 'step.held', data: { step: step.id, seen: 'held back: the run is paused' } }] };
  if (intended === 'aborted')
    return {
      events: [{ type: 'step.skipped', data: { step: step.id, why: 'the run was aborted before it was done' } }],
    };

  let accepted = false;
  try {
    const acted = await action.act(input, context);
    accepted = true;
    if (acted?.output !== undefined) return succeeded(step, acted.seen ?? 'done', true, acted.output);
  } catch (error) {
    if (error instanceof MaydayError && error.code === 'lease/lost') throw error;
    const fault = asFault(error);
    options.ports.log.warn(
      { step: step.id, run: options.state.created.run, code: fault.code, effect: fault.effect },
      fault.message,
    );
    if (fault.effect === 'maybe-made') {
      if (action.repeat === 'once') return failed(step, fault);
      return waiting(options, 'no answer came; looking whether it was done', 2, { error: fault.message });
    }
    if (!fault.retryable) return failed(step, fault);
    if (step.effect === 'notice') return laterSaid(options, fault);
    if (current.faults + 1 >= mostFaults) return failed(step, fault);
    return waiting(
      options,
      observed.seen,
      Math.max(retrySeconds(current.faults), (fault.retryAfterSeconds ?? 0) * options.ports.clock.speed),
      {
        error: fault.message,
        // Refused for now: the intent was recorded, but nothing was sent that could still take effect.
        accepted: false,
        sent: false,
      },
    );
  }
  observed = await observe(options, action, input, context);
  if ('performed' in observed) return waiting(options, 'accepted', pollSeconds(step, 0), { accepted });
  if (observed.state === 'unreachable') return waiting(options, observed.seen, pollSeconds(step, 0), { accepted });
  if (observed.state === 'done') return succeeded(step, observed.seen, true, observed.output);
  if (observed.state === 'impossible') return failed(step, new MaydayError('system/refused', observed.seen));
  return waiting(
    options,
    observed.seen,
    (observed.state === 'changing' ? observed.lookAgainSeconds : undefined) ?? pollSeconds(step, 0),
    { accepted },
  );
};

/** A question that stands for less is meant to be answered quickly; the work that follows may take a moment to begin. */
const shortestValiditySeconds = 600;

/**
 * Why the approval no longer covers a run's first change, though nobody took it back: what was approved is not what stands in
 * the journal, or so much time has passed without anything being done that whoever approved no longer expects it. A
 * failover that a process finds hours later, when it comes back, is not begun.
 */
const approvalIsStale = ({ state, step, ports }: PerformOptions): string | undefined => {
  if (step.effect !== 'change') return undefined;
  const asked = Object.entries(state.approvals);
  if (asked.length === 0 || state.steps[step.id]!.forced) return undefined;
  for (const [, { hash, expiresAt, bounds }] of asked) {
    // Journals of before there were bounds are bound to the graph's own hash.
    const expected = [graphHash(state.created.graph), approvalHash(graphHash(state.created.graph), expiresAt, bounds)];
    if (!expected.includes(hash))
      return 'What was approved is not what the journal says would be done. Nothing was changed. Compare the journal with an export, and type the command again.';
  }
  const { steps } = state.created.graph;
  // What waits for a place to answer does so for as long as that takes, and people see that it waits.
  if (step.whenUnreachable?.rule === 'wait') return undefined;
  if (steps.some(({ id, effect }) => effect === 'change' && state.steps[id]!.actedAt !== null)) return undefined;
  const quietSince = Math.max(
    ...[
      state.resumedAt,
      ...steps.flatMap(({ id, effect }) => (effect === 'notice' ? [] : [state.steps[id]!.endedAt])),
    ].map((at) => (at === null ? 0 : Date.parse(at))),
  );
  const rules = asked.map(([id]) => (state.graph[id]!.input as unknown as ApprovalRule).expiresSeconds);
  const goodForSeconds = Math.max(shortestValiditySeconds, ...rules);
  const quietSeconds = (ports.clock.now().getTime() - quietSince) / 1000;
  if (quietSeconds <= goodForSeconds) return undefined;
  return `It was approved, and then nothing was done for ${sayDuration(quietSeconds)}, which is longer than the approval is good for (${sayDuration(goodForSeconds)}). Nothing was changed. Abort this run and type the command again, or let two people force this step.`;
};

/**
 * What is there now, for an unwinding of this run or for a failback that is made from its record; read once, before the
 * first act.
 */
const readBefore = async (
  options: PerformOptions,
  action: Action,
  input: unknown,
  context: StepContext,
): Promise<{ found: Json } | { performed: Performed }> => {
  const { state, step } = options;
  const current = state.steps[step.id]!;
  const mayBeUndone = step.kind === 'action' && step.effect === 'change';
  if (!mayBeUndone || 'no' in action.reversible || current.before !== null) return { found: null };
  try {
    return { found: await action.reversible.before(input, context) };
  } catch (error) {
    return { performed: unreadable(options, asFault(error)) };
  }
};

/** The same action backwards. What was never sent has nothing to bring back. */
const undoingOf = (action: Action, before: Json): Action => {
  const { reversible } = action;
  if ('no' in reversible)
    throw new MaydayError('internal', `${action.name} cannot be taken back: ${reversible.no}; nothing was changed`);
  return {
    ...action,
    repeat: 'by-look',
    observe: (input, context) => reversible.observe(input, before, context),
    act: (input, context) => reversible.act(input, before, context).then((acted) => acted && { seen: acted.seen }),
  };
};

type Observed = Awaited<ReturnType<Action['observe']>>;

const observe = async (
  options: PerformOptions,
  action: Action,
  input: unknown,
  context: StepContext,
): Promise<Observed | { performed: Performed }> => {
  try {
    return await inTime(context.signal, action.observe(input, context));
  } catch (error) {
    if (error instanceof MaydayError && error.code === 'lease/lost') throw error;
    return { performed: unreadable(options, asFault(error)) };
  }
};

/** A look that failed: again later, until the step is out of time. */
const unreadable = (options: PerformOptions, fault: MaydayError): Performed => {
  if (fault.code === 'lease/lost') throw fault;
  const { step } = options;
  const current = options.state.steps[step.id]!;
  if (!fault.retryable && fault.effect === 'not-made') return failed(step, fault);
  // A place that is waited for may be gone for days: that it still does not answer is no news.
  if (step.whenUnreachable?.rule === 'wait' && current.acts === 0)
    return again(options, fault.message, unreachablePollSeconds, current);
  if (isOver(options)) return failed(step, outOfTime(step, `it could not be read: ${fault.message}`, current));
  return waiting(options, current.seen || 'it cannot be read just now', retrySeconds(current.faults), {
    error: fault.message,
  });
};

/**
 * What is to be fenced does not answer, so that nobody can prove that it takes no more writes. The plan says what then;
 * what is accepted leaves an obligation, named by the place in the output.
 */
const unreachable = async (options: PerformOptions, seen: string): Promise<Performed> => {
  const { step, state } = options;
  const current = state.steps[step.id]!;
  const unproven = `not fenced: ${seen}`;
  const unfenced = sayUnfenced(state.created.graph.from ?? '', state.created.run);
  const goOn = (why: string) => succeeded(step, `${unproven}; ${why}`, false, { fenced: false, unfenced });
  const block = (why: string): Performed => ({
    events: [
      {
        type: 'step.blocked',
        data: {
          step: step.id,
          message: `${unproven}. ${why} Retry when it answers, or force it: another approver types ${acceptance}.`,
        },
      },
    ],
  });
  const rule: WhenUnreachable = step.whenUnreachable ?? { rule: 'ask' };
  if (current.forced) return goOn('two people accepted what may be lost');
  if (rule.rule === 'wait') return again(options, seen, unreachablePollSeconds, current);
  if (rule.rule === 'ask') {
    // One look may have failed by accident; people are asked only when several agree.
    if (current.faults + 1 < agreeingLooks) return waiting(options, unproven, 2, { error: seen });
    return block('Nobody can prove that it takes no more writes, and the plan says to ask.');
  }
  const reading = await readLoss(options, rule.loss);
  // The watch has seen it silent for a while: then this look only confirms what is known.
  if (reading.sourceAnswers !== false && current.faults + 1 < agreeingLooks)
    return waiting(options, unproven, 2, { error: seen });
  const most = reading.upperBoundSeconds;
  // One look at the standby may have failed by accident as well.
  if (most === null && current.faults + 1 < agreeingLooks)
    return waiting(options, unproven, 2, { error: reading.because });
  if (most !== null && most <= rule.seconds)
    return goOn(`at most ${Math.round(most)} s can be lost, and the plan accepts up to ${rule.seconds} s`);
  return block(`${reading.because}; the plan accepts up to ${rule.seconds} s.`);
};

/**
 * A fence of something that was silent while people decided, and that the watch still hears nothing from, is not waited
 * for once more: every second would be one of outage. What is owed then is paid as soon as it answers.
 */
const knownToBeSilent = async (options: PerformOptions): Promise<Performed | undefined> => {
  const { step, state } = options;
  const rule = step.whenUnreachable;
  if (rule?.rule !== 'accept-up-to' || rule.probe === undefined) return undefined;
  const probe = state.steps[rule.probe];
  if ((probe?.output as { reachable?: boolean } | null | undefined)?.reachable !== false) return undefined;
  const { sourceAnswers } = await readLoss(options, rule.loss);
  return sourceAnswers === false ? unreachable(options, probe!.seen) : undefined;
};

/** World seconds between two looks at whether a step is done in time. */
const inTimePollSeconds = 5;

const agreeingLooks = 3;

/** World seconds between two looks at an old place that is waited for. */
const unreachablePollSeconds = 10;

/**
 * What cannot be said now is said when it can be, with the words of that time: whoever carries messages may be away for
 * hours, and nothing waits for them. That it is still away is no news for the journal.
 */
const laterSaid = (options: PerformOptions, fault: MaydayError): Performed => {
  const { step, state, ports } = options;
  const current = state.steps[step.id]!;
  if (isOver(options)) return failed(step, fault);
  const patience = Math.max(retrySeconds(current.faults), (fault.retryAfterSeconds ?? 0) * ports.clock.speed);
  if (current.faults >= mostFaults && current.message === fault.message) {
    const waitedSeconds = (ports.clock.now().getTime() - Date.parse(current.startedAt!)) / 1000;
    return { lookAgainAt: inSeconds(options, Math.max(patience, Math.min(60, waitedSeconds / 10))) };
  }
  return waiting(options, 'waits until it can be said', patience, {
    error: fault.message,
    accepted: false,
    sent: false,
  });
};

/** What an observation means before anything is done in this turn; nothing when acting is right. */
const judge = (
  options: PerformOptions,
  observed: Exclude<Observed, { state: 'unreachable' }>,
  current: StepState,
): Performed | undefined => {
  const { step, ports } = options;
  if (observed.state === 'done') return succeeded(step, observed.seen, current.acts > 0, observed.output);
  if (observed.state === 'impossible') return failed(step, new MaydayError('system/refused', observed.seen));
  const sinceActSeconds =
    current.actedAt === null ? 0 : (ports.clock.now().getTime() - new Date(current.actedAt).getTime()) / 1000;
  if (observed.state === 'changing') {
    if (isOver(options)) return failed(step, outOfTime(step, observed.seen, current));
    return again(options, observed.seen, observed.lookAgainSeconds ?? pollSeconds(step, sinceActSeconds), current);
  }
  if (current.acts === 0) return undefined;
  if (current.accepted) {
    // The service took the change, so it must not be asked twice: only time may pass.
    if (isOver(options)) return failed(step, outOfTime(step, observed.seen, current));
    return again(options, observed.seen, pollSeconds(step, sinceActSeconds), current);
  }
  const action = options.registry.actions.get(step.uses)!;
  if (action.repeat === 'by-key') return undefined;
  if (action.repeat === 'once')
    return failed(
      step,
      new MaydayError(
        'system/unknown',
        'it may have been done, and this cannot be read back: look for yourself, then retry or abort',
      ),
    );
  if (sinceActSeconds >= settleSeconds) return undefined;
  return again(options, observed.seen, Math.min(5, settleSeconds - sinceActSeconds), current);
};

const performCheck = async (options: PerformOptions, check: Check, input: unknown): Promise<Performed> => {
  const { step, state } = options;
  const context = lookContext(options);
  const answer: Answer = await inTime(context.signal, check.ask(input, context)).catch(
    (error) => ({ answer: 'unknown', because: messageOf(error) }) as const,
  );
  const output = { answer: answer.answer, because: answer.because, ...answer.facts } as Json;
  if (answer.answer === 'yes' || step.informative) return succeeded(step, answer.because, false, output);
  const current = state.steps[step.id]!;
  if (isOver(options)) return failed(step, outOfTime(step, answer.because, current));
  return again(options, answer.because, 2, current);
};

/** Slack ids of those whose answer is missing, or who belong to some groups; who has answered is left alone. */
const whoIsAsked = async (
  { state, ports }: PerformOptions,
  groups: readonly GroupView[] | undefined,
  approval: string | undefined,
): Promise<string[]> => {
  if (approval === undefined) return await ports.whoIs(state.created.graph.plan, groups ?? []);
  const rule = state.graph[approval]!.input as unknown as ApprovalRule;
  const given = state.approvals[approval]?.given ?? [];
  const slots = new Set(missingWays(rule, given).flat());
  const asked = await ports.whoIs(state.created.graph.plan, groups ?? [...slots].map((slot) => rule.slots[slot]!));
  const cannot = new Set(given.map(({ person }) => person));
  if (!rule.requesterCounts) cannot.add(state.created.requester.person);
  return asked.filter((person) => !cannot.has(person));
};

const performEngineStep = async (options: PerformOptions): Promise<Performed> => {
  const { step, state, ports } = options;
  if (step.uses === 'engine/preview') {
    const output = await preview(options);
    return succeeded(step, `${output.changes.length} resources would change`, false, output as unknown as Json);
  }
  if (step.uses === 'engine/in-time') {
    const { step: id, seconds, or = [] } = step.input as { step: string; seconds: number; or?: string[] };
    const current = state.steps[step.id]!;
    const done = [id, ...or].find((each) => state.steps[each]!.state === 'succeeded');
    if (done !== undefined) return succeeded(step, `${state.graph[done]!.title}: done in time`, false, {});
    // A question that was answered with no, or taken back, needs nobody's answer any more.
    if (state.graph[id]!.uses === 'engine/approval' && hasEnded(state.steps[id]))
      return succeeded(step, `${state.graph[id]!.title}: no longer asked for`, false, {});
    const until = new Date(Date.parse(current.startedAt!) + seconds * 1000);
    if (ports.clock.now() < until && ![id, ...or].every((each) => hasEnded(state.steps[each])))
      return again(options, `waiting for ${id}`, inTimePollSeconds, current);
    return failed(step, new MaydayError('system/unavailable', `${state.graph[id]!.title}: not done in ${seconds} s`));
  }
  if (step.uses === 'engine/who') {
    const { groups, approval } = step.input as unknown as { groups?: GroupView[]; approval?: string };
    const mentions = await whoIsAsked(options, groups, approval);
    return succeeded(step, mentions.length === 0 ? 'nobody is known' : `${mentions.length} people`, false, {
      mentions,
    });
  }
  if (step.uses === 'engine/reach') {
    const target = state.graph[(step.input as { step: string }).step]!;
    const action = options.registry.actions.get(target.uses)!;
    const observed = await action
      .observe(action.input.parse(target.input), stepContext(options))
      .catch((error) => ({ state: 'unreachable' as const, seen: messageOf(error) }));
    return succeeded(step, observed.seen, false, { reachable: observed.state !== 'unreachable' });
  }
  if (step.uses === 'engine/wait') return await performWait(options);
  if (step.uses === 'engine/manual') {
    const current = state.steps[step.id]!;
    const { text } = step.input as { text: string };
    if (isOver(options)) return failed(step, outOfTime(step, `nobody said that it is done: ${text}`, current));
    return again(options, text, manualPollSeconds, current);
  }
  if (step.uses === 'engine/deadline') return performDeadline(options);
  if (step.uses === 'engine/criteria') return await performCriteria(options);
  if (step.uses === 'engine/caught-up') return await performCaughtUp(options);
  if (step.uses === 'engine/assess') {
    const output = await assess(options, step.input as unknown as AssessInput);
    return succeeded(step, output.verdict, false, output as unknown as Json);
  }
  throw new MaydayError('internal', `the engine has no ${step.uses}`);
};

/** World seconds between two looks at a step that only a person can end. */
const manualPollSeconds = 60;

/** World seconds between two looks at what is being watched. */
const watchPollSeconds = 5;

type NamedRequirement = Requirement & { name: string };

/** Time that passes, while what the plan names goes on saying yes. */
const performWait = async (options: PerformOptions): Promise<Performed> => {
  const { step, state, ports } = options;
  const { seconds, while: watched = [] } = step.input as unknown as { seconds: number; while?: NamedRequirement[] };
  const current = state.steps[step.id]!;
  const until = new Date(Date.parse(current.startedAt!) + seconds * 1000);
  const isOver = ports.clock.now() >= until;
  const answers = await askAll(options, watched);
  const bad = answers.filter(({ answer }) => answer !== 'yes');
  if (bad.length > 0) {
    const seen = `${bad.map(({ name, because }) => `${name}: ${because}`).join('; ')}`;
    if (current.faults + 1 >= agreeingLooks)
      return failed(step, new MaydayError('system/refused', `it did not stay good while it was watched: ${seen}`));
    return waiting(options, seen, watchPollSeconds, { error: seen });
  }
  if (isOver) return succeeded(step, `${watched.length > 0 ? 'stayed good for' : 'waited'} ${seconds} s`, false, {});
  const seen = `${watched.length > 0 ? 'watching' : 'waiting'} until ${until.toISOString()}`;
  if (watched.length > 0)
    return again(options, seen, Math.min(watchPollSeconds, secondsUntil(options, until)), current);
  return { events: [{ type: 'step.waiting', data: { step: step.id, seen, lookAt: until.toISOString() } }] };
};

/** Fails as soon as too much time has passed since it began, unless the work has ended by then. */
const performDeadline = ({ step, state, ports, ...rest }: PerformOptions): Performed => {
  const options = { step, state, ports, ...rest };
  const { seconds, steps } = step.input as unknown as { seconds: number; steps: string[] };
  const current = state.steps[step.id]!;
  if (steps.every((id) => hasEnded(state.steps[id]))) return succeeded(step, `done within ${seconds} s`, false, {});
  const until = new Date(Date.parse(current.startedAt!) + seconds * 1000);
  if (ports.clock.now() < until)
    return again(
      options,
      `must be done by ${until.toISOString()}`,
      Math.min(watchPollSeconds, secondsUntil(options, until)),
      current,
    );
  return failed(step, new MaydayError('system/unavailable', `it has taken longer than ${seconds} s`));
};

/** Fails when more than so many of some checks fail, or any of others; several looks in a row must agree. */
const performCriteria = async (options: PerformOptions): Promise<Performed> => {
  const { step, state, ports } = options;
  const { some, moreThan, each, seconds } = step.input as unknown as {
    some: NamedRequirement[];
    moreThan: number;
    each: NamedRequirement[];
    seconds: number;
  };
  const current = state.steps[step.id]!;
  const [few, all] = await Promise.all([askAll(options, some), askAll(options, each)]);
  const isBad = ({ answer }: Answer) => answer !== 'yes';
  const failing = few.filter(isBad);
  const wrong = [...(failing.length > moreThan ? failing : []), ...all.filter(isBad)];
  if (wrong.length > 0) {
    const seen = wrong.map(({ name, because }) => `${name}: ${because}`).join('; ');
    if (current.faults + 1 >= agreeingLooks) return failed(step, new MaydayError('system/refused', seen));
    return waiting(options, seen, watchPollSeconds, { error: seen });
  }
  const until = new Date(Date.parse(current.startedAt!) + seconds * 1000);
  const seen = `${few.length + all.length - failing.length} of ${few.length + all.length} hold`;
  if (ports.clock.now() >= until) return succeeded(step, seen, false, {});
  return again(options, `${seen}, watched until ${until.toISOString()}`, watchPollSeconds, current);
};

/** Done when the standby has the newest row that its source has: nothing can be lost by promoting it then. */
const performCaughtUp = async (options: PerformOptions): Promise<Performed> => {
  const { step, state, registry } = options;
  const given = step.input as unknown as Record<'standby' | 'source', { uses: string; input: Json }>;
  const newest = async ({ uses, input }: { uses: string; input: Json }) => {
    const check = registry.checks.get(uses);
    const answer = await check?.ask(check.input.parse(input), lookContext(options)).catch(() => undefined);
    const found = answer?.facts?.['newest'];
    return typeof found === 'string' ? Date.parse(found) : null;
  };
  const [has, wanted] = await Promise.all([newest(given.standby), newest(given.source)]);
  const current = state.steps[step.id]!;
  if (has !== null && wanted !== null && has >= wanted)
    return succeeded(step, 'the standby has the newest row of its source', false, {});
  const seen =
    wanted === null
      ? 'what the source has cannot be read'
      : has === null
        ? 'what the standby has cannot be read'
        : `${Math.round((wanted - has) / 100) / 10} s behind`;
  if (isOver(options)) return failed(step, outOfTime(step, seen, current));
  return again(options, seen, 2, current);
};

const askAll = (
  options: PerformOptions,
  requirements: readonly NamedRequirement[],
): Promise<(Answer & { name: string })[]> =>
  Promise.all(requirements.map(async (each) => ({ name: each.name, ...(await ask(options, each)) })));

const secondsUntil = ({ ports }: PerformOptions, at: Date): number =>
  Math.max(0.1, (at.getTime() - ports.clock.now().getTime()) / 1000);

/** What would be lost now. A source that was fenced takes no more writes, so what came after the fence cannot be lost. */
const readLoss = async ({ ports, state, signal }: PerformOptions, loss: LossInput): Promise<LossReading> => {
  const reading = await ports.readLoss(loss.plan ?? state.created.graph.plan, loss, signal);
  const fence = state.steps[fenceStepId(loss.component)];
  const isFenced =
    fence?.state === 'succeeded' && (fence.output as { fenced?: boolean } | null)?.fenced !== false && !fence.forced;
  if (!isFenced || fence.endedAt === null || reading.lastReplayedAt === null) return reading;
  const most = Math.max(0, (Date.parse(fence.endedAt) - Date.parse(reading.lastReplayedAt)) / 1000);
  const atMost = (seconds: number | null) => (seconds === null ? null : Math.min(seconds, most));
  if (reading.upperBoundSeconds !== null && reading.upperBoundSeconds <= most) return reading;
  return {
    ...reading,
    seconds: atMost(reading.seconds),
    upperBoundSeconds: most,
    because: `at most ${Math.round(most * 10) / 10} s of ${loss.component} would be lost, as nothing is written there since it was fenced`,
  };
};

/**
 * The requirements, read just before acting. No or unknown stops the step; it is never skipped over. What was read
 * about the loss goes into the journal with the intent.
 */
const readRequirements = async (options: PerformOptions): Promise<{ stop: Performed } | { facts: Json }> => {
  const { step } = options;
  let facts: Json = null;
  // Two people said to go on although it does not hold: their names and reason are in the journal.
  if (options.state.steps[step.id]!.forced) return { facts };
  for (const requirement of step.require) {
    const answer = await ask(options, requirement);
    if (lossRequirements.has(requirement.uses)) facts = (answer.facts ?? null) as Json;
    if (answer.answer !== 'yes')
      return {
        stop: {
          events: [
            {
              type: 'step.blocked',
              data: { step: step.id, message: `${requirement.uses} says ${answer.answer}: ${answer.because}` },
            },
          ],
        },
      };
  }
  return { facts };
};

/** What is already so needs no act, and so nothing that an act would require. */
const alreadySo = async (options: PerformOptions): Promise<Performed | undefined> => {
  const { step } = options;
  if (!step.unless) return undefined;
  const answer = await ask(options, step.unless);
  return answer.answer === 'yes' ? succeeded(step, answer.because, false, (answer.facts ?? {}) as Json) : undefined;
};

/** An answer, whatever happens: what cannot be asked is unknown. */
const ask = async (options: PerformOptions, requirement: Requirement): Promise<Answer> => {
  try {
    if (requirement.uses === 'engine/loss-below') return await askLoss(options, requirement.input);
    if (requirement.uses === 'engine/loss-as-approved') return await askApprovedLoss(options, requirement.input);
    const check = options.registry.checks.get(requirement.uses);
    if (check?.version !== requirement.version)
      return { answer: 'unknown', because: `this Mayday has no ${requirement.uses} of version ${requirement.version}` };
    const context = lookContext(options);
    return await inTime(context.signal, check.ask(check.input.parse(requirement.input), context));
  } catch (error) {
    return { answer: 'unknown', because: messageOf(error) };
  }
};

const askLoss = async (options: PerformOptions, input: Json): Promise<Answer> => {
  const { limitSeconds, ...loss } = input as unknown as LossInput & { limitSeconds: number };
  const reading = await readLoss(options, loss);
  const said = { because: `${reading.because}; the limit is ${limitSeconds} s`, facts: { ...reading } };
  // What is certain decides: the most that can be lost, or the least that surely is. Between them a human does.
  if (reading.upperBoundSeconds !== null && reading.upperBoundSeconds <= limitSeconds)
    return { answer: 'yes', ...said };
  if (reading.seconds !== null && reading.seconds > limitSeconds) return { answer: 'no', ...said };
  return { answer: 'unknown', ...said };
};

const lossRequirements: ReadonlySet<string> = new Set(['engine/loss-below', 'engine/loss-as-approved']);

/** Where a plan sets no limit of its own, the approval's bound is one: nothing that exceeds it was approved. */
const askApprovedLoss = async (options: PerformOptions, input: Json): Promise<Answer> => {
  const loss = input as unknown as LossInput;
  const bound = approvedBound(options.state, loss.component);
  if (!bound || bound.seconds === null)
    return { answer: 'yes', because: 'it was approved although nobody knows what is lost' };
  return askLoss(options, { ...loss, limitSeconds: bound.seconds } as unknown as Json);
};

/** No look may hold a worker for longer than this, in wall milliseconds, whatever the other side does. */
const lookPatienceMs = 20_000;

const lookContext = ({ ports, signal }: PerformOptions): LookContext => ({
  clock: ports.clock,
  log: ports.log,
  signal: within(signal, lookPatienceMs),
});

const stepContext = (options: PerformOptions): StepContext => {
  const { ports, state, step } = options;
  return {
    ...lookContext(options),
    runId: state.created.run,
    stepId: step.id,
    key: `${state.created.run}/${step.id}`,
    beforeChange: options.beforeChange,
    render: (template, extra = {}) => ports.render(template, state, extra),
    facts: async () => ports.facts(state),
  };
};

const succeeded = (step: Step, seen: string, changed: boolean, output: unknown): Performed => ({
  events: [{ type: 'step.succeeded', data: { step: step.id, seen, changed, output: (output ?? {}) as Json } }],
});

const failed = (step: Step, error: unknown): Performed => {
  const fault = asFault(error);
  return {
    events: [
      { type: 'step.failed', data: { step: step.id, message: fault.message, code: fault.code, effect: fault.effect } },
    ],
  };
};

const waiting = (
  options: PerformOptions,
  seen: string,
  seconds: number,
  more: { accepted?: boolean; error?: string; sent?: false },
): Performed => ({
  events: [
    {
      type: 'step.waiting',
      data: { step: options.step.id, seen, lookAt: inSeconds(options, seconds).toISOString(), ...more },
    },
  ],
});

/** Waiting on with nothing new to say is no event; only what was seen is worth a row. */
const again = (options: PerformOptions, seen: string, seconds: number, current: StepState): Performed =>
  current.state === 'waiting' && current.seen === seen && current.faults === 0
    ? { lookAgainAt: inSeconds(options, seconds) }
    : waiting(options, seen, seconds, {});

const inSeconds = ({ ports }: PerformOptions, seconds: number): Date =>
  new Date(ports.clock.now().getTime() + seconds * 1000);

/** Asked only after an observation, so that a deadline is never declared missed on an old one. */
const isOver = ({ ports, state, step }: PerformOptions): boolean =>
  ports.clock.now().getTime() > new Date(state.steps[step.id]!.startedAt!).getTime() + step.timeoutSeconds * 1000;

const outOfTime = (step: Step, seen: string, current: StepState): MaydayError =>
  new MaydayError('system/unavailable', `after ${step.timeoutSeconds} s the world still says: ${seen}`, {
    effect: current.acts > 0 ? 'maybe-made' : 'not-made',
  });

const asFault = (error: unknown): MaydayError =>
  error instanceof MaydayError
    ? error
    : new MaydayError('internal', messageOf(error), { cause: error, effect: 'maybe-made' });
